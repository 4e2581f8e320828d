// Whether an envelope's row still says what its acts say. The acts are hashed and stand in the audit trail; the row is only what was made of them.
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Act, ActType, EnvelopeRecord, SealState, SignerRecord } from '../envelope-ports.ts'
import { factsOfSeal } from './seal-facts.ts'

/** Something that both say: `row` and `acts` are JSON values, and equal while nobody changed one of them. */
type Said = { what: string; row: unknown; acts: unknown }
type Facts = Act['facts']

const endings = ['envelope.completed', 'envelope.declined', 'envelope.expired', 'envelope.canceled', 'envelope.seal_failed'] as const
const mostCharacters = 60
const noSeal: SealState = { step: 'requested', tries: 0, requestedAtMs: 0 }

/** When a signer did each thing first, by the member of the row that keeps it. */
const moments = {
  invitedAtMs: 'envelope.invited',
  viewedAtMs: 'envelope.viewed',
  verifiedAtMs: 'envelope.verified',
  reviewedAtMs: 'envelope.reviewed',
  consentedAtMs: 'envelope.consented',
  signedAtMs: 'envelope.signed',
  declinedAtMs: 'envelope.declined',
} as const satisfies Partial<Record<keyof SignerRecord, ActType>>
const momentNames = Object.keys(moments) as (keyof typeof moments)[]

/**
 * Null when the row is what `acts` make of it; else the first thing in which they differ, in a few words without anything personal. Only to be asked of acts of the
 * same moment that `verifyActs` finds whole: it believes them.
 */
export function rowFault(record: EnvelopeRecord, acts: readonly Act[]): string | null {
  const sent = acts.find(({ type }) => type === 'envelope.sent')
  if (!sent) return 'no act says that it was sent'
  const said = [...saidOfSending(record, sent), ...saidOfCourse(record, acts), ...saidOfSigners(record, acts), ...saidOfSeal(record, acts)]
  const differing = said.find(({ row, acts: told }) => canonicalJson(row ?? null) !== canonicalJson(told ?? null))
  return differing ? `${differing.what}: the row says ${shown(differing.row)}, the acts say ${shown(differing.acts)}` : null
}

function saidOfSending(record: EnvelopeRecord, { facts, at }: Act): Said[] {
  const { documentId, documentSha256, documentBytes, pages, isSigned, requiredClass, order, retention } = record
  const same = { documentId, documentSha256, documentBytes, pages, isSigned, requiredClass, order, retention }
  return [
    ...Object.entries(same).map(([what, row]) => ({ what, row, acts: facts[what] })),
    { what: 'declarations', row: canonicalJson(record.declarations), acts: declarationsOf(facts) },
    { what: 'number of signers', row: record.signers.length, acts: facts['signers'] },
    { what: 'numbers of signers', row: record.signers.map(({ number }) => number), acts: record.signers.map((_, index) => index + 1) },
    { what: 'createdAt', row: timeOf(record.createdAtMs), acts: at },
    { what: 'expiresAt', row: timeOf(record.expiresAtMs), acts: facts['expiresAt'] },
  ]
}

function declarationsOf({ declarations }: Facts): string | null {
  try {
    return canonicalJson(JSON.parse(String(declarations)))
  } catch {
    return null
  }
}

function saidOfCourse(record: EnvelopeRecord, acts: readonly Act[]): Said[] {
  const last = acts.findLast(({ type }) => (endings as readonly ActType[]).includes(type))
  return [
    { what: 'status', row: record.status, acts: statusOf(acts, last) },
    { what: 'endedAt', row: timeOf(record.endedAtMs), acts: last?.at ?? null },
    { what: 'preparedAt', row: timeOf(record.preparedAtMs), acts: firstAt(acts, 'envelope.prepared') },
    { what: 'purgedAt', row: timeOf(record.purgedAtMs), acts: firstAt(acts, 'envelope.purged') },
  ]
}

function statusOf(acts: readonly Act[], ending: Act | undefined): string {
  if (ending) return ending.type.slice('envelope.'.length)
  if (acts.some(({ type }) => type === 'envelope.sealing')) return 'sealing'
  return acts.some(({ type }) => type === 'envelope.signed') ? 'partially_signed' : 'sent'
}

function saidOfSigners({ signers }: EnvelopeRecord, acts: readonly Act[]): Said[] {
  return signers.flatMap((signer) => {
    const own = acts.filter((act) => act.signer === signer.number)
    return [
      { what: `status of signer ${signer.number}`, row: signer.status, acts: signerStatusOf(own) },
      ...momentNames.map((name) => ({
        what: `${name.slice(0, -2)} of signer ${signer.number}`,
        row: timeOf(signer[name]),
        acts: firstAt(own, moments[name]),
      })),
    ]
  })
}

function signerStatusOf(own: readonly Act[]): SignerRecord['status'] {
  const furthest = (['declined', 'signed', 'verified', 'viewed'] as const).find((status) =>
    own.some(({ type }) => type === `envelope.${status}`),
  )
  return furthest ?? 'invited'
}

/** Only of a completed envelope: until then the seal is being made, and no act tells of it. */
function saidOfSeal({ status, seal }: EnvelopeRecord, acts: readonly Act[]): Said[] {
  if (status !== 'completed') return []
  const facts: Facts = acts.find(({ type }) => type === 'envelope.sealed')?.facts ?? {}
  const made = factsOfSeal(seal ?? noSeal)
  return [
    { what: 'SHA-256 of the sealed copy', row: made['sha256'], acts: facts['sha256'] },
    { what: 'certificate of the seal', row: made['certificateSha256'], acts: facts['certificateSha256'] },
    ...Object.entries(facts).map(([what, told]) => ({ what: `${what} of the seal`, row: made[what], acts: told })),
  ]
}

function firstAt(acts: readonly Act[], type: ActType): string | null {
  return acts.find((act) => act.type === type)?.at ?? null
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? 'nothing')
  return text.slice(0, mostCharacters)
}

// The envelope of a document with its acts and mails, read so that they belong together; and what is personal of it only for comparing.
import { RetryLater } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Act, EnvelopeRecord } from '../envelope-ports.ts'
import { verifyActs } from '../envelopes/acts.ts'
import { openEnvelope, openSigner } from '../envelopes/personal.ts'
import { rowFault } from '../envelopes/row-fault.ts'
import type { NoticeRecord } from '../notice-ports.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import type { ActFacts, EnvelopeFacts, SignerFacts } from './facts.ts'
import type { Surroundings } from './gather-signatures.ts'
import { lookAgainMs } from './policy.ts'
import type { Trail } from './gather-trail.ts'

export type FoundEnvelope = { record: EnvelopeRecord; acts: Act[]; notices: NoticeRecord[] }

const tries = 5

/** Acts and record of the same moment. Throws RetryLater when it changes faster than it can be read. */
export async function readEnvelope(
  { envelopes, notices }: Pick<ComplianceWorkDeps, 'envelopes' | 'notices'>,
  id: string,
): Promise<FoundEnvelope | null> {
  const before = await envelopes.read(id)
  if (!before) return null
  let seen = before
  for (let left = tries; left > 0; left--) {
    const acts = await envelopes.acts(id)
    const record = await envelopes.read(id)
    if (!record) return null
    if (record.sequence === seen.sequence) return { record, acts, notices: await notices.ofEnvelope(id) }
    seen = record
  }
  throw new RetryLater('envelope_changes', lookAgainMs)
}

export function envelopeFacts(keyring: Keyring, { record, acts, notices }: FoundEnvelope, trail: Trail): EnvelopeFacts {
  const fault = verifyActs(acts, record)
  return {
    id: record.id,
    status: record.status,
    sequence: record.sequence,
    signers: record.signers.map(({ number, status }): SignerFacts => ({ number, status, requests: requestsOf(notices, number) })),
    acts: acts.map((act) => actFacts(act, trail.eventOf(act.sequence))),
    actsFault: fault ? `${fault.sequence}: ${fault.reason}` : rowFault(record, acts),
    isOpen: record.purgedAtMs === undefined && openEnvelope(keyring, record.id, record.sealed) !== null,
    isPurged: record.purgedAtMs !== undefined,
    sealCertificateSha256: record.seal?.certificateSha256 ?? null,
  }
}

function actFacts({ sequence, type, signer, at, facts, isErased }: Act, event: string | null): ActFacts {
  return { sequence, type, signer, at, facts, isErased: isErased === true, event }
}

function requestsOf(notices: readonly NoticeRecord[], number: number): SignerFacts['requests'] {
  const own = notices.filter(({ kind, signer }) => kind === 'signature_request' && signer === number)
  const count = (...statuses: NoticeRecord['status'][]): number => own.filter(({ status }) => statuses.includes(status)).length
  return { sent: count('sent'), failed: count('failed', 'skipped'), unknown: count('scheduled', 'sending', 'unknown') }
}

/** Names and addresses of its signers, to compare certificates with; null when they can be opened no more. */
export function peopleOf(keyring: Keyring, { id, signers }: EnvelopeRecord): Surroundings['people'] {
  const people = signers.map(({ number, sealed }) => openSigner(keyring, id, number, sealed))
  return people.every((person) => person !== null)
    ? people.map(({ name, correctedName, signedName, email }) => ({
        email,
        names: [name, correctedName, signedName].filter((text) => text !== undefined),
      }))
    : null
}

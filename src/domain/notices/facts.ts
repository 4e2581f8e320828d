// What a mail says: opened from the envelope, or gathered from notifications, right before it is sent. A signer is told nothing of the others; the sender everything.
import { openEnvelope, openSigner, nameOf, type EnvelopePersonal } from '../envelopes/personal.ts'
import { signerToken } from '../envelopes/token.ts'
import type { EnvelopeRecord, SignerRecord } from '../envelope-ports.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { NoticeFacts, NoticeRecord, NotificationRecord } from '../notice-ports.ts'
import { openNotification } from '../notifications/make.ts'
import type { VerificationPolicy } from '../ports.ts'
import type { Addressee } from './make.ts'

type FactDeps = { keyring: Keyring; policy: Pick<VerificationPolicy, 'brand' | 'publicUrl'> }

/** How many titles a digest shows. */
export const digestTitles = 10

/** Null when the envelope's words were erased, or their key or that of the signer's link has left the ring. */
export function envelopeFacts(deps: FactDeps, notice: NoticeRecord, record: EnvelopeRecord, to: Addressee): NoticeFacts | null {
  const personal = openEnvelope(deps.keyring, record.id, record.sealed)
  if (!personal) return null
  const shared = { ...baseFacts(deps, to), title: personal.title }
  if (notice.signer === null) return { ...shared, envelope: record.id, ...senderFacts(deps.keyring, notice, record) }
  const token = signerToken(deps.keyring, record.id, notice.signer)
  return token === null ? null : { ...shared, ...signerFacts(notice, record, personal, `${deps.policy.publicUrl}/s/${token}`) }
}

/** Of what a digest tells; `total` are all, `records` the newest of them. */
export function digestFacts(
  deps: FactDeps,
  { records, total }: { records: readonly NotificationRecord[]; total: number },
  to: Addressee,
): NoticeFacts {
  const titles = records.flatMap((record) => openNotification(deps.keyring, record)?.title ?? [])
  return { ...baseFacts(deps, to), count: total, titles }
}

function baseFacts({ policy }: FactDeps, { name, locale }: Addressee): NoticeFacts {
  return { brand: policy.brand, locale, ...(name === undefined ? {} : { name }) }
}

function signerFacts(
  { kind }: NoticeRecord,
  { expiresAtMs, seal }: EnvelopeRecord,
  { sender, message }: EnvelopePersonal,
  link: string,
): Partial<NoticeFacts> {
  switch (kind) {
    case 'signature_request':
    case 'signature_reminder':
      return { link, deadlineMs: expiresAtMs, ...givenFacts({ sender: senderName(sender), message }) }
    case 'envelope_completed':
      return { link, ...givenFacts({ sha256: seal?.sha256 }) }
    default:
      return {}
  }
}

function senderFacts(keyring: Keyring, { kind }: NoticeRecord, record: EnvelopeRecord): Partial<NoticeFacts> {
  const named = (signer: SignerRecord) => openSigner(keyring, record.id, signer.number, signer.sealed)
  switch (kind) {
    case 'envelope_completed':
      return givenFacts({ sha256: record.seal?.sha256 })
    case 'envelope_declined': {
      const who = record.signers.find(({ status }) => status === 'declined')
      const personal = who && named(who)
      return personal ? givenFacts({ decliner: nameOf(personal), message: personal.declineReason }) : {}
    }
    case 'envelope_expired':
      return {
        missing: record.signers
          .filter(({ status }) => status !== 'signed')
          .map(named)
          .filter((personal) => personal !== null)
          .map(nameOf),
      }
    default:
      return {}
  }
}

/** Name and address, since anybody can call himself anything. */
function senderName({ name, email }: EnvelopePersonal['sender']): string | undefined {
  return name !== undefined && email !== undefined ? `${name} (${email})` : (name ?? email)
}

function givenFacts<Facts extends object>(facts: Facts): { [Name in keyof Facts]?: Exclude<Facts[Name], undefined> } {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Facts]?: Exclude<Facts[Name], undefined>
  }
}

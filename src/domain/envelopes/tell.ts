// Whom an envelope's news goes to: mails to signers and to the sender, and records that they find in the product.
import type { NoticeKind, NotificationKind } from '../../contracts/notification.ts'
import { partitionOfId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import { noticeFor, type Addressee } from '../notices/make.ts'
import { notificationFor, type Audience } from '../notifications/make.ts'
import { notificationWords } from '../notifications/words.ts'
import type { Draft } from './draft.ts'
import { nameOf, openEnvelope, openSigner } from './personal.ts'

/** A mail to each of these signers; those whose address was erased are passed over. */
export function mailSigners(keyring: Keyring, draft: Draft, kind: NoticeKind, numbers: readonly number[], nowMs: number): Draft {
  const notices = numbers.flatMap((signer) => {
    const to = addresseeOf(keyring, draft.record, signer)
    return to ? [noticeFor(keyring, { kind, signer, to, ...sharedOf(draft.record, nowMs) })] : []
  })
  return { ...draft, notices: [...draft.notices, ...notices] }
}

/** A mail to the sender, if an address is known. */
export function mailSender(keyring: Keyring, draft: Draft, kind: NoticeKind, nowMs: number): Draft {
  const to = senderAddress(keyring, draft.record)
  if (!to) return draft
  const notice = noticeFor(keyring, { kind, signer: null, to, ...sharedOf(draft.record, nowMs) })
  return { ...draft, notices: [...draft.notices, notice] }
}

/** A record for the sender. `signer` is whom it tells of; `isMailed`: a mail of its own tells the same. */
export function notifySender(
  keyring: Keyring,
  draft: Draft,
  { kind, signer, isMailed }: { kind: NotificationKind; signer?: number; isMailed: boolean },
  nowMs: number,
): Draft {
  const personal = openEnvelope(keyring, draft.record.id, draft.record.sealed)
  if (!personal) return draft
  const mailTo = senderAddress(keyring, draft.record)
  const about = signer === undefined ? null : signerName(keyring, draft.record, signer)
  const whose = { audience: { callerKey: personal.sender.key }, locale: personal.locale }
  return notified(keyring, draft, { ...whose, kind, isMailed: isMailed && mailTo !== null, title: personal.title, about, mailTo }, nowMs)
}

/** A record for each of these signers, who find it when they sign in with their address. Each is mailed the same. */
export function notifySigners(keyring: Keyring, draft: Draft, kind: NotificationKind, numbers: readonly number[], nowMs: number): Draft {
  const personal = openEnvelope(keyring, draft.record.id, draft.record.sealed)
  if (!personal) return draft
  const about = personal.sender.name ?? null
  return numbers.reduce((told, number) => {
    const to = addresseeOf(keyring, draft.record, number)
    const words = { kind, isMailed: true, title: personal.title, about, mailTo: to }
    return to ? notified(keyring, told, { audience: { email: to.email }, locale: to.locale, ...words }, nowMs) : told
  }, draft)
}

type Told = {
  audience: Audience
  locale: string
  kind: NotificationKind
  isMailed: boolean
  title: string
  /** A name that the words mention. */
  about: string | null
  mailTo: Addressee | null
}

function notified(keyring: Keyring, draft: Draft, told: Told, nowMs: number): Draft {
  const { audience, locale, kind, isMailed, title: documentTitle, about, mailTo } = told
  const { record } = draft
  const shared = { subject: record.id, nowMs, requestId: record.requestId, partition: partitionOfId(record.id) }
  const words = notificationWords(kind, locale, { title: documentTitle, ...(about === null ? {} : { name: about }) })
  const made = notificationFor(keyring, { audience, kind, isMailed, ...words, ...(mailTo ? { mailTo } : {}), ...shared })
  return { ...draft, notifications: [...draft.notifications, made] }
}

function addresseeOf(keyring: Keyring, record: EnvelopeRecord, number: number): Addressee | null {
  const signer = record.signers.find((candidate) => candidate.number === number)
  const personal = signer && openSigner(keyring, record.id, number, signer.sealed)
  return personal ? { email: personal.email, name: nameOf(personal), locale: personal.locale } : null
}

function senderAddress(keyring: Keyring, record: EnvelopeRecord): Addressee | null {
  const personal = openEnvelope(keyring, record.id, record.sealed)
  if (personal?.sender.email === undefined) return null
  const { email, name } = personal.sender
  return { email, locale: personal.locale, ...(name === undefined ? {} : { name }) }
}

function signerName(keyring: Keyring, record: EnvelopeRecord, number: number): string | null {
  return addresseeOf(keyring, record, number)?.name ?? null
}

function sharedOf(record: EnvelopeRecord, nowMs: number) {
  return { envelopeId: record.id, dueAtMs: nowMs, nowMs, requestId: record.requestId, partition: partitionOfId(record.id) }
}

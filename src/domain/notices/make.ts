// Mails that are owed: made by whoever decides that somebody is to be told, written in that decision's own transaction (keepNotice), sent by send.ts.
// Reminders are owed here and nowhere else: once an invitation has been settled, send.ts owes the first one, once that is settled the next.
import type { NoticeKind } from '../../contracts/notification.ts'
import { createId, formatId, readId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { NewNotice } from '../notice-ports.ts'

export const noticePrefix = 'ntc'

/** Whom a mail goes to. The address is canonical; the locale that of the words, such as `en` or `pt-BR`. */
export type Addressee = { email: string; name?: string; locale: string }

/** `signer` is null for mails to the sender. `number` says which reminder it is; 1 if left out. `partition` is the envelope's, or else of the audience. */
export type NoticeOrder = {
  kind: NoticeKind
  envelopeId: string | null
  signer: number | null
  number?: number
  audience?: string
  to: Addressee
  dueAtMs: number
  nowMs: number
  requestId: string
  partition: number
}

const label = 'reminder'
/** They are kept until the mail has ended. */
const never = 8.64e15

/** A mail to be kept. A signer's reminder of a number has one id, whoever owes it and how often: it is kept once. */
export function noticeFor(keyring: Keyring, order: NoticeOrder): NewNotice {
  const { kind, envelopeId, signer, number = 1, audience = null, to, dueAtMs, nowMs, requestId } = order
  const id = idOf(keyring, order)
  const sealed = keyring.seal(contextOf(id), never, JSON.stringify(to))
  return { id, kind, envelopeId, signer, number, audience, sealed, dueAtMs, createdAtMs: nowMs, requestId }
}

/** Null when the mail has ended (its address is gone then) or the key has left the ring. */
export function openAddressee(keyring: Keyring, { id, sealed }: Pick<NewNotice, 'id' | 'sealed'>): Addressee | null {
  const opened = keyring.open(contextOf(id), sealed)
  return opened && (JSON.parse(opened.plaintext) as Addressee)
}

function idOf(keyring: Keyring, { kind, envelopeId, signer, number = 1, partition }: NoticeOrder): string {
  const header = { partition, keyTag: keyring.writingTag, traits: 0 }
  if (kind !== 'signature_reminder' || envelopeId === null) return createId(noticePrefix, header)
  // Under the envelope's own key: it stays the same when the ring turns.
  const keyTag = readId('env', envelopeId)?.keyTag ?? header.keyTag
  const mac = keyring.mac(keyTag, label, JSON.stringify([envelopeId, signer, number]))
  return mac ? formatId(noticePrefix, { ...header, keyTag }, mac.subarray(0, 16)) : createId(noticePrefix, header)
}

function contextOf(id: string): { kind: string; id: string } {
  return { kind: 'notice', id }
}

// Notifications: made by whoever decides that somebody should know, written in that decision's own transaction (keepNotification, which writes the event too).
// Words in the person's language: notificationWords in words.ts.
import type { NotificationKind } from '../../contracts/notification.ts'
import { createId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { NewNotification } from '../notice-ports.ts'
import type { Addressee } from '../notices/make.ts'

/** A credential (`user:alice`, as callerKey says it) or a canonical e-mail address. */
export type Audience = { callerKey: string } | { email: string }

/**
 * `subject` is the id of what it is about. `mailTo` is where a digest may go; an audience that is an address needs none. `isMailed`: a mail of its own tells the
 * same, so that no digest does.
 */
export type NotificationOrder = {
  audience: Audience
  kind: NotificationKind
  subject: string
  title: string
  text: string
  mailTo?: Addressee
  isMailed: boolean
  nowMs: number
  requestId: string
  partition: number
}

/** What a person reads. */
export type NotificationText = { title: string; text: string }

const label = 'audience'
/** They are kept until they are erased. */
const never = 8.64e15

/** A notification to be kept. */
export function notificationFor(keyring: Keyring, order: NotificationOrder): NewNotification {
  const { audience: whose, kind, subject, title, text, isMailed, nowMs, requestId, partition } = order
  const id = createId('ntf', { partition, keyTag: keyring.writingTag, traits: 0 })
  const [audience] = audiencePrints(keyring, whose)
  const mailTo = order.mailTo ?? ('email' in whose ? { email: whose.email, locale: 'en' } : undefined)
  return {
    id,
    audience,
    kind,
    subject,
    sealed: keyring.seal(textContext(id), never, JSON.stringify({ title, text } satisfies NotificationText)),
    mailTo: mailTo === undefined ? null : keyring.seal(mailContext(audience), never, JSON.stringify(mailTo)),
    isMailed,
    createdAtMs: nowMs,
    requestId,
  }
}

/** Every fingerprint under which an audience may have been written, the one that writes now first. */
export function audiencePrints(keyring: Keyring, audience: Audience): [string, ...string[]] {
  return keyring.fingerprints(label, 'email' in audience ? `email:${audience.email}` : audience.callerKey)
}

/** Null when it was erased or its key has left the ring. */
export function openNotification(keyring: Keyring, { id, sealed }: Pick<NewNotification, 'id' | 'sealed'>): NotificationText | null {
  const opened = keyring.open(textContext(id), sealed)
  return opened && (JSON.parse(opened.plaintext) as NotificationText)
}

/** Where a digest for an audience goes. Null when it was erased or its key has left the ring. */
export function openMailTo(keyring: Keyring, audience: string, sealed: string): Addressee | null {
  const opened = keyring.open(mailContext(audience), sealed)
  return opened && (JSON.parse(opened.plaintext) as Addressee)
}

function textContext(id: string): { kind: string; id: string } {
  return { kind: 'notification', id }
}

function mailContext(audience: string): { kind: string; id: string } {
  return { kind: 'notification mail', id: audience }
}

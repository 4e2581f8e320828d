// What of an event goes into the trail: who, what, when; personal data only as keyed digests, so that erasing it elsewhere breaks no chain.
import type { Keyring } from '../../lib/keyring.ts'
import type { AuditFacts, StreamEvent } from '../event-ports.ts'

const label = 'audit'
const maxDepth = 6

/** Members that are personal by their name, whatever they hold. */
const personalName =
  /^(?:to|from|e?-?mail(?:address)?|phone(?:number)?|recipient|name|first-?name|last-?name|ip|address|network|user-?agent|identifier|destination)$/i
/** Texts that look personal wherever they stand: addresses of mail, phone numbers, network addresses. */
const personalText = /\S@\S|^\+\d[\d ().-]{5,}$|^(?:\d{1,3}\.){3}\d{1,3}$|^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}(?:\/\d+)?$/i
/** A text that was masked before it came here tells a little and identifies nobody by digest: it is left out. */
const masked = /[•*]{2,}/

/** The facts of an event, before it has its place. */
export function factsOf(keyring: Keyring, event: StreamEvent): AuditFacts {
  return {
    id: event.id,
    at: new Date(event.atMs).toISOString(),
    action: clean(event.type),
    actor: clean(event.actor),
    subject: clean(event.subject),
    subjectSequence: event.sequence,
    requestId: clean(event.requestId),
    data: digested(keyring, event.data, 0) as Record<string, unknown>,
  }
}

/** The same digest for the same text, under the ring's oldest key. */
function digestOf(keyring: Keyring, text: string): string {
  return `digest:${keyring.fingerprint(label, text)}`
}

function digested(keyring: Keyring, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return personalText.test(value) ? digestOf(keyring, value) : clean(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return null
  if (Array.isArray(value)) return value.map((item) => digested(keyring, item, depth + 1))
  const members = Object.entries(value).flatMap(([name, member]): [string, unknown][] => {
    if (typeof member === 'string' && masked.test(member)) return []
    if (personalName.test(name) && typeof member === 'string') return [[clean(name), digestOf(keyring, member)]]
    return [[clean(name), digested(keyring, member, depth + 1)]]
  })
  return Object.fromEntries(members)
}

/** What neither Postgres nor canonical JSON can hold is replaced: a text must never stop the trail. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

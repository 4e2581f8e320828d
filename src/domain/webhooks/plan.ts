// Who is told of an event and what it says: one body for all, one delivery for each endpoint that wants its type.
import { createHash } from 'node:crypto'
import { formatId, partitionOfId } from '../../lib/ids.ts'
import type { PlannedEvent, StreamEvent } from '../event-ports.ts'

/** Standard Webhooks asks for small bodies; one that is larger says so and can be fetched. */
export const maxBodyBytes = 20_000

/** Events about webhooks themselves go to the trail only: telling of a failed delivery by another delivery has no end. */
const untold = /^webhook_/

/** Whether any pattern fits: a type, a beginning with `.*`, or `*`. */
export function wants(patterns: readonly string[], type: string): boolean {
  return patterns.some(
    (pattern) => pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
  )
}

/** The deliveries of an event; null when nobody wants it. The same event for the same endpoint is the same delivery. */
export function planEvent(event: StreamEvent, endpoints: readonly { id: string; events: readonly string[] }[]): PlannedEvent | null {
  if (untold.test(event.type)) return null
  const wanting = endpoints.filter(({ events }) => wants(events, event.type))
  if (wanting.length === 0) return null
  return {
    eventId: event.id,
    type: event.type,
    body: bodyOf(event),
    deliveries: wanting.map(({ id }) => ({ id: deliveryId(event.id, id), endpointId: id })),
  }
}

/** `{ type, timestamp, data, sequence }`, under 20 kB. */
export function bodyOf({
  type,
  atMs,
  subject,
  sequence,
  data,
}: Pick<StreamEvent, 'type' | 'atMs' | 'subject' | 'sequence' | 'data'>): string {
  const write = (content: object): string =>
    JSON.stringify({ type, timestamp: new Date(atMs).toISOString(), data: { subject, ...content }, sequence })
  const body = write(data)
  return Buffer.byteLength(body) < maxBodyBytes ? body : write({ truncated: true })
}

export function deliveryId(eventId: string, endpointId: string): string {
  const unique = createHash('sha256').update(`${eventId} ${endpointId}`).digest().subarray(0, 16)
  return formatId('whd', { partition: partitionOfId(eventId), keyTag: 0, traits: 0 }, unique)
}

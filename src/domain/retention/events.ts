// Events of retention. They are of a subject of their own (`retention:ID`), so that an envelope's sequence stays that of its acts.
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { Trace } from '../state-ports.ts'

export type RetentionEventType = 'retention.assigned' | 'retention.purged' | 'legal_hold.placed' | 'legal_hold.lifted'

/** `sequence` is the record's version; stores that know it better set it. */
export function retentionEvent(
  type: RetentionEventType,
  subject: string,
  sequence: number,
  data: Readonly<Record<string, string>>,
  trace: Trace,
  nowMs: number,
): OutboxEvent {
  const partition = partitionOfId(subject)
  const id = createId('evt', { partition, keyTag: 0, traits: 0 })
  return { ...trace, id, partition, type, subject: `retention:${subject}`, sequence, data, atMs: nowMs }
}

/** Of what a worker does by itself. */
export const bySystem: Trace = { requestId: '', actor: '' }

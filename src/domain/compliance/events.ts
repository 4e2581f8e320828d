// The events of checks: who asked for one, and how it ended.
import type { ComplianceCheck } from '../../contracts/compliance.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { Trace } from '../state-ports.ts'

export function requestedEvent({ id, documentId, requiredClass, createdAtMs }: CheckRecord, ruleset: string, trace: Trace): OutboxEvent {
  const data = { documentId, ruleset, requiredClass: requiredClass ?? 'unknown' }
  return { ...trace, ...placeOf(id), type: 'check.requested', subject: id, sequence: 1, atMs: createdAtMs, data }
}

/** The system ends it: nobody in particular acts. */
export function finishedEvent(result: ComplianceCheck, requestId: string, atMs: number): OutboxEvent {
  const { id, documentId, verdict, rulesetVersion, cached, sequence } = result
  const data = { documentId, verdict: verdict ?? 'INDETERMINATE', rulesetVersion, cached: String(cached) }
  return { requestId, actor: '', ...placeOf(id), type: 'check.finished', subject: id, sequence, atMs, data }
}

function placeOf(checkId: string): { id: string; partition: number } {
  const partition = partitionOfId(checkId)
  return { id: createId('evt', { partition, keyTag: 0, traits: 0 }), partition }
}

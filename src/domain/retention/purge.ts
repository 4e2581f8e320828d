// The end of retention: what nobody holds is removed, in an order in which a kill at any point leaves either everything or a removal that goes on.
import { appendActs } from '../envelopes/acts.ts'
import { isEnvelopeId } from '../envelopes/id.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { RetentionRecord } from '../retention-ports.ts'
import type { RetentionWorkDeps } from './deps.ts'
import { bySystem, retentionEvent } from './events.ts'

const batch = 100

type PurgeDeps = Pick<RetentionWorkDeps, 'clock' | 'blobs' | 'envelopes' | 'retention' | 'purges' | 'retentionMeters'>

export type Purged = { purged: number; failed: number }

/** Removes whatever is due, one subject after the other; one that fails is told and does not keep the others waiting. Twice is once. */
export async function purgeDue(deps: PurgeDeps, signal: AbortSignal): Promise<Purged> {
  const result: Purged = { purged: 0, failed: 0 }
  for (let last: RetentionRecord | undefined; ;) {
    const due = await deps.retention.due(batch, deps.clock.nowMs(), last)
    for (const record of due) {
      if (signal.aborted) return result
      try {
        if (await purge(deps, record)) result.purged++
      } catch (error) {
        result.failed++
        deps.retentionMeters.purgeFailed(record.subject, error)
      }
    }
    last = due.at(-1)
    if (due.length < batch) return result
  }
}

/**
 * Bytes go first, then what is personal, then it is said: a removal that was broken off is still due. False when it was held, is needed by somebody else, or
 * was removed before.
 */
async function purge(deps: PurgeDeps, { subject, class: name }: RetentionRecord): Promise<boolean> {
  const start = await deps.purges.begin(subject, deps.clock.nowMs())
  if (start.kind !== 'go') return false
  const found = await Promise.all(start.folders.map((folder) => deps.blobs.keysIn(folder)))
  const keys = [...start.keys, ...found.flat()]
  for (const key of keys) await deps.blobs.remove(key)
  if (isEnvelopeId(subject)) await erase(deps, subject)
  const nowMs = deps.clock.nowMs()
  const data = { class: name, objects: String(keys.length) }
  return deps.retention.confirmPurged(subject, nowMs, retentionEvent('retention.purged', subject, 0, data, bySystem, nowMs))
}

/** The chain of acts stays, with a last act that says why its content cannot be hashed any more. */
async function erase({ envelopes, clock }: PurgeDeps, envelopeId: string): Promise<void> {
  await envelopes.change(envelopeId, (record) => {
    if (record.purgedAtMs !== undefined) return { change: null, value: null }
    const nowMs = clock.nowMs()
    const appended = appendActs(
      withoutPersonal(record, nowMs),
      [{ type: 'envelope.purged', facts: { retention: record.retention } }],
      bySystem,
      nowMs,
    )
    return { change: { ...appended, isErasing: true, dueAtMs: null }, value: null }
  })
}

function withoutPersonal(record: EnvelopeRecord, nowMs: number): EnvelopeRecord {
  const signers = record.signers.map((signer) => ({ ...signer, sealed: '', print: '' }))
  return { ...record, sealed: '', signers, purgedAtMs: nowMs }
}

// The integrity sweep: reads every object that is kept, compares it with the SHA-256 that was recorded, and writes down what was seen. Resumes where a run that
// died stopped.
import { createHash } from 'node:crypto'
import { RetryLater } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import type { OutboxEvent } from '../event-ports.ts'
import type { IntegrityLook, IntegritySweep, KeptObject } from '../retention-ports.ts'
import type { Run } from '../verification/deliver.ts'
import type { RetentionWorkDeps } from './deps.ts'
import { bySystem } from './events.ts'

const batch = 50
/** One run looks at so many objects; then the job makes room for others and goes on. */
const mostInARun = 2_000

type SweepDeps = Pick<RetentionWorkDeps, 'clock' | 'blobs' | 'integrity' | 'software' | 'retentionMeters'>

/**
 * Does the sweep of an hour (`slot`: hours since 1970), or what is left of an earlier one, and says in a word how it ended: `swept`, `ended` (it was done
 * before), `stale` (a later run has taken over). Throws RetryLater when it is to go on later, and when storage or Postgres is away: nothing is said of an
 * object then.
 */
export async function sweepIntegrity(deps: SweepDeps, slot: number, run: Pick<Run, 'fence' | 'signal'>): Promise<string> {
  const claim = await deps.integrity.claim(await newSweep(deps, slot), run.fence)
  if (typeof claim === 'string') return claim
  let { sweep, after } = claim
  for (let seen = 0; ;) {
    const objects = await deps.integrity.objects(after, batch)
    for (const object of objects) {
      if (run.signal.aborted) throw new RetryLater('aborted', 0)
      const outcome = await lookAt(deps, object, run.signal)
      sweep = { ...sweep, objects: sweep.objects + 1, failed: sweep.failed + (outcome === 'intact' ? 0 : 1) }
      after = object.key
      if (!(await deps.integrity.advance(sweep, after, run.fence))) return 'stale'
    }
    seen += objects.length
    if (objects.length < batch) break
    if (seen >= mostInARun) throw new RetryLater('more', 0)
  }
  const ended = { ...sweep, endedAtMs: deps.clock.nowMs() }
  return (await deps.integrity.end(ended, run.fence, sweptEvent(ended))) ? 'swept' : 'stale'
}

async function newSweep({ clock, integrity, software }: SweepDeps, slot: number): Promise<IntegritySweep> {
  const beforeMs = clock.nowMs()
  const theirsMs = await integrity.clockMs()
  const startedAtMs = clock.nowMs()
  // Their answer was made somewhere between the two.
  const clockOffsetMs = Math.round((beforeMs + startedAtMs) / 2 - theirsMs)
  return { id: `isw_${slot}`, startedAtMs, endedAtMs: null, objects: 0, failed: 0, clockOffsetMs, software }
}

async function lookAt(deps: SweepDeps, object: KeptObject, signal: AbortSignal): Promise<IntegrityLook['outcome']> {
  const outcome = await outcomeOf(deps, object, signal)
  // What was removed while it was being read is not missing.
  if (outcome !== 'intact' && !(await deps.integrity.isKept(object.key))) return 'intact'
  const atMs = deps.clock.nowMs()
  const look: IntegrityLook = { subject: object.subject, key: object.key, atMs, outcome }
  if (outcome !== 'intact') deps.retentionMeters.objectFailed(look)
  await deps.integrity.note(look, outcome === 'intact' ? undefined : failedEvent(look))
  return outcome
}

async function outcomeOf({ blobs }: SweepDeps, { key, sha256, bytes }: KeptObject, signal: AbortSignal): Promise<IntegrityLook['outcome']> {
  try {
    const size = await blobs.sizeOf(key)
    if (size === null) return 'missing'
    if (size !== bytes) return 'altered'
    const hash = createHash('sha256')
    for await (const chunk of await blobs.read(key)) {
      signal.throwIfAborted()
      hash.update(chunk as Buffer)
    }
    return hash.digest('hex') === sha256 ? 'intact' : 'altered'
  } catch {
    // What cannot be read says nothing about what was written: the sweep waits.
    throw new RetryLater(signal.aborted ? 'aborted' : 'storage_away', signal.aborted ? 0 : MINUTE_MS)
  }
}

function failedEvent({ subject, outcome, atMs }: IntegrityLook): OutboxEvent {
  return integrityEvent('integrity.failed', `integrity:${subject}`, { outcome }, partitionOfId(subject), atMs)
}

function sweptEvent({ id, objects, failed, clockOffsetMs, software, endedAtMs }: IntegritySweep): OutboxEvent {
  const data = { objects: String(objects), failed: String(failed), clockOffsetMs: String(clockOffsetMs), software }
  return integrityEvent('integrity.swept', `integrity:${id}`, data, 0, endedAtMs ?? 0)
}

function integrityEvent(
  type: string,
  subject: string,
  data: Readonly<Record<string, string>>,
  partition: number,
  atMs: number,
): OutboxEvent {
  const id = createId('evt', { partition, keyTag: 0, traits: 0 })
  return { ...bySystem, id, partition, type, subject, sequence: atMs, data, atMs }
}

// The stored bytes as they are now: there or not, and their hash. Of a store that is away nothing is said until patience ends.
import { createHash } from 'node:crypto'
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import type { Run } from '../verification/deliver.ts'
import type { ComplianceWorkDeps } from './deps.ts'
import type { ObjectFacts } from './facts.ts'
import { storePatienceMs } from './policy.ts'

type BytesDeps = Pick<ComplianceWorkDeps, 'blobs' | 'clock'>

/** What a check waits for, and since when it is due. */
export type Waiting = { record: Pick<CheckRecord, 'dueAtMs'>; run: Run }

/** Reads the whole object. Throws RetryLater while the store is away and the check is not long due. */
export async function lookAtBytes(deps: BytesDeps, key: string, recordedSha256: string, { record, run }: Waiting): Promise<ObjectFacts> {
  try {
    const size = await deps.blobs.sizeOf(key)
    if (size === null) return { state: 'missing', recordedSha256, sha256: null }
    return { state: 'stored', recordedSha256, sha256: await hashOf(deps, key, run.signal) }
  } catch {
    if (run.signal.aborted) throw new RetryLater('aborted', 0)
    if (deps.clock.nowMs() - record.dueAtMs < storePatienceMs) throw new RetryLater('storage_away', backoffMs(run.backoff, run.tries))
    return { state: 'unreachable', recordedSha256, sha256: null }
  }
}

/** SHA-256 in hex. Rejects when the object cannot be read to its end. */
export async function hashOf({ blobs }: Pick<BytesDeps, 'blobs'>, key: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of await blobs.read(key)) {
    signal.throwIfAborted()
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

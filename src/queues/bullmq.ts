// The one place that puts jobs on queues, and that asks BullMQ about them. Its connection is handed to it and stays the giver's to close.
import { Queue, type ConnectionOptions, type JobsOptions } from 'bullmq'
import { AppError } from '../errors.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../lib/durations.ts'
import type { QueueName } from './define.ts'
import { contractOf, queueNames, type JobName, type JobPayload } from './registry.ts'

type JobRequest = { name: JobName; payload: JobPayload<JobName> }

/** What the reconciler asks of a job: on its way, ended, or unknown to its queue. */
export type JobPresence = 'pending' | 'ended' | 'missing'

/** Depth of a queue by state, and the age of the job that has waited longest. */
export type QueueDepth = { queue: QueueName; partition: number; counts: Record<string, number>; oldestWaitingMs: number }

/** A job that was given up; `reason` is the word that its processor threw. */
export type FailedJob = { queue: string; partition: number; id: string; name: string; reason: string; tries: number; failedAtMs: number }

/** More tries than any deadline allows: the processor gives up, not the counter. */
const unlimitedAttempts = 100_000

/** Kept for people who look at the board; nothing reads them. */
const options: JobsOptions = {
  attempts: unlimitedAttempts,
  backoff: { type: 'custom' },
  removeOnComplete: { count: 500, age: HOUR_MS / SECOND_MS },
  removeOnFail: { count: 5_000, age: (7 * DAY_MS) / SECOND_MS },
  sizeLimit: 4_096,
  stackTraceLimit: 0,
}

export class JobProducer {
  /** Every queue of every partition; Bull Board shows them. */
  readonly queues: readonly Queue[]
  readonly #byName = new Map<string, Queue>()

  /** `prefixOf` gives the hash tag of a partition, the prefix of its queues. */
  constructor(connection: ConnectionOptions, partitions: number, prefixOf: (partition: number) => string) {
    for (let partition = 0; partition < partitions; partition++) {
      for (const name of queueNames) {
        const queue = new Queue(name, {
          connection,
          prefix: prefixOf(partition),
          // A Queue that waits for readiness hangs for ever when Redis is away at boot; fitness is checked by our own probe.
          skipWaitingForReady: true,
          skipVersionCheck: true,
          streams: { events: { maxLen: 1_000 } },
        })
        // The connection's errors are reported by whoever opened it.
        queue.on('error', () => {})
        this.#byName.set(`${partition}.${name}`, queue)
      }
    }
    this.queues = [...this.#byName.values()]
  }

  /** Adds a job under its own id, to run after `delayMs`; a job that is there already stays as it is. Throws when the payload does not parse or Redis is away. */
  async add({ name, payload }: JobRequest, delayMs = 0): Promise<void> {
    const { queue, jobId, parsed } = this.#place({ name, payload })
    await asking(() => queue.add(name, parsed, { ...options, jobId, ...(delayMs > 0 ? { delay: delayMs } : {}) }))
  }

  async presence(job: JobRequest): Promise<JobPresence> {
    const { queue, jobId } = this.#place(job)
    const state = await asking(() => queue.getJobState(jobId))
    if (state === 'unknown') return 'missing'
    return state === 'completed' || state === 'failed' ? 'ended' : 'pending'
  }

  /** Forgets a job that has ended, so that it may be added again. */
  async forget(job: JobRequest): Promise<void> {
    const { queue, jobId } = this.#place(job)
    await asking(() => queue.remove(jobId))
  }

  /** The jobs of a queue that were given up, newest first, at most `limit` of each partition. */
  async failed(queueName: string, limit: number): Promise<FailedJob[]> {
    const lists = await Promise.all(this.#ofName(queueName).map(async ([partition, queue]) => failedOf(queue, partition, limit)))
    return lists.flat()
  }

  async failedCount(queueName: string): Promise<number> {
    const counts = await Promise.all(this.#ofName(queueName).map(([, queue]) => queue.getFailedCount()))
    return counts.reduce((sum, count) => sum + count, 0)
  }

  /** Puts a job that was given up back in line; false when it is no longer there as such. */
  async retryFailed({ queue: name, partition, id }: Pick<FailedJob, 'queue' | 'partition' | 'id'>): Promise<boolean> {
    const job = await this.#byName.get(`${partition}.${name}`)?.getJob(id)
    if (!job || !(await job.isFailed())) return false
    await job.retry('failed')
    return true
  }

  async depths(): Promise<QueueDepth[]> {
    return Promise.all([...this.#byName].map(([key, queue]) => depthOf(queue, Number(key.split('.')[0]))))
  }

  async close(): Promise<void> {
    await Promise.all(this.queues.map((queue) => queue.close().catch(() => {})))
  }

  #ofName(name: string): [partition: number, queue: Queue][] {
    return [...this.#byName].filter(([, queue]) => queue.name === name).map(([key, queue]) => [Number(key.split('.')[0]), queue])
  }

  #place({ name, payload }: JobRequest): { queue: Queue; jobId: string; parsed: JobPayload<JobName> } {
    const contract = contractOf(name)
    const parsed = contract.payload.parse(payload)
    const queue = this.#byName.get(`${contract.partition(parsed)}.${contract.queue}`)
    if (!queue) throw new RangeError(`there is no queue for ${name} in this partition`)
    return { queue, jobId: contract.jobId(parsed), parsed }
  }
}

/** A connection that is not there says so as everything else does that needs Redis: `service_degraded`. */
async function asking<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (cause) {
    const isAway = cause instanceof Error && /Stream isn't writeable|Connection is closed|ECONNREFUSED/.test(cause.message)
    throw isAway ? new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause }) : cause
  }
}

async function depthOf(queue: Queue, partition: number): Promise<QueueDepth> {
  const [counts, [oldest]] = await Promise.all([
    queue.getJobCounts('waiting', 'active', 'delayed', 'failed'),
    queue.getJobs(['waiting'], 0, 0, true),
  ])
  return { queue: queue.name as QueueName, partition, counts, oldestWaitingMs: oldest ? Math.max(0, Date.now() - oldest.timestamp) : 0 }
}

async function failedOf(queue: Queue, partition: number, limit: number): Promise<FailedJob[]> {
  const jobs = await queue.getFailed(0, limit - 1)
  return jobs
    .filter((job) => job.id !== undefined)
    .map((job) => ({
      queue: queue.name,
      partition,
      id: job.id ?? '',
      name: job.name,
      reason: job.failedReason ?? 'unknown',
      tries: job.attemptsMade,
      failedAtMs: job.finishedOn ?? job.timestamp,
    }))
}

// The one consumer of BullMQ: takes jobs, runs their processors in bounded time, turns what they throw into BullMQ's terms, stops in time.
import { UnrecoverableError, Worker, type ConnectionOptions, type Job } from 'bullmq'
import { RetryLater } from '../errors.ts'
import { backoffMs } from '../lib/backoff.ts'
import { withDeadline } from '../lib/deadline.ts'
import { SECOND_MS } from '../lib/durations.ts'
import type { Log } from '../log.ts'
import type { QueueName } from '../queues/define.ts'
import { contractOf, isJobName, type JobName, type JobPayload } from '../queues/registry.ts'
import type { ProcessTelemetry } from '../telemetry.ts'
import type { Run } from '../domain/verification/deliver.ts'
import type { Processor, RunResult, WorkerDeps } from './processor.ts'

export type ConsumerOptions = {
  connection: ConnectionOptions
  queues: readonly QueueName[]
  partitions: number
  prefixOf: (partition: number) => string
  concurrency: number
  name: string
  deps: WorkerDeps
  processors: { [Name in JobName]: Processor<Name> }
  telemetry: Pick<ProcessTelemetry, 'waited' | 'ran'>
  log: Log
}

/** A killed worker's jobs start elsewhere after lock and scan: 12.8 s measured, 25 s promised. */
const lockDurationMs = 10 * SECOND_MS
const stalledIntervalMs = 5 * SECOND_MS
/** A bug is tried this often before the job is given up. */
const bugTries = 8

/** Takes jobs of the given queues, in every partition, until closed. */
export class Consumer {
  readonly #workers: readonly Worker[]
  readonly #options: ConsumerOptions
  /** When this process last started a job, for the watchdog. */
  lastStartMs = Date.now()
  running = 0

  constructor(options: ConsumerOptions) {
    this.#options = options
    const partitions = Array.from({ length: options.partitions }, (_, partition) => partition)
    this.#workers = partitions.flatMap((partition) => options.queues.map((queue) => this.#consume(queue, partition)))
  }

  /**
   * Stops taking jobs and waits for those that run; after `graceMs` they are aborted and left to another worker, which costs them no try. Always
   * returns within about a second more, also when Redis is away.
   */
  async close(graceMs: number): Promise<void> {
    const closing = Promise.all(this.#workers.map((worker) => worker.close()))
    try {
      await withDeadline(closing, graceMs, () => new Error('jobs are still running'))
    } catch {
      for (const worker of this.#workers) worker.cancelAllJobs('shutdown')
      await withDeadline(Promise.all(this.#workers.map((worker) => worker.close(true))), SECOND_MS, () => new Error('forced')).catch(
        () => {},
      )
    }
  }

  #consume(queue: QueueName, partition: number): Worker {
    const { connection, prefixOf, concurrency, name, log } = this.#options
    // Three declared parameters: BullMQ hands the abort signal only to a processor that asks for it.
    const worker = new Worker(queue, (job, _token, signal) => this.#process(job, signal), {
      connection,
      prefix: prefixOf(partition),
      name,
      concurrency,
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount: 10,
      maxStartedAttempts: 1_000,
      runRetryDelay: SECOND_MS,
      drainDelay: 5,
      skipVersionCheck: true,
      settings: { backoffStrategy: (tries, _type, error) => waitFor(tries, error) },
    })
    worker.on('error', (error) => log.warn({ err: error, queue }, 'worker connection'))
    worker.on('stalled', (jobId) => log.warn({ queue, jobId }, 'job recovered from a worker that vanished'))
    // Whoever lost the lock is no longer the one to finish the job.
    worker.on('lockRenewalFailed', (jobIds) => jobIds.forEach((jobId) => worker.cancelJob(jobId, 'lock lost')))
    return worker
  }

  async #process(job: Job, shutdown: AbortSignal | undefined): Promise<string> {
    const startedAt = performance.now()
    this.lastStartMs = Date.now()
    this.running++
    this.#options.telemetry.waited(
      job.queueName,
      job.name,
      Math.max(0, (job.processedOn ?? 0) - job.timestamp - (job.delay ?? 0)) / SECOND_MS,
    )
    let outcome = 'failed'
    try {
      const result = await this.#run(job, shutdown)
      outcome = result.outcome
      this.#options.log.info(
        { job: job.name, jobId: job.id, tries: job.attemptsMade + 1, outcome, requestId: result.requestId },
        'job done',
      )
      return outcome
    } catch (error) {
      outcome = error instanceof RetryLater ? 'retry' : 'failed'
      throw this.#asJobError(job, error)
    } finally {
      this.running--
      this.#options.telemetry.ran(job.queueName, job.name, outcome, (performance.now() - startedAt) / SECOND_MS)
    }
  }

  async #run(job: Job, shutdown: AbortSignal | undefined): Promise<RunResult> {
    if (!isJobName(job.name)) throw new UnrecoverableError('unknown_job')
    const contract = contractOf(job.name)
    const payload = contract.payload.safeParse(job.data)
    if (!payload.success) throw new UnrecoverableError('invalid_payload')
    const timeout = AbortSignal.timeout(contract.timeoutMs)
    const signal = shutdown ? AbortSignal.any([shutdown, timeout]) : timeout
    const fence = { jobMs: job.timestamp, starts: job.attemptsStarted }
    // The name chose both the contract that parsed the payload and the processor that takes it.
    const work = this.#options.processors[job.name] as (deps: WorkerDeps, payload: JobPayload<JobName>, run: Run) => Promise<RunResult>
    return work(this.#options.deps, payload.data, {
      fence,
      tries: job.attemptsMade + 1,
      backoff: contract.backoff,
      signal,
    })
  }

  /** What BullMQ stores of a failure is a word: messages may quote what no queue should hold. */
  #asJobError(job: Job, error: unknown): Error {
    const { log } = this.#options
    const facts = { job: job.name, jobId: job.id, tries: job.attemptsMade + 1 }
    if (error instanceof RetryLater) {
      const again = { ...facts, reason: error.message, waitMs: error.waitMs }
      if (error.cause === undefined) log.info(again, 'job to be run again')
      else log.warn({ ...again, err: error.cause }, 'job to be run again')
      return error
    }
    if (error instanceof UnrecoverableError) {
      log.error({ ...facts, reason: error.message }, 'job cannot be run')
      return error
    }
    log.error({ ...facts, err: error }, 'job failed')
    return job.attemptsMade + 1 >= bugTries
      ? new UnrecoverableError('internal')
      : new RetryLater('internal', backoffMs({ firstMs: SECOND_MS, maxMs: 30 * SECOND_MS }, job.attemptsMade + 1))
  }
}

function waitFor(tries: number, error: Error | undefined): number {
  return error instanceof RetryLater ? error.waitMs : backoffMs({ firstMs: SECOND_MS, maxMs: 30 * SECOND_MS }, tries)
}

// What a job contract is. It knows zod and no queue engine.
import type { z } from 'zod'
import type { Backoff } from '../lib/backoff.ts'

/** The queues, by latency class: a slow job of one never delays a job of another. */
export type QueueName = 'otp' | 'mail' | 'maintenance' | 'uploads' | 'documents' | 'envelopes' | 'compliance' | 'webhooks'

/** Everything that the producer, the worker and the metrics must know of one kind of job. */
export type JobContract<Name extends string = string, Payload extends z.ZodType = z.ZodType> = {
  /** `noun.verb`; contract, processor and test carry it as their file name, with a dash. */
  name: Name
  queue: QueueName
  /** A strict object of ids and small facts: printing one is always harmless. */
  payload: Payload
  /** The wait between tries. How often is the processor's to say: it gives up at its deadline. */
  backoff: Backoff
  /** After this long without an end the processor's signal is aborted. */
  timeoutMs: number
  /** Our own job id, the same for the same work; neither a colon nor a bare number (BullMQ refuses both). */
  jobId: (payload: z.output<Payload>) => string
  /** Which partition's queue carries it. */
  partition: (payload: z.output<Payload>) => number
}

export function defineJob<Name extends string, Payload extends z.ZodType>(
  contract: JobContract<Name, Payload>,
): JobContract<Name, Payload> {
  return contract
}

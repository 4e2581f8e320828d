// Postgres being away says nothing about an envelope: its job waits for it.
import { AppError, RetryLater } from '../../errors.ts'
import { awayMs } from './policy.ts'

/** Throws RetryLater instead of `service_degraded`. */
export async function waitingFor<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (error) {
    if (error instanceof AppError && error.code === 'service_degraded') throw new RetryLater('postgres_away', awayMs)
    throw error
  }
}

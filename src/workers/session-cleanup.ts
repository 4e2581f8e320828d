// Ends what nobody came back to in a partition. What is left when its time is up, or while Postgres is away, waits for the next minute's job.
import { cleanUpSessions } from '../domain/sessions/cleanup.ts'
import { AppError } from '../errors.ts'
import type { Processor } from './processor.ts'

export const processSessionCleanup: Processor<'session.cleanup'> = async (deps, { partition }, { signal }) => {
  try {
    const { ended, recorded, abandoned } = await cleanUpSessions(deps, partition, signal)
    return { outcome: ended + recorded + abandoned > 0 ? 'cleaned' : 'nothing_due' }
  } catch (error) {
    if (error instanceof AppError && error.code === 'service_degraded') return { outcome: 'postponed' }
    throw error
  }
}

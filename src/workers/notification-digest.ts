// Owes digests of what was not seen. What cannot be done while Postgres is away waits for the next minute's job.
import { oweDigests } from '../domain/notifications/digest.ts'
import { AppError } from '../errors.ts'
import type { Processor } from './processor.ts'

export const processNotificationDigest: Processor<'notification.digest'> = async (deps, _payload, { signal }) => {
  try {
    return { outcome: (await oweDigests(deps, signal)) > 0 ? 'owed' : 'nothing_due' }
  } catch (error) {
    if (error instanceof AppError && error.code === 'service_degraded') return { outcome: 'postponed' }
    throw error
  }
}

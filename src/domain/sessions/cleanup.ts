// What time does to sessions: those nobody came back to end, session UUIDs get their row, abandoned ones go with their files.
import type { Clock } from '../../lib/clock.ts'
import type {
  SessionFiles,
  SessionStore,
  SessionTelemetry,
  SessionUuidBook,
  SessionUuidRecord,
  SessionUuidStore,
} from '../session-ports.ts'
import { cleanupBatch, cleanupRounds } from './deps.ts'
import { recordReservation } from './uuids.ts'

export type SessionCleanupDeps = {
  clock: Clock
  sessionStore: Pick<SessionStore, 'expireDue'>
  sessionUuids: SessionUuidStore
  sessionUuidBook: SessionUuidBook
  sessionFiles: SessionFiles
  sessionTelemetry: Pick<SessionTelemetry, 'sessionChanged'>
}

export type CleanupCounts = { ended: number; recorded: number; abandoned: number }

/** One pass over one partition, in bounded batches, until nothing is left or `signal` says stop. Each step may be repeated. */
export async function cleanUpSessions(deps: SessionCleanupDeps, partition: number, signal: AbortSignal): Promise<CleanupCounts> {
  const ended = await endDue(deps, partition, signal)
  for (let i = 0; i < ended; i++) deps.sessionTelemetry.sessionChanged('ended')
  const recorded = await inBatches(
    signal,
    () => deps.sessionUuids.unrecorded(partition, cleanupBatch),
    (record) => recordOne(deps, record),
  )
  const due = (): Promise<SessionUuidRecord[]> => deps.sessionUuids.due(partition, cleanupBatch, deps.clock.nowMs())
  const abandoned = await inBatches(signal, due, (record) => abandonOne(deps, record))
  return { ended, recorded, abandoned }
}

async function endDue({ sessionStore, clock }: SessionCleanupDeps, partition: number, signal: AbortSignal): Promise<number> {
  let total = 0
  for (let round = 0; round < cleanupRounds && !signal.aborted; round++) {
    const ended = await sessionStore.expireDue(partition, cleanupBatch, clock.nowMs())
    total += ended
    if (ended < cleanupBatch) break
  }
  return total
}

async function recordOne(deps: SessionCleanupDeps, record: SessionUuidRecord): Promise<void> {
  // Ended and swept before it was ever recorded: there is nothing left to say of it but that it was given out.
  if (record.owner === '') return deps.sessionUuids.noteRecorded(record.uuid)
  await recordReservation(deps, record, { requestId: 'cleanup' })
}

/** Files first: what fails leaves the UUID due, and the next pass begins anew. */
async function abandonOne(
  { sessionFiles, sessionUuidBook, sessionUuids, clock }: SessionCleanupDeps,
  { uuid }: SessionUuidRecord,
): Promise<void> {
  await sessionFiles.removeAbandoned(uuid)
  await sessionUuidBook.noteAbandoned(uuid, clock.nowMs())
  await sessionUuids.abandon(uuid, clock.nowMs())
}

async function inBatches(
  signal: AbortSignal,
  next: () => Promise<SessionUuidRecord[]>,
  work: (record: SessionUuidRecord) => Promise<void>,
): Promise<number> {
  let total = 0
  for (let round = 0; round < cleanupRounds && !signal.aborted; round++) {
    const records = await next()
    for (const record of records) {
      await work(record)
    }
    total += records.length
    if (records.length < cleanupBatch) break
  }
  return total
}

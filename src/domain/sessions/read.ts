// Looking at sessions: one, or the list of a user's own.
import type { Session, SessionPage } from '../../contracts/session.ts'
import { AppError, invalidField } from '../../errors.ts'
import { readCursor, writeCursor } from '../../lib/cursor.ts'
import { partitionOfUuid } from '../../lib/partitioned-uuid.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { SessionRecord } from '../session-ports.ts'
import { ownersOf, subjectOf } from './account.ts'
import type { SessionDeps } from './deps.ts'
import { viewOf } from './view.ts'

type ReadDeps = Pick<SessionDeps, 'clock' | 'keyring' | 'sessionStore'>

/** The living session of this id, if the caller may touch it; throws `not_found` otherwise, whichever it is. */
export async function accessibleSession(deps: ReadDeps, caller: Caller, id: string): Promise<SessionRecord> {
  const record = partitionOfUuid(id) === null ? null : await deps.sessionStore.read(id, deps.clock.nowMs())
  if (!record || !(isPrivileged(caller) || isOwnersOwn(deps, caller, record))) throw new AppError('not_found')
  return record
}

/** Whether a record is of the caller's own account, privileged or not. */
export function isOwnersOwn({ keyring }: Pick<SessionDeps, 'keyring'>, caller: Caller, record: SessionRecord): boolean {
  return caller.kind === 'user' && ownersOf(keyring, caller.subject).includes(record.owner)
}

export async function getSession(deps: ReadDeps, caller: Caller, id: string): Promise<Session> {
  return viewOf(deps.keyring, caller, await accessibleSession(deps, caller, id), deps.clock.nowMs())
}

/** A page of a user's living sessions, newest first. Throws `invalid_request` for a cursor of another list, and what `subjectOf` throws. */
export async function listSessions(
  deps: ReadDeps,
  caller: Caller,
  { userId, first, after }: { userId?: string | undefined; first: number; after?: string },
): Promise<SessionPage> {
  const subject = subjectOf(caller, userId)
  const scope = JSON.stringify(['sessions', subject])
  const nowMs = deps.clock.nowMs()
  const lists = await Promise.all(ownersOf(deps.keyring, subject).map((owner) => deps.sessionStore.list(owner, nowMs)))
  const records = lists.flat().toSorted(newestFirst)
  const place = after === undefined ? undefined : placeOf(deps, scope, after)
  const rest = place ? records.filter((record) => newestFirst(place, record) < 0) : records
  const shown = rest.slice(0, first)
  const cursorOf = (record: SessionRecord | undefined): string | null =>
    record ? writeCursor(deps.keyring, scope, `${record.createdAtMs} ${record.id}`) : null
  return {
    nodes: shown.map((record) => viewOf(deps.keyring, caller, record, nowMs)),
    totalCount: records.length,
    pageInfo: {
      hasNextPage: rest.length > shown.length,
      endCursor: cursorOf(shown.at(-1)),
      hasPreviousPage: rest.length < records.length,
      startCursor: cursorOf(shown[0]),
    },
  }
}

type Place = Pick<SessionRecord, 'createdAtMs' | 'id'>

function newestFirst(one: Place, other: Place): number {
  if (one.createdAtMs !== other.createdAtMs) return other.createdAtMs - one.createdAtMs
  return one.id === other.id ? 0 : one.id < other.id ? 1 : -1
}

function placeOf(deps: ReadDeps, scope: string, cursor: string): Place {
  const [createdAtMs, id] = readCursor(deps.keyring, scope, cursor)?.split(' ', 2) ?? []
  if (createdAtMs === undefined || id === undefined) throw invalidField('/after', 'is not a cursor of this query')
  return { createdAtMs: Number(createdAtMs), id }
}

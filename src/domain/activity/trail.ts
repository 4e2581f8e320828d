// The activity trail of a user: what they did, newest first, as much as fits. Entries are sealed: their names and data are the client's.
import type { ActivityEntry, ActivityPage, ActivityStatistics, RecordActivityRequest } from '../../contracts/activity.ts'
import { invalidField } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { readCursor, writeCursor } from '../../lib/cursor.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { createId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Caller } from '../caller.ts'
import { subjectOf } from '../sessions/account.ts'
import { dayOf, statisticsDays, statisticsKeptMs } from '../sessions/deps.ts'
import type { ActivityRecord, ActivityStore, Cache } from '../session-ports.ts'

export type ActivityDeps = { clock: Clock; keyring: Keyring; activityTrail: ActivityStore; cache: Cache }

const kind = 'activity'
/** Entries of one user; the trail of one who does nothing goes after so long. */
const keep = { most: 1_000, forMs: 90 * DAY_MS }
type Content = { activity: string; metadata: Record<string, unknown> }

/** Adds an entry to one's own trail, or as a server or admin to anybody's. Throws as `subjectOf`. */
export async function recordActivity(deps: ActivityDeps, caller: Caller, request: RecordActivityRequest): Promise<ActivityEntry> {
  const owner = ownerOf(deps, subjectOf(caller, request.userId))
  return append(deps, owner, request)
}

/** Adds entries in their order, all of them or, when one is not the caller's to write, none. The fault says which. */
export async function recordActivities(
  deps: ActivityDeps,
  caller: Caller,
  entries: readonly RecordActivityRequest[],
): Promise<ActivityEntry[]> {
  const owners = entries.map(({ userId }) => ownerOf(deps, subjectOf(caller, userId)))
  const written: ActivityEntry[] = []
  for (const [at, entry] of entries.entries()) {
    written.push(await append(deps, owners[at] ?? '', entry))
  }
  return written
}

async function append(deps: ActivityDeps, owner: string, request: RecordActivityRequest): Promise<ActivityEntry> {
  const nowMs = deps.clock.nowMs()
  const id = createId('act', { partition: 0, keyTag: deps.keyring.writingTag, traits: 0 })
  const content: Content = { activity: request.activity, metadata: request.metadata ?? {} }
  const sealed = deps.keyring.seal({ kind, id }, nowMs + keep.forMs, JSON.stringify(content))
  await deps.activityTrail.append(owner, { id, sealed, name: request.activity }, keep, nowMs)
  return { id, ...content, at: new Date(nowMs).toISOString() }
}

/** A page of a user's trail, newest first, stable while entries are added. Throws `invalid_request` for a foreign cursor, and as `subjectOf`. */
export async function listActivity(
  deps: ActivityDeps,
  caller: Caller,
  { userId, first, after }: { userId?: string | undefined; first: number; after?: string },
): Promise<ActivityPage> {
  const owner = ownerOf(deps, subjectOf(caller, userId))
  const scope = JSON.stringify([kind, owner])
  const before = after === undefined ? undefined : readCursor(deps.keyring, scope, after)
  if (before === null) throw invalidField('/after', 'is not a cursor of this query')
  const { records, total } = await deps.activityTrail.page(owner, before === undefined ? undefined : Number(before), first + 1)
  const shown = records.slice(0, first)
  const cursorOf = (record: ActivityRecord | undefined): string | null =>
    record ? writeCursor(deps.keyring, scope, String(record.order)) : null
  return {
    nodes: shown.flatMap((record) => viewOf(deps.keyring, record)),
    totalCount: total,
    pageInfo: {
      hasNextPage: records.length > shown.length,
      endCursor: cursorOf(shown.at(-1)),
      hasPreviousPage: before !== undefined,
      startCursor: cursorOf(shown[0]),
    },
  }
}

export async function readActivityStatistics(deps: ActivityDeps): Promise<ActivityStatistics> {
  const text = await deps.cache.get({ name: 'statistics', key: kind, ttlMs: statisticsKeptMs, tags: ['statistics'] }, async () => {
    const days = await deps.activityTrail.days(statisticsDays, deps.clock.nowMs())
    const statistics: ActivityStatistics = { days: days.map(({ dayMs, ...numbers }) => ({ day: dayOf(dayMs), ...numbers })) }
    return JSON.stringify(statistics)
  })
  return JSON.parse(text) as ActivityStatistics
}

function ownerOf({ keyring }: Pick<ActivityDeps, 'keyring'>, subject: string): string {
  return keyring.fingerprint('activity', subject)
}

/** Nothing for an entry whose key has left the ring. */
function viewOf(keyring: Keyring, { id, atMs, sealed }: ActivityRecord): ActivityEntry[] {
  const opened = keyring.open({ kind, id }, sealed)
  return opened ? [{ id, ...(JSON.parse(opened.plaintext) as Content), at: new Date(atMs).toISOString() }] : []
}

// Numbers about sessions, by day, for admins. Summed over all partitions, so one answer is kept for a few seconds.
import type { SessionStatistics } from '../../contracts/session.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Cache, SessionStore } from '../session-ports.ts'
import { dayOf, statisticsDays, statisticsKeptMs } from './deps.ts'

export async function readSessionStatistics(deps: { clock: Clock; cache: Cache; sessionStore: SessionStore }): Promise<SessionStatistics> {
  const text = await deps.cache.get({ name: 'statistics', key: 'sessions', ttlMs: statisticsKeptMs, tags: ['statistics'] }, async () => {
    const nowMs = deps.clock.nowMs()
    const [active, days] = await Promise.all([deps.sessionStore.countActive(nowMs), deps.sessionStore.days(statisticsDays, nowMs)])
    const statistics: SessionStatistics = {
      active,
      days: days.map(({ dayMs, ended, ...numbers }) => ({
        day: dayOf(dayMs),
        ...numbers,
        ended: ended.sign_out + ended.expired + ended.displaced,
        endedBy: ended,
      })),
    }
    return JSON.stringify(statistics)
  })
  return JSON.parse(text) as SessionStatistics
}

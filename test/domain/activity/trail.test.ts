// Activity trails: whose, in which order, how many.
import { describe, expect, it } from 'vitest'
import { listActivity, readActivityStatistics, recordActivities, recordActivity } from '../../../src/domain/activity/trail.ts'
import { DAY_MS } from '../../../src/lib/durations.ts'
import { refusal } from '../../support/domain.ts'
import { createSessions, server, user } from '../../support/sessions.ts'

const deps = await createSessions({ partitions: 4 })

describe('a trail', () => {
  it('shows the newest first, page by page, and a page does not move while entries are added', async () => {
    const ann = user('ann')
    for (let n = 1; n <= 5; n++) await recordActivity(deps, ann, { activity: `did ${n}`, metadata: { n } })
    const first = await listActivity(deps, ann, { first: 2 })
    expect(first.nodes.map(({ activity }) => activity)).toEqual(['did 5', 'did 4'])
    expect(first).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true, hasPreviousPage: false } })
    await recordActivity(deps, ann, { activity: 'did 6' })
    const second = await listActivity(deps, ann, { first: 3, after: String(first.pageInfo.endCursor) })
    expect(second.nodes.map(({ activity }) => activity)).toEqual(['did 3', 'did 2', 'did 1'])
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    expect(second.nodes[0]).toMatchObject({ metadata: { n: 3 } })
  })

  it('is one’s own: others do not see it, servers and admins do', async () => {
    const ben = user('ben')
    await recordActivity(deps, server, { activity: 'was seen', userId: 'ben' })
    expect((await listActivity(deps, ben, { first: 1 })).totalCount).toBe(1)
    expect((await listActivity(deps, user('root', {}, { roles: ['admin'] }), { userId: 'ben', first: 1 })).totalCount).toBe(1)
    expect((await refusal(listActivity(deps, user('eve'), { userId: 'ben', first: 1 }))).code).toBe('not_found')
    expect((await refusal(recordActivity(deps, user('eve'), { activity: 'x', userId: 'ben' }))).code).toBe('not_found')
    expect(await refusal(listActivity(deps, server, { first: 1 }))).toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '/userId' }],
    })
    const cursor = String((await listActivity(deps, ben, { first: 1 })).pageInfo.endCursor)
    expect((await refusal(listActivity(deps, user('eve'), { first: 1, after: cursor }))).code).toBe('invalid_request')
  })

  it('holds a thousand entries and forgets the oldest', async () => {
    const cara = user('cara')
    for (let batch = 0; batch < 11; batch++)
      await recordActivities(
        deps,
        cara,
        Array.from({ length: 100 }, (_, n) => ({ activity: `n${batch * 100 + n}` })),
      )
    const { totalCount, nodes } = await listActivity(deps, cara, { first: 1 })
    expect([totalCount, nodes[0]?.activity]).toEqual([1_000, 'n1099'])
  })

  it('takes a batch as a whole or not at all', async () => {
    const dan = user('dan')
    const batch = recordActivities(deps, dan, [{ activity: 'mine' }, { activity: 'not mine', userId: 'eve' }])
    expect((await refusal(batch)).code).toBe('not_found')
    expect((await listActivity(deps, dan, { first: 1 })).totalCount).toBe(0)
  })

  it('keeps names and data sealed', async () => {
    await recordActivity(deps, user('somebody'), { activity: 'seen', metadata: { note: 'a private word' } })
    const keys = (await deps.redis.keys('*:activity:*')).filter(
      (key) => !key.includes(':day:') && !key.includes(':users:') && !key.endsWith(':count'),
    )
    const entries = await Promise.all(keys.map((key) => deps.redis.zrange(key, '0', '-1')))
    expect(entries.flat().join()).not.toMatch(/private|somebody/)
  })
})

it('numbers of the day: entries, different users, and what they did, names bounded', async () => {
  deps.clock.advance(2 * DAY_MS)
  for (const name of ['p', 'q', 'q']) await recordActivity(deps, user(name), { activity: 'opened' })
  await recordActivities(
    deps,
    user('r'),
    Array.from({ length: 100 }, (_, n) => ({ activity: `name ${n}` })),
  )
  const { days } = await readActivityStatistics(deps)
  expect(days).toHaveLength(30)
  expect(days[0]).toMatchObject({ entries: 103, users: 3, byActivity: { opened: 3 } })
})

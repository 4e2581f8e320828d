// The promises of pending operations that need no HTTP: once among a thousand, nothing readable at rest, keys that rotate under load.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { consumeOperation } from '../../../src/domain/pending-operations/consume.ts'
import { createOperation } from '../../../src/domain/pending-operations/create.ts'
import { listOperations } from '../../../src/domain/pending-operations/list.ts'
import { getOperation, lookupOperation } from '../../../src/domain/pending-operations/read.ts'
import { updateOperation } from '../../../src/domain/pending-operations/update.ts'
import { AppError } from '../../../src/errors.ts'
import { createTestRedis } from '../../support/infra.ts'
import { context, createOperations, newMasterKey, trace, userNamed, type TestOperations } from '../../support/operations.ts'

let redisUrl: string
let deps: TestOperations
const alice = userNamed('alice', { email: 'alice@example.com' })
const admin = userNamed('root', { roles: ['admin'] })

beforeAll(async () => {
  redisUrl = await createTestRedis()
  deps = createOperations(redisUrl, { partitions: 2 })
})
beforeEach(() => deps.redis.flushdb())

const begin = (more: object = {}, on = deps, caller = alice) =>
  createOperation(on, caller, { operationType: 'registration', backend: 'redis', data: { n: 1 }, ...more }, trace)
const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error))

describe.each(['redis', 'jwt'] as const)('a token of %s', (backend) => {
  it('is consumed by exactly one of a thousand who race for it', async () => {
    const { token } = await begin({ backend })
    const racers = Array.from({ length: 1_000 }, () => consumeOperation(deps, alice, { token, operationType: 'registration' }, trace))
    const results = await Promise.allSettled(racers)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(new Set(results.flatMap((result) => (result.status === 'rejected' ? [codeOf(result.reason)] : [])))).toEqual(
      new Set(['token_used']),
    )
  })

  it('stays expired when its record is gone, whatever the order of things', async () => {
    const { token } = await begin({ backend, expiresIn: 5 })
    deps.time.nowMs += 5_000
    await Promise.all([0, 1].map((partition) => deps.states.sweep(partition, 10, deps.time.nowMs)))
    await expect(consumeOperation(deps, alice, { token, operationType: 'registration' }, trace)).rejects.toMatchObject({
      code: 'token_expired',
    })
  })
})

it('a dump of Redis shows no field of the data, no recipient, no metadata and no token', async () => {
  const secrets = [
    'Ada-Lovelace',
    'ada.lovelace@example.com',
    'analytical-engine',
    'first-step',
    'purpose-of-it',
    'fieldNameOne',
    'fieldNameTwo',
  ]
  const more = {
    data: { fieldNameOne: 'Ada-Lovelace', list: [{ fieldNameTwo: 'analytical-engine' }] },
    recipient: 'ada.lovelace@example.com',
    metadata: { step: 'first-step' },
    purpose: 'purpose-of-it',
  }
  const made = await Promise.all(Array.from({ length: 20 }, (_, at) => begin({ ...more, backend: at % 4 === 0 ? 'jwt' : 'redis' })))
  await updateOperation(deps, made[1]?.token ?? '', { data: { more: 'Ada-Lovelace' } }, trace)
  await consumeOperation(deps, alice, { token: made[2]?.token ?? '', operationType: 'registration' }, trace)
  await listOperations(deps, admin, { recipient: 'ada.lovelace@example.com' }, { first: 10 }, context)
  const keys = await deps.redis.keys('*')
  const dumps = await Promise.all(keys.map((key) => deps.redis.dumpBuffer(key)))
  const streams = await Promise.all(['{p0}:events', '{p1}:events'].map((key) => deps.redis.xrange(key, '-', '+')))
  // DUMP compresses long values; the plain forms of every type are searched as well.
  const hashes = await Promise.all(
    keys.filter((key) => key.includes(':state:pop') || /:state:pending_operation:/.test(key)).map((key) => deps.redis.hgetall(key)),
  )
  const everything = [
    keys.join(' '),
    ...dumps.map((dump) => dump?.toString('latin1') ?? ''),
    JSON.stringify(streams),
    JSON.stringify(hashes),
  ].join('\n')
  expect(hashes.length).toBeGreaterThan(10)
  for (const secret of [...secrets, ...made.map(({ token }) => token), 'alice']) expect(everything).not.toContain(secret)
})

it('keys rotate under load without an unreadable record or an unlisted one', async () => {
  const [k1, k2] = [newMasterKey('k1'), newMasterKey('k2')]
  // As an operator does it: first every process can read the new key, then it writes, then the old one goes.
  const phases = [k1, `${k1},${k2}`, `${k2},${k1}`].map((keys) => createOperations(redisUrl, { partitions: 2, keys }))
  const tokens: { token: string; n: number }[] = []
  const failures: unknown[] = []
  for (let phase = 0; phase < phases.length; phase++) {
    // Two processes that are one phase apart, as in a rolling restart.
    const running = [phases[Math.max(0, phase - 1)], phases[phase]].filter((one) => one !== undefined)
    const work = Array.from({ length: 150 }, async (_, at) => {
      const on = running[at % running.length] ?? deps
      const other = running[(at + 1) % running.length] ?? deps
      const created = await begin(
        { data: { n: tokens.length + at }, backend: at % 5 === 0 ? 'jwt' : 'redis', recipient: 'alice@example.com' },
        on,
      )
      tokens.push({ token: created.token, n: at })
      await lookupOperation(other, alice, { token: created.token }, context)
      if (created.backend === 'redis') await updateOperation(other, created.token, { data: { seen: phase } }, trace)
      const older = tokens[Math.floor((tokens.length * at) / 150)]
      if (older) await lookupOperation(on, alice, { token: older.token }, context)
    })
    for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') failures.push(result.reason)
  }
  expect(failures).toEqual([])
  const last = phases[2] ?? deps
  const { totalCount } = await listOperations(last, alice, {}, { first: 1 }, context)
  expect(totalCount).toBe(tokens.length - tokens.length / 5)
  const consumed = await Promise.all(
    tokens.slice(0, 300).map(({ token }) => consumeOperation(last, alice, { token, operationType: 'registration' }, trace)),
  )
  expect(consumed.every(({ data }) => typeof data['n'] === 'number')).toBe(true)
  // The old key may go once all that it made is over: what was made since is then read and listed without it.
  const made = await begin({ recipient: 'alice@example.com', data: { after: true } }, last)
  const without = createOperations(redisUrl, { partitions: 2, keys: k2 })
  expect(await getOperation(without, alice, made.id, context)).toMatchObject({ data: { after: true } })
  expect((await listOperations(without, alice, {}, { first: 100 }, context)).nodes.map(({ id }) => id)).toContain(made.id)
})

it('a record whose time was moved from outside does not open', async () => {
  const { token, id } = await begin({ expiresIn: 60 })
  const key = (await deps.redis.keys(`*${id}`))[0] ?? ''
  await deps.redis.hset(key, 'expiresAtMs', deps.time.nowMs + 9_000_000)
  expect((await getOperation(deps, alice, id, context)).data).toBeUndefined()
  await expect(consumeOperation(deps, alice, { token, operationType: 'registration' }, trace)).rejects.toMatchObject({
    code: 'token_invalid',
  })
})

describe('the audit', () => {
  const subjectsOf = async (type: string): Promise<string[]> => {
    const entries = (await Promise.all(['{p0}:events', '{p1}:events'].map((key) => deps.redis.xrange(key, '-', '+')))).flat()
    return entries
      .map(([, flat]) => flat)
      .filter((flat) => flat.includes(type))
      .map((flat) => String(flat[flat.indexOf('subject') + 1]))
  }
  const looks = (): Promise<string[]> => subjectsOf('pending_operation.viewed')

  it('knows of every operation that was made, whichever backend holds it', async () => {
    const made = [await begin(), await begin({ backend: 'jwt' })]
    const created = await subjectsOf('pending_operation.created')
    for (const { id } of made) expect(created).toContain(`pending_operation:${id}`)
  })

  it('has an entry for each look at somebody else’s, and none for one’s own', async () => {
    const made = [await begin(), await begin(), await begin({}, deps, admin)]
    await getOperation(deps, alice, made[0]?.id ?? '', context)
    await listOperations(deps, alice, {}, { first: 10 }, context)
    expect(await looks()).toEqual([])
    await getOperation(deps, admin, made[2]?.id ?? '', context)
    expect(await looks()).toEqual([])
    await getOperation(deps, admin, made[0]?.id ?? '', context)
    expect(await looks()).toEqual([`pending_operation:${made[0]?.id}`])
    await listOperations(deps, admin, {}, { first: 10 }, context)
    expect((await looks()).toSorted()).toEqual([made[0], made[0], made[1]].map((one) => `pending_operation:${one?.id}`).toSorted())
  })
})

it('listings have a limit of their own', async () => {
  const limited = createOperations(redisUrl, { listingsPerMinute: 3 })
  const { admit } = await import('../../../src/domain/pending-operations/admission.ts')
  for (let i = 0; i < 3; i++) await admit(limited, alice, 'listing')
  await expect(admit(limited, alice, 'listing')).rejects.toMatchObject({
    code: 'rate_limited',
    details: { limit: { name: 'listings', limit: 3 } },
  })
  await admit(limited, alice, 'request')
})

it('one that was ended early has no time left', async () => {
  const { id } = await begin({ expiresIn: '1h' })
  expect(await getOperation(deps, alice, id, context)).toMatchObject({ status: 'active', expiresIn: 3_600 })
  await deps.states.expire({ kind: 'pending_operation', id }, trace, deps.time.nowMs)
  expect(await getOperation(deps, alice, id, context)).toMatchObject({ status: 'expired', expiresIn: 0 })
})

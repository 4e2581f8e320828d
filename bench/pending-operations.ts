// A million pending operations: what a page for one recipient costs beside a SCAN, and what each step costs beside plain SET and GET.
// node bench/pending-operations.ts [--operations 1000000]. Starts a Redis of its own in the system's temporary folder and takes it away again.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Caller } from '../src/domain/caller.ts'
import { consumeOperation } from '../src/domain/pending-operations/consume.ts'
import { createOperation } from '../src/domain/pending-operations/create.ts'
import { listOperations } from '../src/domain/pending-operations/list.ts'
import { lookupOperation } from '../src/domain/pending-operations/read.ts'
import { updateOperation } from '../src/domain/pending-operations/update.ts'
import { systemClock } from '../src/lib/clock.ts'
import { Keyring } from '../src/lib/keyring.ts'
import { findFreePort } from '../src/lib/ports.ts'
import { createStateTokens } from '../src/providers/tokens/state-tokens.ts'
import { startRedis } from '../src/standins/redis.ts'
import { closeRedis, openRedis } from '../src/stores/redis/connections.ts'
import { ScriptRunner } from '../src/stores/redis/run-script.ts'
import { createSpentIds } from '../src/stores/redis/spent-ids.ts'
import { RedisStateStore } from '../src/stores/redis/states.ts'

const { values } = parseArgs({ options: { operations: { type: 'string', default: '1000000' } } })
const operations = Number(values.operations)
const recipients = Math.max(1, Math.floor(operations / 500))
const types = ['registration', 'campaign', 'form', 'approval'] as const
const lanes = 64
const steps = 20_000

const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
const server = await startRedis({ dataDir: folder, port: await findFreePort(), password: randomBytes(16).toString('hex') })
const redis = openRedis(server.url, 'patient', 'bench', () => {})
// The file of a Redis that is thrown away would only measure the disk; both sides of the comparison go without.
await redis.config('SET', 'appendonly', 'no')
const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
const runner = new ScriptRunner(redis, 600_000)
const unused = (): never => {
  throw new TypeError('not part of the bench')
}
const deps = {
  clock: systemClock,
  keyring,
  policy: { partitions: 1, requestsPerMinute: 0 },
  listingsPerMinute: 0,
  states: new RedisStateStore(runner, 1),
  spentIds: createSpentIds(runner),
  stateTokens: createStateTokens({ keyring, name: 'bench' }),
  events: { append: async () => {} },
  stateStatistics: { read: unused },
  stateFeed: { follow: unused },
  idempotency: { claim: unused, settle: unused, release: unused },
  limits: { take: unused },
}
const trace = { requestId: 'bench', actor: 'bench' }
const context = { requestId: 'bench' }
const shop: Caller = { kind: 'api-key', keyId: 'shop', scopes: [] }
const userOf = (number: number): Caller => ({ kind: 'user', subject: `user-${number}`, roles: [], email: `user-${number}@example.com` })
const data = { name: 'Ada Lovelace', address: { street: '12 St James Square', city: 'London' }, step: 3, password: 'correct horse' }

/** Every recipient has operations of each type. */
const typeAt = (at: number): string => types[Math.floor(at / recipients) % types.length] ?? 'form'
const create = (at: number) =>
  createOperation(
    deps,
    shop,
    { operationType: typeAt(at), backend: 'redis', data, recipient: `user-${at % recipients}@example.com`, expiresIn: '24h' },
    trace,
  )

/** Runs `work` this often, in lanes; the milliseconds of each and the rate of all. */
async function measure(
  count: number,
  width: number,
  work: (at: number) => Promise<unknown>,
): Promise<{ each: number[]; perSecond: number }> {
  const each: number[] = []
  const startedAt = performance.now()
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next++
      const before = performance.now()
      await work(at)
      each.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return { each: each.toSorted((one, other) => one - other), perSecond: (count / (performance.now() - startedAt)) * 1_000 }
}

function row(name: string, { each, perSecond }: { each: number[]; perSecond: number }): void {
  const at = (share: number): string => (each[Math.min(each.length - 1, Math.floor(each.length * share))] ?? 0).toFixed(2)
  console.log(
    `${name.padEnd(58)}${at(0.5).padStart(10)}${at(0.95).padStart(10)}${at(0.99).padStart(10)}${Math.round(perSecond).toLocaleString('en').padStart(12)}`,
  )
}

try {
  const seeded = await measure(operations, 256, create)
  const memory = /used_memory_human:(\S+)/.exec(await redis.info('memory'))?.[1]
  console.log(
    `${operations.toLocaleString('en')} operations, ${recipients.toLocaleString('en')} recipients, Redis holds ${memory}; seeded at ${Math.round(seeded.perSecond).toLocaleString('en')} a second`,
  )
  console.log(`${''.padEnd(58)}${'p50 ms'.padStart(10)}${'p95 ms'.padStart(10)}${'p99 ms'.padStart(10)}${'per second'.padStart(12)}`)
  const page = (filter: object, caller: (number: number) => Caller) => () => {
    const number = someone()
    return listOperations(deps, caller(number), filter, { first: 50 }, context)
  }
  row('page of 50, own, filtered by type', await measure(500, 1, page({ operationType: 'campaign' }, userOf)))
  row('page of 50, own', await measure(500, 1, page({}, userOf)))
  row('page of 50, own, active ones', await measure(500, 1, page({ status: 'active' }, userOf)))
  row(
    'page of 50, admin, one recipient and type',
    await measure(500, 1, () =>
      listOperations(deps, shop, { recipient: `user-${someone()}@example.com`, operationType: 'form' }, { first: 50 }, context),
    ),
  )
  row(
    'page of 50, admin, all',
    await measure(
      500,
      1,
      page({}, () => shop),
    ),
  )
  const middle = await deepCursor()
  row(
    'page of 50, admin, 5,000 operations further on',
    await measure(200, 1, () => listOperations(deps, shop, {}, { first: 50, after: middle }, context)),
  )
  row('the same page for one recipient by SCAN and HMGET', await measure(1, 1, () => scanFor()))
  console.log(`\n${lanes} at once`)
  const tokens: string[] = []
  row('create', await measure(steps, lanes, async (at) => tokens.push((await create(at)).token)))
  row('  beside SET with EX', await measure(steps, lanes, (at) => redis.set(`plain:${at}`, JSON.stringify(data), 'EX', 86_400)))
  row('read (lookup)', await measure(steps, lanes, (at) => lookupOperation(deps, shop, { token: tokens[at] ?? '' }, context)))
  row('  beside GET', await measure(steps, lanes, (at) => redis.get(`plain:${at}`)))
  row(
    'update (merge, compare-and-set)',
    await measure(steps, lanes, (at) => updateOperation(deps, tokens[at] ?? '', { data: { step: at } }, trace)),
  )
  row(
    '  beside GET and SET',
    await measure(steps, lanes, async (at) => redis.set(`plain:${at}`, (await redis.get(`plain:${at}`)) ?? '', 'EX', 86_400)),
  )
  row(
    'consume',
    await measure(steps, lanes, (at) => consumeOperation(deps, shop, { token: tokens[at] ?? '', operationType: typeAt(at) }, trace)),
  )
  row('  beside GETDEL', await measure(steps, lanes, (at) => redis.getdel(`plain:${at}`)))
} finally {
  closeRedis(redis)
  await server.kill()
  rmSync(folder, { recursive: true, force: true })
}

async function deepCursor(): Promise<string> {
  let after: string | undefined
  for (let at = 0; at < 50; at++)
    after = (await listOperations(deps, shop, {}, { first: 100, ...(after ? { after } : {}) }, context)).pageInfo.endCursor ?? undefined
  return after ?? ''
}

/** What a store without indexes has to do: look at every key, and ask each record whose it is. */
async function scanFor(): Promise<number> {
  const whose = keyring.fingerprints('who', `to:user-${someone()}@example.com`)[0]
  let cursor = '0'
  let found = 0
  do {
    const [next, keys] = await redis.scan(cursor, 'MATCH', '*:state:pending_operation:*', 'COUNT', 1_000)
    const pipeline = redis.pipeline()
    for (const key of keys) pipeline.hmget(key, 'f:recipient', 'f:operationType')
    for (const [, facts] of (await pipeline.exec()) ?? [])
      if (Array.isArray(facts) && facts[0] === whose && facts[1] === 'campaign') found++
    cursor = next
  } while (cursor !== '0')
  return found
}

function someone(): number {
  return Math.floor(Math.random() * recipients)
}

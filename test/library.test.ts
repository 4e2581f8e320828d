// The emitted package as a user of it has it: plain JavaScript in a project of its own, and types that a compiler checks.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { projectRoot } from '../src/lib/run-file.ts'
import { createTestRedis } from './support/infra.ts'
import { newMasterKey } from './support/operations.ts'

let folder: string
let redisUrl: string

beforeAll(async () => {
  redisUrl = await createTestRedis()
  const built = spawnSync(process.execPath, [join(projectRoot, 'scripts/build-library.mjs')], { encoding: 'utf8' })
  if (built.status !== 0) throw new Error(built.stdout + built.stderr)
  folder = mkdtempSync(join(tmpdir(), 'sallyport-user-'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(projectRoot, join(folder, 'node_modules', 'sallyport'))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', type: 'module', private: true }))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(code: string): { status: number | null; out: unknown; errors: string } {
  writeFileSync(join(folder, 'index.js'), code)
  const keys = newMasterKey('k1')
  const done = spawnSync(process.execPath, ['index.js'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], REDIS_URL: redisUrl, KEYS: keys },
  })
  return { status: done.status, out: done.stdout.trim() ? JSON.parse(done.stdout) : null, errors: done.stderr }
}

it('serves a plain JavaScript program with each backend', () => {
  const done = run(`
    import { createRegistrationStore, createPendingOperationStore, AppError } from 'sallyport'
    const { REDIS_URL: redis, KEYS: keys } = process.env
    const said = {}
    for (const backend of ['redis', 'jwt', 'auto']) {
      const store = createRegistrationStore({ backend, redis, keys, redisKeyPrefix: 'mine:', defaultExpiration: '2h' })
      const created = await store.create({ data: { name: 'Ada', password: 'p' }, recipient: 'ada@example.com' })
      const foreign = createPendingOperationStore({ backend, redis, keys, redisKeyPrefix: 'mine:', type: 'campaign' })
      const seen = [await store.verify(created.token), await store.verify(created.token), await store.verify('nonsense'), await store.verify(undefined), await foreign.verify(created.token)]
      const updated = await store.update(created.token, { name: 'Grace' }).catch((error) => error.code)
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.consume(created.token)))
      const taken = results.filter(({ status }) => status === 'fulfilled').map(({ value }) => value.data)
      const refused = new Set(results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason instanceof AppError && reason.code))
      said[backend] = { expiresIn: created.expiresIn, seen: seen.map((one) => one && one.data.password), updated: updated.version ?? updated, taken, refused: [...refused], after: await store.verify(created.token) }
      await store.close()
      await foreign.close()
    }
    const store = createPendingOperationStore({ redis, keys, redisKeyPrefix: 'mine:' })
    await store.create({ type: 'short', data: { n: 1 }, expiresIn: 1 })
    await store.create({ type: 'long', data: { n: 2, token: 't' }, expiresIn: 60, recipient: 'bob' })
    const list = await store.list({ recipient: 'bob' })
    said.list = { total: list.totalCount, data: list.nodes.map((node) => node.data) }
    await store.close()
    console.log(JSON.stringify(said))
  `)
  expect(done.errors).toBe('')
  const same = { expiresIn: 7_200, seen: ['p', 'p', null, null, null], refused: ['token_used'], after: null }
  expect(done.out).toEqual({
    redis: { ...same, updated: 2, taken: [{ name: 'Grace', password: 'p' }] },
    jwt: { ...same, updated: 'not_updatable', taken: [{ name: 'Ada', password: 'p' }] },
    auto: { ...same, updated: 2, taken: [{ name: 'Grace', password: 'p' }] },
    list: { total: 1, data: [{ n: 2 }] },
  })
})

it('falls back to tokens while Redis is away, and says so', () => {
  const done = run(`
    import { createFormStore } from 'sallyport'
    const store = createFormStore({ backend: 'auto', redis: 'redis://127.0.0.1:1', keys: process.env.KEYS })
    const { backend, singleUse, token } = await store.create({ data: { step: 1 } })
    const consumed = await store.consume(token)
    const redisOnly = createFormStore({ redis: 'redis://127.0.0.1:1', keys: process.env.KEYS })
    const refused = await redisOnly.create({ data: {} }).catch((error) => error.code)
    const none = createFormStore({ backend: 'jwt', keys: process.env.KEYS })
    const lonely = await none.create({ data: { alone: true } })
    console.log(JSON.stringify({ backend, singleUse, consumed: [consumed.data, consumed.singleUse], refused, lonely: (await none.verify(lonely.token)).data }))
    await Promise.all([store, redisOnly, none].map((one) => one.close()))
  `)
  expect(done.errors).toBe('')
  expect(done.out).toEqual({
    backend: 'jwt',
    singleUse: false,
    consumed: [{ step: 1 }, false],
    refused: 'service_degraded',
    lonely: { alone: true },
  })
})

it('refuses what can never work when the store is made', () => {
  const done = run(`
    import { createFormStore } from 'sallyport'
    const message = (options) => { try { createFormStore(options); return 'made' } catch (error) { return error.message } }
    const { KEYS: keys } = process.env
    console.log(JSON.stringify([message({ keys }), message({ keys: 'k1:short', backend: 'jwt' }), message({ keys, redis: 'redis://x', redisKeyPrefix: '{a}' }), message({ keys, backend: 'jwt', defaultExpiration: '1 week' })]))
  `)
  expect(done.out).toEqual([
    expect.stringContaining('needs redis'),
    expect.stringContaining('fewer than 32 bytes'),
    expect.stringContaining('no braces'),
    expect.stringContaining('30 days'),
  ])
})

it('has types that hold in a strict project', () => {
  writeFileSync(
    join(folder, 'index.ts'),
    `import { createCampaignStore, type PendingOperationStore, type OpenOperation } from 'sallyport'
     type Campaign = { title: string; budget: number }
     const store: PendingOperationStore<Campaign> = createCampaignStore<Campaign>({ redis: 'redis://x', keys: '' })
     export async function title(token: string): Promise<string> {
       const operation: OpenOperation<Campaign> | null = await store.verify(token)
       // @ts-expect-error -- there is no such field
       operation?.data.colour
       // @ts-expect-error -- null is possible
       operation.data
       return operation ? operation.data.title : ''
     }
     // @ts-expect-error -- budget is missing
     export const created = store.create({ data: { title: 'x' } })
    `,
  )
  const options = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2023',
    types: ['node'],
    typeRoots: [join(projectRoot, 'node_modules/@types')],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, skipLibCheck: true }, files: ['index.ts'] }))
  const checked = spawnSync(join(projectRoot, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
  expect(checked.stdout).toBe('')
  expect(checked.status).toBe(0)
})

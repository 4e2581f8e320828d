// Evidence and integrity with real processes: an envelope is signed over HTTP, its bundle verifies in another folder, the first sweep has run, and damage is found.
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JobProducer } from '../../src/queues/bullmq.ts'
import { closeRedis, openRedis } from '../../src/stores/redis/connections.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { unpack } from '../support/archive.ts'
import { envelopeThatIs, openSignerBrowser, sendEnvelope, signerLink } from '../support/envelope-http.ts'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'sallyport-evidence-e2e-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let system: System
let alice: Record<string, string>
let admin: Record<string, string>
let id: string
beforeAll(async () => {
  system = await startSystem({ env: { STORAGE_URL: `file:${join(folder, 'blobs')}`, AUDIT_DIR: join(folder, 'audit') } })
  alice = await system.as({ sub: 'alice' })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
  const email = 'ada@example.com'
  id = (await sendEnvelope(system, alice, { signers: [{ name: 'Ada Shikongo', email }] })).id
  await openSignerBrowser(system, await signerLink(system, email)).sign(email, 'Ada Shikongo')
  await envelopeThatIs(system, alice, id, ['completed'])
}, 120_000)

/** As the scheduler does in the next hour. */
async function beginSweep(): Promise<void> {
  const redis = openRedis(system.env['REDIS_URL'] ?? '', 'patient', 'test-sweep', () => {})
  const producer = new JobProducer(redis, 1, partitionTag)
  await producer.add({ name: 'integrity.sweep', payload: { slot: Math.floor(Date.now() / 3_600_000) + 1 } })
  await producer.close()
  closeRedis(redis)
}

async function bundle(): Promise<Buffer> {
  return until(async () => {
    const answer = await fetch(`${system.url}/v1/envelopes/${id}/evidence`, { headers: alice })
    // The trail may need a moment to take the last act.
    if (answer.status === 409) return null
    expect(answer.status).toBe(200)
    return Buffer.from(await answer.arrayBuffer())
  })
}

it('the bundle of an envelope that was signed over HTTP verifies offline', async () => {
  const place = mkdtempSync(join(folder, 'bundle-'))
  await unpack(await bundle(), place)
  const { stdout } = await run(process.execPath, ['verify.ts'], { cwd: place, env: {} })
  expect(stdout).toContain('The bundle is whole')
  const keys = (await (await fetch(`${system.url}/.well-known/jwks.json`)).json()) as { keys: { x: string }[] }
  const own = JSON.parse(readFileSync(join(place, 'jwks.json'), 'utf8')) as { keys: { x: string }[] }
  expect(keys.keys.map(({ x }) => x)).toContain(own.keys[0]?.x)
})

it('the first sweep runs by itself, and the next one names a copy that was altered on the disk', async () => {
  const swept = await until(
    async () => {
      const { body } = await system.call('GET', '/v1/audit?action=integrity.swept', undefined, admin)
      return (body['nodes'] as { data: Record<string, string> }[]).at(-1)
    },
    { timeoutMs: 30_000 },
  )
  expect(swept.data).toMatchObject({ failed: '0', software: expect.stringContaining('sallyport/') as unknown })
  const place = join(folder, 'blobs', 'objects', 'envelopes', id)
  const name = readdirSync(place).find((file) => file.startsWith('sealed')) ?? ''
  const content = readFileSync(join(place, name))
  content[content.length - 10] = (content[content.length - 10] ?? 0) ^ 1
  writeFileSync(join(place, name), content)
  await beginSweep()
  const looks = await until(
    async () => {
      const { body } = await system.call('GET', `/v1/audit?subject=integrity:${id}`, undefined, admin)
      const nodes = body['nodes'] as { action: string; data: unknown }[]
      return nodes.length > 0 ? nodes : null
    },
    { timeoutMs: 30_000 },
  )
  expect(looks).toMatchObject([{ action: 'integrity.failed', data: { outcome: 'altered' } }])
}, 120_000)

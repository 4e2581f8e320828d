// Retention and evidence over HTTP: rights, refusals, and a bundle that is a ZIP whatever happens to its reader.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import { purgeDue } from '../../src/domain/retention/purge.ts'
import { packZip } from '../../src/providers/zip.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { unpack } from '../support/archive.ts'
import { createTestEvidence, type TestEvidence } from '../support/evidence.ts'
import { createToken, startApi, type Harness } from './harness.ts'

const run = promisify(execFile)

let it: TestEvidence
let api: Harness
let record: EnvelopeRecord
let owner: Record<string, string>
let admin: Record<string, string>
let stranger: Record<string, string>

beforeAll(async () => {
  it = await createTestEvidence()
  const events = createEventLog(it.domain.runner)
  const { telemetry: _telemetry, ...parts } = { ...it.deps, ...it.evidence, retention: it.keeping.retention }
  api = await startApi({}, { ...parts, events, packFiles: packZip })
  record = await it.complete()
  const bearer = async (subject: string, roles: string[] = []) => ({ authorization: `Bearer ${await createToken({ roles }, subject)}` })
  owner = await bearer('sender')
  admin = await bearer('root', ['admin'])
  stranger = await bearer('stranger')
})
afterAll(() => api.close())

async function call(method: string, path: string, headers: Record<string, string>, body?: unknown) {
  const answer = await api.fetch(path, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

test('the owner sees and lengthens retention, an admin holds, a stranger finds nothing', async () => {
  const path = `/v1/envelopes/${record.id}`
  expect(await call('GET', `/v1/retention/${record.id}`, owner)).toMatchObject({
    status: 200,
    body: { class: 'standard', legalHold: null },
  })
  expect(await call('GET', `/v1/retention/${record.id}`, stranger)).toMatchObject({ status: 404, body: { code: 'envelope_not_found' } })
  expect(await call('GET', '/v1/retention/whatever', owner)).toMatchObject({ status: 404 })
  expect(await call('PUT', `${path}/retention`, owner, { class: 'extended' })).toMatchObject({ status: 200, body: { class: 'extended' } })
  expect(await call('PUT', `${path}/retention`, owner, { class: 'standard' })).toMatchObject({
    status: 409,
    body: { code: 'retention_shorter' },
  })
  expect(await call('PUT', `${path}/retention`, owner, { class: 'for-ever' })).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: '/class' }] },
  })
  expect(await call('PUT', `${path}/retention`, owner, { class: 'long', by: 'me' })).toMatchObject({ status: 400 })
  expect(await call('PUT', `${path}/legal-hold`, owner, { reason: 'x' })).toMatchObject({ status: 403 })
  expect(await call('PUT', `${path}/legal-hold`, admin, { reason: '' })).toMatchObject({ status: 400 })
  expect(await call('PUT', `${path}/legal-hold`, admin, { reason: 'Case 12' })).toMatchObject({
    status: 200,
    body: { legalHold: { reason: 'Case 12' } },
  })
  expect(await call('GET', `/v1/retention/${record.id}`, owner)).toMatchObject({ body: { legalHold: { reason: null } } })
  expect(await call('DELETE', `${path}/legal-hold`, admin)).toMatchObject({ status: 200, body: { legalHold: null } })
  expect(await call('PUT', `/v1/documents/${record.documentId}/retention`, owner, { class: 'long' })).toMatchObject({ status: 200 })
  expect(await call('PUT', `/v1/documents/${record.id}/retention`, owner, { class: 'long' })).toMatchObject({ status: 404 })
  expect(await call('PUT', `/v1/envelopes/${(await it.ready()).id}/retention`, owner, { class: 'long' })).toMatchObject({ status: 409 })
})

test('the bundle comes as a ZIP that verifies when it is unpacked', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-zip-'))
  try {
    const answer = await api.fetch(`/v1/envelopes/${record.id}/evidence`, { headers: owner })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/zip')
    expect(answer.headers.get('content-disposition')).toContain(`filename="evidence-${record.id}.zip"`)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    await unpack(Buffer.from(await answer.arrayBuffer()), folder)
    const { stdout } = await run(process.execPath, ['verify.ts'], { cwd: folder, env: {} })
    expect(stdout).toContain('The bundle is whole')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('there is no bundle for strangers, before completion, and after the end of retention', async () => {
  const evidence = (id: string, who = owner) => call('GET', `/v1/envelopes/${id}/evidence`, who)
  expect(await evidence(record.id, stranger)).toMatchObject({ status: 404, body: { code: 'envelope_not_found' } })
  expect(await evidence('env_nothing')).toMatchObject({ status: 404 })
  expect(await evidence((await it.ready()).id)).toMatchObject({ status: 409, body: { code: 'evidence_not_ready' } })
  const short = await it.complete({}, { retention: 'transient' })
  it.clock.advance(31 * 86_400_000)
  await purgeDue(it.sweeping, new AbortController().signal)
  expect(await evidence(short.id)).toMatchObject({ status: 410, body: { code: 'envelope_purged' } })
})

test('a bundle whose copy is gone is a fault of ours, and no half of a file', async () => {
  const other = await it.complete()
  await it.deps.blobs.remove(other.seal?.sealedKey ?? '')
  expect(await call('GET', `/v1/envelopes/${other.id}/evidence`, owner)).toMatchObject({ status: 500, body: { code: 'internal' } })
})

test('a file that breaks off while it is packed breaks the archive, and a reader that leaves closes what is open', async () => {
  const broken = packZip([{ name: 'a.pdf', bytes: 9, open: async () => Readable.from([Buffer.from('short')]) }], 0)
  await expect(broken.toArray()).rejects.toThrow('unexpected number of bytes')
  const failing = packZip([{ name: 'a.pdf', bytes: 9, open: () => Promise.reject(new Error('EIO')) }], 0)
  await expect(failing.toArray()).rejects.toThrow('EIO')
  const torn = packZip([{ name: 'a.pdf', bytes: 9, open: async () => Readable.from(breaking()) }], 0)
  await expect(torn.toArray()).rejects.toThrow('torn')
  const endless = Readable.from(bytes())
  const left = packZip([{ name: 'a.pdf', bytes: 1e9, open: async () => endless }], 0)
  await new Promise((resolve) => left.once('readable', resolve))
  left.destroy()
  await expect.poll(() => endless.destroyed).toBe(true)
})

async function* breaking(): AsyncGenerator<Buffer> {
  yield Buffer.from('some')
  throw new Error('torn')
}

async function* bytes(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(65_536)
}

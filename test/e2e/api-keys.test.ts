// API keys over HTTP and from the command line, with every process real.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/lib/run-file.ts'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'

const keys = '/v1/api-keys'
let system: System
let admin: Record<string, string>

beforeAll(async () => {
  system = await startSystem({ apis: 2, workers: 1 })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
})

const bearer = (key: unknown): Record<string, string> => ({ authorization: `Bearer ${String(key)}` })
/** What a key may do: the status of a call that every scope but its own refuses. */
const tryKey = async (key: unknown, path = '/v1/pending-operations', base?: string): Promise<number> =>
  (await system.call('GET', path, undefined, bearer(key), base)).status

async function cli(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [join(projectRoot, 'src/bin/cli.ts'), 'keys', ...args], {
    env: { PATH: process.env.PATH, ...system.env },
  })
}

describe('an API key', () => {
  it('is shown once, opens what its scopes say, and is listed with its last use but never again in clear', async () => {
    const made = await system.call('POST', keys, { name: 'shop', scopes: ['pending_operations'] }, admin)
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ name: 'shop', scopes: ['pending_operations'], key: expect.stringMatching(/^sk_[\w-]{43}$/) })
    const { key, id } = made.body
    expect(await tryKey(key)).toBe(200)
    expect(await tryKey(key, keys)).toBe(403)
    expect((await system.call('POST', '/v1/verifications', { channel: 'sms', to: '+14155550123' }, bearer(key))).status).toBe(403)
    await until(async () => (await system.call('GET', `${keys}/${id}`, undefined, admin)).body['lastUsedAt'])
    const list = await system.call('GET', `${keys}?first=100`, undefined, admin)
    expect(list.text).toContain(String(id))
    expect(list.text).not.toContain(String(key))
  })

  it('of one part opens no other: neither uploads nor documents', async () => {
    const { body } = await system.call('POST', keys, { name: 'codes', scopes: ['verifications'] }, admin)
    for (const path of ['/v1/uploads', '/v1/documents', '/v1/pending-operations', '/v1/sessions'])
      expect([path, await tryKey(body['key'], path)]).toEqual([path, 403])
    const created = await fetch(`${system.url}/v1/uploads`, {
      method: 'POST',
      headers: { ...bearer(body['key']), 'tus-resumable': '1.0.0', 'upload-length': '5' },
    })
    expect(created.status).toBe(403)
    const files = await system.call('POST', keys, { name: 'files', scopes: ['uploads', 'documents'] }, admin)
    expect(await tryKey(files.body['key'], '/v1/uploads')).toBe(200)
    expect(await tryKey(files.body['key'], '/v1/documents')).toBe(200)
  })

  it('is rotated once for the same Idempotency-Key, and the key before it goes on', async () => {
    const { body } = await system.call('POST', keys, { name: 'turning', scopes: ['pending_operations'] }, admin)
    const headers = { ...admin, 'idempotency-key': 'turn-1' }
    const rotate = () => system.call('POST', `${keys}/${String(body['id'])}/rotate`, { overlap: 3600 }, headers)
    const [first, again] = [await rotate(), await rotate()]
    expect(again.body).toEqual(first.body)
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await tryKey(body['key'])).toBe(200)
    expect(await tryKey(first.body['key'])).toBe(200)
  })

  it("ends the trail's live tail with itself", async () => {
    const { body } = await system.call('POST', keys, { name: 'watcher', scopes: ['admin'] }, admin)
    const stream = await fetch(`${system.url}/v1/audit/tail`, { headers: bearer(body['key']) })
    expect(stream.status).toBe(200)
    await system.call('DELETE', `${keys}/${String(body['id'])}`, undefined, admin)
    // Ends by itself: the text is complete only once the server has closed.
    await expect(stream.text()).resolves.toContain('retry:')
  })

  it('is the same for the same Idempotency-Key', async () => {
    const headers = { ...admin, 'idempotency-key': 'one' }
    const [first, second] = [
      await system.call('POST', keys, { name: 'twice' }, headers),
      await system.call('POST', keys, { name: 'twice' }, headers),
    ]
    expect(second.body['key']).toBe(first.body['key'])
    expect(second.headers.get('idempotent-replayed')).toBe('true')
  })

  it('that is revoked opens nothing in any process within two seconds, and cannot be rotated', async () => {
    const { body } = await system.call('POST', keys, { name: 'old' }, admin)
    for (const base of system.urls) expect(await tryKey(body['key'], undefined, base)).toBe(200)
    expect((await system.call('DELETE', `${keys}/${body['id']}`, undefined, admin)).status).toBe(204)
    expect((await system.call('DELETE', `${keys}/${body['id']}`, undefined, admin)).status).toBe(204)
    for (const base of system.urls) await until(async () => (await tryKey(body['key'], undefined, base)) === 401, { timeoutMs: 2_000 })
    expect((await system.call('POST', `${keys}/${body['id']}/rotate`, {}, admin)).status).toBe(404)
    expect((await system.call('DELETE', `${keys}/key_none`, undefined, admin)).status).toBe(404)
  })

  it('goes on beside its successor until the overlap is over', async () => {
    const { body } = await system.call('POST', keys, { name: 'turning' }, admin)
    const rotated = await system.call('POST', `${keys}/${body['id']}/rotate`, { overlap: 3_600 }, admin)
    expect(rotated.body).toMatchObject({ id: body['id'], previousKeyUntil: expect.any(String) })
    expect(await tryKey(body['key'])).toBe(200)
    expect(await tryKey(rotated.body['key'])).toBe(200)
    const again = await system.call('POST', `${keys}/${body['id']}/rotate`, { overlap: 0 }, admin)
    await until(async () => (await tryKey(rotated.body['key'])) === 401, { timeoutMs: 2_000 })
    await until(async () => (await tryKey(body['key'])) === 401, { timeoutMs: 2_000 })
    expect(await tryKey(again.body['key'])).toBe(200)
  })

  it('leaves its making, rotation and end in the audit trail, by whom', async () => {
    const { body } = await system.call('POST', keys, { name: 'watched' }, admin)
    await system.call('POST', `${keys}/${body['id']}/rotate`, {}, admin)
    await system.call('DELETE', `${keys}/${body['id']}`, undefined, admin)
    const path = `/v1/audit?subject=api_key:${body['id']}&actor=user:root`
    const nodes = await until(async () => {
      const found = (await system.call('GET', path, undefined, admin)).body['nodes'] as { action: string }[]
      return found.length === 3 ? found : undefined
    })
    expect(nodes.map(({ action }) => action)).toEqual(['api_key.revoked', 'api_key.rotated', 'api_key.created'])
  })

  it('can be made, listed, rotated and revoked from the command line', async () => {
    const { stdout, stderr } = await cli(['create', '--name', 'cli', '--scopes', 'pending_operations'])
    const id = /key_\w+/.exec(stderr)?.[0] ?? ''
    expect(await tryKey(stdout.trim())).toBe(200)
    expect((await cli(['list'])).stdout).toMatch(new RegExp(`^${id}\tcli\tpending_operations\t`, 'm'))
    const rotated = await cli(['rotate', id, '--overlap', '0'])
    expect(await tryKey(rotated.stdout.trim())).toBe(200)
    await cli(['revoke', id])
    await until(async () => (await tryKey(rotated.stdout.trim())) === 401, { timeoutMs: 2_000 })
    await expect(cli(['revoke', 'key_none'])).rejects.toThrow('there is no key')
    await expect(cli(['create', '--name', 'bad', '--scopes', 'everything'])).rejects.toThrow('scopes')
  })
})

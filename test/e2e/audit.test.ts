// The trail over HTTP with every process real: what happens anywhere is in it, once and in order, also when drains are killed; admins read, verify, export, follow it.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditEntry, AuditPage } from '../../src/contracts/audit.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
let system: System
let admin: Record<string, string>

beforeAll(async () => {
  system = await startSystem({ workers: 2, env: { AUDIT_DIR: folder } })
  admin = await system.as({ sub: 'root', roles: ['admin'] })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function page(query: string): Promise<AuditPage> {
  const { status, body } = await system.call('GET', `/v1/audit${query}`, undefined, admin)
  expect(status).toBe(200)
  return body as unknown as AuditPage
}

async function cli(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const work = promisify(execFile)(process.execPath, [join(projectRoot, 'src/bin/cli.ts'), 'audit', ...args], {
    env: { PATH: process.env.PATH, ...system.env },
  })
  return work.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

describe('the audit trail', () => {
  it('tells who did what, without what is personal, to admins only', async () => {
    const shop = await system.as({ sub: 'shop', roles: ['system'] })
    const to = '+14155550177'
    const { body } = await system.call('POST', '/v1/verifications', { channel: 'sms', to }, shop)
    const subject = `verification:${body['id']}`
    const found = await until(async () => {
      const { nodes } = await page(`?subject=${subject}`)
      return nodes.length >= 3 ? nodes : undefined
    })
    expect(found.at(-1)).toMatchObject({
      action: 'verification.queued',
      subject,
      subjectSequence: 1,
      data: { status: 'queued', purpose: 'phone_verification' },
    })
    expect(JSON.stringify(found)).not.toContain('0177')
    const byShop = await page('?actor=user:shop&action=verification.queued')
    expect(byShop.nodes.map((entry) => entry.subject)).toContain(subject)
    expect((await page('?actor=user:nobody')).nodes).toEqual([])
    expect((await page('?action=verification.*&first=1')).pageInfo).toMatchObject({ hasNextPage: true })
    expect((await page('?to=2020-01-01')).totalCount).toBe(0)
    for (const headers of [{}, shop]) expect((await system.call('GET', '/v1/audit', undefined, headers)).status).toBeGreaterThanOrEqual(401)
    expect((await system.call('GET', '/v1/audit?colour=red', undefined, admin)).status).toBe(400)
  })

  it('pages through without losing or repeating an entry while more are added', async () => {
    const seen: number[] = []
    let after = ''
    do {
      await system.call(
        'POST',
        '/v1/verifications',
        { channel: 'sms', to: `+1415555${String(3_000 + seen.length).padStart(4, '0')}` },
        admin,
      )
      const { nodes, pageInfo } = await page(`?first=3${after}`)
      seen.push(...nodes.map(({ sequence }) => sequence))
      after = pageInfo.hasNextPage ? `&after=${encodeURIComponent(pageInfo.endCursor ?? '')}` : ''
    } while (after !== '')
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, at) => seen.length - at))
    const wrong = await system.call(
      'GET',
      `/v1/audit?action=a.b&after=${encodeURIComponent((await page('?first=1')).pageInfo.endCursor ?? '')}`,
      undefined,
      admin,
    )
    expect(wrong.status).toBe(400)
  })

  it('has no gap and nothing twice when workers are killed again and again while they drain', { timeout: 90_000 }, async () => {
    const started: string[] = []
    for (let round = 0; round < 4; round++) {
      const numbers = Array.from({ length: 60 }, (_, at) => `+1415557${String(round * 60 + at).padStart(4, '0')}`)
      const answers = Promise.all(numbers.map((to) => system.call('POST', '/v1/verifications', { channel: 'sms', to }, admin)))
      await system.workers[round]?.kill()
      started.push(...(await answers).map(({ body }) => `verification:${body['id']}`))
      await system.startWorker()
    }
    const entries = await until(
      async () => {
        const { text } = await system.call('GET', '/v1/audit/export?action=verification.queued', undefined, admin)
        const all = text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as AuditEntry)
        return started.every((subject) => all.some((entry) => entry.subject === subject)) ? all : undefined
      },
      { timeoutMs: 30_000 },
    )
    expect(new Set(entries.map(({ subject }) => subject)).size).toBe(entries.length)
    const verified = await until(
      async () => {
        const { body } = await system.call('GET', '/v1/audit/verify', undefined, admin)
        return Number(body['checkpoints']) > 0 ? body : undefined
      },
      { timeoutMs: 30_000 },
    )
    expect(verified).toMatchObject({ ok: true })
    expect(Number(verified['entries'])).toBeGreaterThan(4 * 60)
  })

  it('can be followed, and taken up again where it broke off', async () => {
    const { nodes } = await page('?first=1')
    const last = nodes[0]?.sequence ?? 0
    const stop = new AbortController()
    const response = await fetch(`${system.url}/v1/audit/tail`, {
      headers: { ...admin, 'last-event-id': String(last - 2) },
      signal: stop.signal,
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    let text = ''
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString('utf8')
    })().catch(() => {})
    await until(() => text.includes(`id: ${last}\n`))
    await system.call('POST', '/v1/verifications', { channel: 'sms', to: '+14155559999' }, admin)
    await until(() => text.includes(`id: ${last + 1}\nevent: verification.queued`))
    expect(text).toContain(`id: ${last - 1}\n`)
    expect(text).not.toContain(`id: ${last - 2}\n`)
    stop.abort()
    await reading
  })

  it('verifies, exports and rotates from the command line, and an export verifies by itself', async () => {
    const verified = await cli(['verify'])
    expect(verified).toMatchObject({ code: 0, stdout: '' })
    expect(verified.stderr).toMatch(/entries in .* at most\n\d+ checkpoints? agree.*\nwhole/)
    const { stdout } = await cli(['export'])
    const file = join(folder, 'export.ndjson')
    writeFileSync(file, stdout)
    expect(await cli(['verify', '--file', file])).toMatchObject({ code: 0 })
    writeFileSync(file, stdout.replace('"status":"queued"', '"status":"QUEUED"'))
    expect(await cli(['verify', '--file', file])).toMatchObject({ code: 1, stderr: expect.stringMatching(/BROKEN: entry \d+ is edited/) })
    expect((await cli(['rotate', '--keep-days', '0'])).stderr).toMatch(/000000000000001\.ndjson\.gz: entries 1 to \d+/)
    expect(await cli(['verify', '--file', join(folder, 'archives', '000000000000001.ndjson.gz')])).toMatchObject({ code: 0 })
    expect(await cli(['verify'])).toMatchObject({ code: 0 })
    await until(async () => (await page('?action=audit.rotated')).nodes.length === 1)
    expect((await system.call('GET', '/v1/audit/verify', undefined, admin)).body).toMatchObject({ ok: true })
    expect((await cli(['dance'])).code).toBe(1)
  })
})

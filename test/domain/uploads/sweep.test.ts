// What time ends: idle uploads, bytes of what ended, and what nobody owns. Nothing finished is ever removed.
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findOrphans, sweepUploads } from '../../../src/domain/uploads/sweep.ts'
import { refusal } from '../../support/domain.ts'
import { textBytes } from '../../support/upload-client.ts'
import { createTestUploads, type TestUploads } from '../../support/uploads.ts'

const HOUR_MS = 3_600_000
const none = new AbortController().signal
let t: TestUploads
beforeAll(async () => {
  t = await createTestUploads()
})

const sweep = () => sweepUploads(t.work, 0, none)
const keyOf = async (id: string): Promise<string> => String((await t.deps.uploads.read(id))?.key)

describe('the sweep', () => {
  it('ends what was idle for two hours, and removes its bytes an hour later', async () => {
    const id = await t.begin(1_000)
    await t.send(id, 0, textBytes(100))
    const held = join(t.folder, 'quarantine', await keyOf(id))
    t.clock.advance(1.9 * HOUR_MS)
    await t.send(id, 100, textBytes(100))
    t.clock.advance(1.9 * HOUR_MS)
    expect(await sweep()).toEqual({ expired: 0, removed: 0 })
    expect((await t.session(id)).canResume).toBe(true)
    t.clock.advance(0.2 * HOUR_MS)
    expect((await t.session(id)).status).toBe('expired')
    expect(await refusal(t.send(id, 200, textBytes(10)))).toMatchObject({ code: 'upload_expired' })
    await sweep()
    expect(existsSync(held)).toBe(true)
    t.clock.advance(1.1 * HOUR_MS)
    expect(await sweep()).toEqual({ expired: 0, removed: 1 })
    expect(existsSync(held)).toBe(false)
    expect(await t.events(id)).toEqual(['upload.initialized', 'upload.progressed', 'upload.progressed', 'upload.expired'])
  })

  it('never touches what is whole, being finalised, or stored, however old it is', async () => {
    const stored = await t.upload(textBytes(1_000))
    await t.finalise(stored)
    const whole = await t.upload(textBytes(1_000))
    const key = await keyOf(stored)
    const heldKey = await keyOf(whole)
    t.clock.advance(1_000 * HOUR_MS)
    await sweep()
    await sweep()
    expect(existsSync(join(t.folder, 'objects', key))).toBe(true)
    expect(existsSync(join(t.folder, 'quarantine', heldKey))).toBe(true)
    expect(await t.finalise(whole)).toBe('stored')
  })

  it('removes nothing of a stored upload even when it is told to', async () => {
    const id = await t.upload(textBytes(1_000))
    await t.finalise(id)
    const key = await keyOf(id)
    await t.redis.zadd('{p0}:uploads:remove', 0, `${id} ${key}`)
    expect(await sweep()).toEqual({ expired: 0, removed: 0 })
    expect(existsSync(join(t.folder, 'objects', key))).toBe(true)
    expect(await t.redis.zcard('{p0}:uploads:remove')).toBe(0)
  })

  it('keeps the parts of a joined upload until they are joined, and removes them then', async () => {
    const { createUpload } = await import('../../../src/domain/uploads/create.ts')
    const { ada } = await import('../../support/uploads.ts')
    const context = { requestId: 'r' }
    const parts = await Promise.all(
      ['x', 'y'].map(async (seed) => {
        const { record } = await createUpload(t.deps, ada, { metadata: '', length: 500, concat: { kind: 'partial' } }, context)
        await t.send(record.id, 0, textBytes(500, seed))
        return record.id
      }),
    )
    const { record } = await createUpload(t.deps, ada, { metadata: '', concat: { kind: 'final', parts } }, context)
    t.clock.advance(5 * HOUR_MS)
    await sweep()
    expect(await t.finalise(record.id)).toBe('stored')
    expect((await t.deps.storedUploads.read(record.id))?.bytes).toBe(1_000)
    expect((await sweep()).removed).toBe(2)
    for (const part of parts) expect(existsSync(join(t.folder, 'quarantine', await keyOf(part)))).toBe(false)
  })

  it('reports what nobody owns once it is old, and leaves it where it is', async () => {
    const stored = await t.upload(textBytes(10))
    await t.finalise(stored)
    const lost = join(t.folder, 'objects', 'default', '0b0c8a4e-0000-4000-8000-000000000000', 'upl_lost')
    mkdirSync(dirname(lost), { recursive: true })
    writeFileSync(lost, 'lost')
    const seen = async () => {
      const keys: string[] = []
      for await (const { key } of findOrphans(t.work)) keys.push(key)
      return keys
    }
    utimesSync(lost, new Date(t.clock.nowMs()), new Date(t.clock.nowMs() - HOUR_MS))
    expect(await seen()).toEqual([])
    utimesSync(lost, new Date(t.clock.nowMs()), new Date(t.clock.nowMs() - 7 * HOUR_MS))
    expect(await seen()).toEqual(['default/0b0c8a4e-0000-4000-8000-000000000000/upl_lost'])
    expect(existsSync(lost)).toBe(true)
  })

  it('takes nothing for an orphan that envelopes and checks keep', async () => {
    const old = new Date(t.clock.nowMs() - 7 * HOUR_MS)
    for (const key of ['envelopes/env_x/sealed-1', 'checks/chk_x/report']) {
      await t.deps.blobs.write(key, textBytes(10))
      utimesSync(join(t.folder, 'objects', key), old, old)
    }
    for await (const { key } of findOrphans(t.work)) expect(key).not.toMatch(/^(?:envelopes|checks)\//)
  })
})

// Finalising: every way it can end, and every moment at which a worker can die. One object, one row, one event.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { finaliseStages, type FinaliseStage } from '../../../src/domain/upload-ports.ts'
import type { UploadWorkDeps } from '../../../src/domain/uploads/deps.ts'
import { RetryLater } from '../../../src/errors.ts'
import { eicar, pdf, png } from '../../support/files.ts'
import { sha256, textBytes } from '../../support/upload-client.ts'
import { createTestUploads, type TestUploads } from '../../support/uploads.ts'

let t: TestUploads
beforeAll(async () => {
  t = await createTestUploads()
})

const countStored = async (id: string) => {
  const key = `default/${(await t.deps.uploads.read(id))?.session}/${id}`
  return {
    objects: existsSync(join(t.folder, 'objects', key)) ? 1 : 0,
    held: existsSync(join(t.folder, 'quarantine', key)) ? readdirSync(join(t.folder, 'quarantine', key)).length : 0,
    rows: (await t.deps.storedUploads.read(id)) ? 1 : 0,
    events: (await t.events(id)).filter((type) => type === 'upload.stored').length,
  }
}

class Killed extends Error {}

/** A worker that dies at a stage: before its work, after it and before that is written down, or after that. */
function dying(stage: FinaliseStage, when: 'before' | 'unrecorded' | 'recorded'): Partial<UploadWorkDeps> {
  const { blobs, uploads, sniffer, scanner, storedUploads } = t.work
  const die = (): never => {
    throw new Killed()
  }
  if (when !== 'before') {
    const noteStage: typeof uploads.noteStage = async (...parameters) => {
      if (parameters[2] !== stage) return uploads.noteStage(...parameters)
      if (when === 'recorded') await uploads.noteStage(...parameters)
      return die()
    }
    return { uploads: { ...uploads, noteStage } }
  }
  switch (stage) {
    case 'assemble':
      return { blobs: { ...blobs, assemble: async () => die() } }
    case 'digest':
      return { blobs: { ...blobs, readHeld: async () => die() } }
    case 'sniff':
      return { sniffer: { ...sniffer, sniff: async () => die() } }
    case 'scan':
      return { scanner: { ...scanner, scan: async () => die() } }
    case 'move':
      return { blobs: { ...blobs, promote: async () => die() } }
    case 'record':
      return { storedUploads: { ...storedUploads, insert: async () => die() } }
  }
}

describe('an upload', () => {
  it('goes through every stage and is stored once', async () => {
    const bytes = textBytes(10_000)
    const id = await t.upload(bytes, { sha256: sha256(bytes) })
    expect(t.queued).toContain(id)
    expect(await t.finalise(id)).toBe('stored')
    expect(await t.finalise(id)).toBe('stored')
    expect(await countStored(id)).toEqual({ objects: 1, held: 0, rows: 1, events: 1 })
    expect(await t.events(id)).toEqual([
      'upload.initialized',
      'upload.completed',
      ...finaliseStages.map(() => 'upload.finalising'),
      'upload.finalising',
      'upload.stored',
    ])
    expect((await t.deps.storedUploads.read(id))?.sequence).toBe((await t.session(id)).sequence)
    expect(await t.redis.zscore('{p0}:intents', `upload.finalise.${id}`)).toBeNull()
  })

  it.for(finaliseStages.flatMap((stage) => (['before', 'unrecorded', 'recorded'] as const).map((when) => [stage, when] as const)))(
    'whose worker dies at %s, %s, is stored once by the next',
    async ([stage, when]) => {
      const id = await t.upload(textBytes(5_000, `${stage} ${when}`))
      await expect(t.finalise(id, dying(stage, when))).rejects.toThrow(RetryLater)
      expect((await t.session(id)).status).toBe('finalising')
      expect(await t.finalise(id)).toBe('stored')
      expect(await countStored(id)).toEqual({ objects: 1, held: 0, rows: 1, events: 1 })
    },
  )

  it('whose worker dies between the last stage and the end is stored once by the next', async () => {
    const id = await t.upload(textBytes(5_000, 'end'))
    const settle = async (): Promise<never> => {
      throw new Killed()
    }
    await expect(t.finalise(id, { uploads: { ...t.work.uploads, settle } })).rejects.toThrow(RetryLater)
    expect(await t.finalise(id)).toBe('stored')
    expect(await countStored(id)).toEqual({ objects: 1, held: 0, rows: 1, events: 1 })
  })

  it('that two workers finalise at once is stored once', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await t.upload(textBytes(50_000, `race ${round}`))
      const outcomes = await Promise.allSettled([t.finalise(id), t.finalise(id), t.finalise(id)])
      expect(outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value === 'stored').length).toBeGreaterThanOrEqual(1)
      expect(await countStored(id)).toEqual({ objects: 1, held: 0, rows: 1, events: 1 })
    }
  })

  it.for([
    ['another hash', textBytes(10), { sha256: 'a'.repeat(64) }, 'checksum_mismatch'],
    ['a PDF that is called PNG', pdf(), { filename: 'a.png' }, 'type_mismatch'],
    ['a PNG that is declared PDF', png(), { filename: 'a', filetype: 'application/pdf' }, 'type_mismatch'],
    ['a program', Buffer.from('MZ\u0000\u0001', 'latin1'), { filename: 'a' }, 'type_not_allowed'],
    ['nothing at all', Buffer.alloc(0), { filename: 'a.txt' }, 'type_not_allowed'],
  ] as const)('of %s is rejected, keeps its reason and leaves no bytes', async ([, bytes, entries, reason]) => {
    const id = bytes.length === 0 ? await t.begin(0, entries) : await t.upload(bytes, entries)
    expect(await t.finalise(id)).toBe('rejected')
    expect(await t.session(id)).toMatchObject({ status: 'rejected', reason, canResume: false, expiresAt: null })
    expect(await countStored(id)).toEqual({ objects: 0, held: 0, rows: 0, events: 0 })
  })

  it('is stored or not by what the scanner says', async () => {
    t.scan.says = { verdict: 'infected' }
    const infected = await t.upload(eicar)
    expect(await t.finalise(infected)).toBe('rejected')
    expect(await t.session(infected)).toMatchObject({ reason: 'infected' })
    t.scan.says = { verdict: 'not_scanned' }
    const refused = await t.upload(textBytes(10))
    await t.finalise(refused)
    expect(await t.session(refused)).toMatchObject({ status: 'rejected', reason: 'not_scanned' })
    const allowed = await t.upload(textBytes(10))
    await t.finalise(allowed, { isUnscannedAllowed: true })
    expect(await t.session(allowed)).toMatchObject({ status: 'stored', scan: 'not_scanned' })
    t.scan.says = { verdict: 'unavailable' }
    const waiting = await t.upload(textBytes(10))
    await expect(t.finalise(waiting)).rejects.toThrow('scanner_away')
    t.clock.advance(3_600_001)
    expect(await t.finalise(waiting)).toBe('rejected')
    t.scan.says = { verdict: 'clean' }
  })

  it('that brings the sniffer down is tried once more and then not taken', async () => {
    const sniffer = { sniff: async () => ({ kind: 'crashed' as const, signal: 'SIGSEGV' }) }
    const id = await t.upload(textBytes(10))
    await expect(t.finalise(id, { sniffer })).rejects.toThrow('sniffer_crashed')
    expect(await t.finalise(id, { sniffer })).toBe('rejected')
    expect(await t.session(id)).toMatchObject({ reason: 'type_not_allowed' })
  })

  it('whose bytes are gone fails and says so', async () => {
    const id = await t.upload(textBytes(1_000))
    const { rmSync } = await import('node:fs')
    rmSync(join(t.folder, 'quarantine', 'default', String((await t.deps.uploads.read(id))?.session)), { recursive: true })
    expect(await t.finalise(id)).toBe('failed')
    expect(await t.session(id)).toMatchObject({ status: 'failed', reason: 'bytes_missing' })
  })

  it('whose job ended without a word fails rather than staying for ever', async () => {
    const id = await t.upload(textBytes(10))
    await t.work.uploads.abandon(id, `upload.finalise.${id}`, t.clock.nowMs())
    expect(await t.session(id)).toMatchObject({ status: 'failed', reason: 'internal' })
  })
})

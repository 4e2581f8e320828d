// The pages that signers read: drawn in batches, gone on with after a crash, and never what an envelope waits for.
import { randomBytes } from 'node:crypto'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { DocumentSandbox } from '../../../src/domain/document-ports.ts'
import { pageImage, preparePages } from '../../../src/domain/envelopes/pages.ts'
import type { Run } from '../../../src/domain/verification/deliver.ts'
import { createDocumentDomain, type DocumentDomain } from '../../support/document-domain.ts'

let t: DocumentDomain
beforeAll(async () => {
  t = await createDocumentDomain()
})
afterEach(() => {
  delete t.script.thumbnails
  t.runs.length = 0
})

type Drawn = Awaited<ReturnType<DocumentSandbox['thumbnails']>>
const fileOf = (pages: number) => ({
  documentKey: 'key',
  documentSha256: randomBytes(32).toString('hex'),
  documentVersion: '1',
  pages,
})
const runOf = (starts: number, signal = new AbortController().signal): Run => ({
  fence: { jobMs: 1, starts },
  tries: starts,
  backoff: { firstMs: 1, maxMs: 1 },
  signal,
})
const crash: Drawn = { kind: 'crashed', signal: 'SIGSEGV' }
const batch = (from: number, until: number, word: string): Drawn => ({
  kind: 'ok',
  value: {
    images: Array.from({ length: until - from + 1 }, (_, index) => ({
      page: from + index,
      webp: Buffer.from(`${word} ${from + index}`).toString('base64'),
    })),
    failedPages: [],
    next: until + 1,
  },
})
const textOf = async (file: ReturnType<typeof fileOf>, page: number) => (await pageImage(t.work, file, page))?.toString()

describe('the pages of an envelope', () => {
  it('are drawn three times as wide as thumbnails, ten to a process, and once for the same bytes', async () => {
    const asked: unknown[] = []
    t.script.thumbnails = async (_path, from, until, _signal, width) => {
      asked.push([from, until, width])
      return batch(from, until, 'large')
    }
    const file = fileOf(25)
    expect(await preparePages(t.work, file, runOf(1))).toBe('drawn')
    expect(asked).toEqual([
      [1, 10, 1_200],
      [11, 20, 1_200],
      [21, 25, 1_200],
    ])
    expect(await textOf(file, 25)).toBe('large 25')
    expect(await preparePages(t.work, { ...file, documentKey: 'another copy' }, runOf(1))).toBe('drawn')
    expect(asked).toHaveLength(3)
  })

  it('of a long document are two hundred', async () => {
    const file = fileOf(900)
    expect(await preparePages(t.work, file, runOf(1))).toBe('drawn')
    expect(t.runs).toHaveLength(20)
    expect(await pageImage(t.work, file, 201)).toBeNull()
  })

  it('are shown as thumbnails where no larger picture came', async () => {
    const file = fileOf(2)
    const thumbnails = [1, 2].map((page) => ({ page, webp: Buffer.from(`small ${page}`) }))
    await t.work.documentResults.addThumbnails({ sha256: file.documentSha256, version: file.documentVersion }, thumbnails)
    t.script.thumbnails = async (_path, from) =>
      from === 1 ? { kind: 'ok', value: { images: [], failedPages: [1], next: 2 } } : batch(2, 2, 'large')
    expect(await preparePages(t.work, file, runOf(1))).toBe('thumbnails')
    expect([await textOf(file, 1), await textOf(file, 2)]).toEqual(['small 1', 'large 2'])
  })

  it('are given up after three runs that crash or cannot reach the file, and go on as long as runs bring more', async () => {
    t.script.thumbnails = async () => crash
    const file = fileOf(2)
    for (const starts of [1, 2]) await expect(preparePages(t.work, file, runOf(starts))).rejects.toThrow('killed_crashed')
    expect(await preparePages(t.work, file, runOf(3))).toBe('thumbnails')

    const lost = { ...t.work, documentFiles: { ...t.work.documentFiles, withStored: () => Promise.reject(new Error('no storage')) } }
    await expect(preparePages(lost, fileOf(1), runOf(2))).rejects.toThrow('pages_Error')
    expect(await preparePages(lost, fileOf(1), runOf(3))).toBe('thumbnails')

    const long = fileOf(30)
    t.script.thumbnails = async (_path, from, until) => (from === 1 ? batch(from, until, 'large') : crash)
    await expect(preparePages(t.work, long, runOf(7))).rejects.toThrow('killed_crashed')
    t.script.thumbnails = async (_path, from, until) => batch(from, until, 'late')
    expect(await preparePages(t.work, long, runOf(8))).toBe('drawn')
    expect([await textOf(long, 10), await textOf(long, 11)]).toEqual(['large 10', 'late 11'])
  })

  it('are not given up because the process is to stop, but because a run took too long', async () => {
    const file = fileOf(1)
    const signal = AbortSignal.abort(new Error('shutdown'))
    await expect(preparePages(t.work, file, runOf(9, signal))).rejects.toThrow(/^pages_/)
    const late = AbortSignal.abort(new DOMException('too long', 'TimeoutError'))
    expect(await preparePages(t.work, file, runOf(9, late))).toBe('thumbnails')
  })
})

// Thumbnails come in batches: what fails does not hold up the rest, and what was drawn is not drawn again.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createDocumentDomain, type DocumentDomain } from '../support/document-domain.ts'

let t: DocumentDomain
beforeAll(async () => {
  t = await createDocumentDomain()
})
beforeEach(() => {
  t.owed.length = 0
  t.runs.length = 0
  delete t.script.thumbnails
})
const report = { objects: 9, revisions: 1, isEncrypted: false, inflatedBytes: 9, images: 0, leniencies: [] }

describe('thumbnails', () => {
  it('that fail leave the document partial and everything else done', async () => {
    t.script.thumbnails = async () => ({ kind: 'rejected', reason: 'unreadable' })
    const { id } = await t.create()
    expect(await t.runAll(id)).toMatchObject({
      status: 'partial',
      stages: { thumbnails: { status: 'failed' }, text: { status: 'done' }, signatures: { status: 'done' }, analysis: { status: 'done' } },
    })
  })

  it('of which some pages fail are partial', async () => {
    t.script.thumbnails = async () => ({ kind: 'ok', value: { images: [{ page: 2, webp: 'AAAA' }], failedPages: [1], next: 26 } })
    const { id } = await t.create()
    expect(await t.runAll(id)).toMatchObject({
      status: 'partial',
      stages: { thumbnails: { status: 'partial', reason: 'pages_unreadable' } },
    })
    expect(await t.view(id)).toMatchObject({ thumbnails: { pages: [2] } })
  })

  it('are gone on with after a crash where the last batch ended, and stop at page 200', async () => {
    t.script.preflight = async () => ({ kind: 'ok', value: { ...report, pages: 300 } })
    const { id } = await t.create()
    await t.run(id, 'preflight')
    delete t.script.preflight
    const asked: number[] = []
    const draw = async (_path: string, from: number, until: number) => {
      asked.push(from)
      if (from === 51 && asked.length === 3) return { kind: 'crashed' as const, signal: 'SIGSEGV' }
      const images = Array.from({ length: until - from + 1 }, (_, index) => ({ page: from + index, webp: 'AAAA' }))
      return { kind: 'ok' as const, value: { images, failedPages: [], next: until + 1 } }
    }
    t.script.thumbnails = draw
    await expect(t.run(id, 'thumbnails')).rejects.toThrow('killed_crashed')
    const half = await t.read(id)
    expect(half.progress).toBeGreaterThan(10)
    expect(await t.run(id, 'thumbnails')).toMatchObject({ outcome: 'partial' })
    expect(asked).toEqual([1, 26, 51, 51, 76, 101, 126, 151, 176])
    expect(await t.read(id)).toMatchObject({ stages: { thumbnails: { status: 'partial', reason: 'pages' } } })
  })

  it('never stand still, whatever the child says', async () => {
    t.script.thumbnails = async () => ({ kind: 'ok', value: { images: [], failedPages: [], next: 1 } })
    const { id } = await t.create()
    expect(await t.runAll(id)).toMatchObject({ stages: { thumbnails: { status: 'failed', reason: 'pages_unreadable' } } })
  })
})

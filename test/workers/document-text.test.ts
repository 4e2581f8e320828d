// A document that brings its process down: once is forgiven, twice is not, and the same bytes are then not opened for an hour.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RetryLater } from '../../src/errors.ts'
import { createDocumentDomain, type DocumentDomain } from '../support/document-domain.ts'

let t: DocumentDomain
beforeAll(async () => {
  t = await createDocumentDomain()
})
beforeEach(() => {
  t.owed.length = 0
  delete t.script.text
})

describe('the text of a document', () => {
  it.each(['crashed', 'timeout', 'memory'] as const)('that ends its process (%s) once is read by the next run', async (kind) => {
    const { id } = await t.create()
    await t.run(id, 'preflight')
    t.script.text = async () => (kind === 'crashed' ? { kind, signal: 'SIGSEGV' } : { kind })
    await expect(t.run(id, 'text')).rejects.toThrow(RetryLater)
    delete t.script.text
    expect(await t.run(id, 'text')).toMatchObject({ outcome: 'done' })
  })

  it('that ends its process twice is quarantined, and so are the same bytes for an hour, unopened', async () => {
    t.script.text = async () => ({ kind: 'memory' })
    const { id } = await t.create('killer')
    await t.run(id, 'preflight')
    await expect(t.run(id, 'text')).rejects.toThrow('killed_memory')
    expect(await t.run(id, 'text')).toMatchObject({ outcome: 'quarantined' })
    expect(await t.read(id)).toMatchObject({ status: 'quarantined', reason: 'text_memory' })
    expect(await t.view(id)).toMatchObject({ text: null, thumbnails: null, signatures: null, analysis: null })
    // The other stages find the document ended.
    expect(await t.run(id, 'signatures')).toMatchObject({ outcome: 'waiting' })

    t.runs.length = 0
    const again = await t.create('killer')
    await t.run(again.id, 'preflight')
    expect(await t.run(again.id, 'text')).toMatchObject({ outcome: 'quarantined' })
    expect(t.runs).toEqual([])

    t.clock.advance(61 * 60_000)
    delete t.script.text
    t.owed.length = 0
    const later = await t.create('killer')
    expect(await t.runAll(later.id)).toMatchObject({ status: 'processed' })
  })

  it('that a stopping worker interrupts counts for nothing', async () => {
    const stopping = new AbortController()
    t.script.text = async () => {
      stopping.abort()
      return { kind: 'crashed', signal: 'aborted' }
    }
    const { id } = await t.create()
    await t.run(id, 'preflight')
    await expect(t.run(id, 'text', { signal: stopping.signal })).rejects.toThrow('aborted')
    delete t.script.text
    t.owed.length = 0
    expect(await t.run(id, 'text')).toMatchObject({ outcome: 'done' })
  })

  it('that cannot be read leaves the rest, and there is nothing to analyse', async () => {
    t.script.text = async () => ({ kind: 'rejected', reason: 'password' })
    const { id } = await t.create()
    const record = await t.runAll(id)
    expect(record).toMatchObject({
      status: 'partial',
      stages: { text: { status: 'failed', reason: 'password' }, analysis: { status: 'failed', reason: 'no_text' } },
    })
    expect(await t.view(id)).toMatchObject({ text: null, analysis: null, signatures: [], thumbnails: { count: 2 } })
  })
})

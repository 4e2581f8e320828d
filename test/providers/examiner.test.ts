// The examiner in real child processes: what it answers, what it refuses, and that it ends within its limits.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createExaminer } from '../../src/providers/examiner.ts'
import { createInspector, type InspectionMeasure } from '../../src/providers/inspector.ts'
import { appendUpdate, createDocument, signDocument, stream } from '../sandbox/pdf-writer.ts'
import { createSigner, nowMs } from '../sandbox/signer.ts'
import { bombPdf, cyclicPdf, hugeImagePdf, manyFiltersPdf, nestedPdf } from '../support/pdf-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-examiner-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const measures: InspectionMeasure[] = []
const examiner = createExaminer(createInspector({ observe: (measure) => void measures.push(measure) }))
const never = new AbortController().signal
let count = 0
const fileOf = (bytes: Buffer): string => {
  const path = join(folder, `${count++}.pdf`)
  writeFileSync(path, bytes)
  return path
}
const alice = createSigner('Alice')

describe('the examiner', () => {
  it('answers with signatures, facts and drawn pages at once', async () => {
    const signed = signDocument(createDocument(), alice)
    const forged = appendUpdate(signed, { 4: stream('', 'BT /F1 12 Tf 72 700 Td (We owe 900 dollars) Tj ET') })
    const trustedCertificates = [alice.certificate.toString('base64')]
    const found = await examiner.examine(fileOf(forged), { trustedCertificates, nowMs }, never)
    expect(found).toMatchObject({
      kind: 'ok',
      value: {
        report: { signatures: [{ integrity: 'intact', laterChanges: 'undefined' }] },
        signatures: [{ coverage: 'exact', path: { end: 'listed' } }],
        pages: 1,
        rendering: { pages: 1, changedPages: [1] },
      },
    })
  })

  it('has a version, by which its answers can be kept', () => {
    expect(examiner.version).toMatch(/^\S+$/)
  })

  it('stops when it is told to', async () => {
    const path = fileOf(createDocument())
    expect(await examiner.examine(path, { trustedCertificates: [], nowMs }, AbortSignal.abort())).toEqual({
      kind: 'crashed',
      signal: 'aborted',
    })
  })

  it.each([
    ['a bomb', bombPdf()],
    ['a picture without end', hugeImagePdf()],
    ['many filters', manyFiltersPdf()],
    ['deep nesting', nestedPdf()],
    ['a circle of pages', cyclicPdf()],
    ['no PDF', Buffer.from('no PDF at all')],
    ['no certificate in its list', createDocument()],
  ])('ends in good order with %s', async (_name, bytes) => {
    measures.length = 0
    const found = await examiner.examine(fileOf(bytes), { trustedCertificates: ['AAAA'], nowMs }, never)
    expect(['ok', 'partial', 'rejected']).toContain(found.kind)
    expect(measures[0]?.peakBytes).toBeLessThan(512 * 1_048_576)
  })
})

// The reader: revisions with exact places, and an end in bounded work for whatever the bytes are.
import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PdfRefusal } from '../../../src/sandbox/pdf/budget.ts'
import { openPdf, snapshotAt } from '../../../src/sandbox/pdf/open-pdf.ts'
import { textOf } from '../../../src/sandbox/pdf/values.ts'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import { appendUpdate, createDocument, numbers, objectStream, signDocument, stream } from '../pdf-writer.ts'
import { createSigner, nowMs } from '../signer.ts'

const document = createDocument()
const signed = signDocument(document, createSigner('Alice'))

function outcomeOf(file: Buffer | string): string {
  const report = judgeSignatures(Buffer.from(file), { nowMs })
  return report.reason ?? report.outcome
}

describe('revisions', () => {
  it('end where an update ends, and show the document as it was', () => {
    const file = appendUpdate(document, { [numbers.info]: '<< /Title (Second) >>' })
    const pdf = openPdf(file)
    expect(pdf.chain.revisions.map((revision) => revision.end)).toEqual([document.length, file.length])
    const titles = [0, 1].map((index) => textOf(snapshotAt(pdf, index).dict(pdf.current.trailer.entries.get('Info'))?.entries.get('Title')))
    expect(titles).toEqual(['Contract', 'Second'])
    expect(pdf.file.leniencies).toEqual(new Set())
  })

  it('know the exact place of every value', () => {
    const pdf = openPdf(signed)
    const contents = pdf.current.dict({ kind: 'ref', num: 21, gen: 0 })?.entries.get('Contents')
    const start = signed.indexOf('<', signed.indexOf('/Contents <30'))
    expect(contents).toMatchObject({ hex: true, clean: true, start, end: signed.indexOf('>', start) + 1 })
  })

  it('read object streams and predicted cross-reference streams', () => {
    const held = appendUpdate(
      document,
      { 60: objectStream({ 61: '(held)', 62: '[1 2]' }) },
      { form: 'stream', contained: { 61: [60, 0], 62: [60, 1] } },
    )
    expect(openPdf(held).current.resolve({ kind: 'ref', num: 61, gen: 0 })).toMatchObject({ kind: 'string', start: -1 })
    const rows = Buffer.from([2, 1, 0, 0, 0, 2, 0, 0, 0, 0])
    const at = document.length
    const data = deflateSync(Buffer.concat([rows.subarray(0, 5), rows.subarray(5)]))
    const head = `61 0 obj\n<< /Type /XRef /Size 200 /Root 1 0 R /W [1 2 1] /Index [70 2] /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >> /Length ${data.length} /Prev ${document.toString('latin1').match(/startxref\n(\d+)/)?.[1]} >>\nstream\n`
    const file = Buffer.concat([document, Buffer.from(head), data, Buffer.from(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF\n`)])
    expect(openPdf(file).current.entry(71)).toEqual({ type: 'offset', offset: 0, gen: 0 })
  })
})

describe('broken and hostile files', () => {
  it.each([
    ['nothing', '', 'not_a_pdf'],
    ['something else', 'GIF89a', 'not_a_pdf'],
    ['a header alone', '%PDF-1.7\n', 'damaged'],
    ['values nested without end', `%PDF-1.7\n1 0 obj\n${'['.repeat(100_000)}\nendobj\ntrailer << /Root 1 0 R >>\n`, 'too_complex'],
    ['dictionaries nested without end', `%PDF-1.7\nxref\n0 0\ntrailer\n${'<</A'.repeat(50_000)}\nstartxref\n9\n%%EOF\n`, 'too_complex'],
    [
      'a cross-reference that is its own predecessor',
      '%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer << /Prev 9 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n',
      'ok',
    ],
  ])('%s', (_, file, expected) => expect(outcomeOf(file)).toBe(expected))

  it('a page tree that is a loop', () => {
    expect(outcomeOf(appendUpdate(signed, { [numbers.pages]: '<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 >>' }))).toBe('ok')
  })

  it('a form that is a loop', () => {
    expect(
      outcomeOf(
        appendUpdate(signed, {
          [numbers.form]: '<< /Fields [50 0 R] >>',
          50: '<< /T (a) /Kids [50 0 R 51 0 R] >>',
          51: '<< /T (b) /Parent 51 0 R /Kids [50 0 R] >>',
        }),
      ),
    ).toBe('ok')
  })

  it('a stream whose length is itself, and an object stream that holds itself', () => {
    const own = stream('', 'x').replace(/\/Length \d+/, '/Length 60 0 R')
    expect(outcomeOf(appendUpdate(signed, { 60: own }))).toBe('ok')
    expect(
      outcomeOf(appendUpdate(signed, { 60: objectStream({ 61: '(x)' }) }, { form: 'stream', contained: { 60: [60, 0], 6: [60, 0] } })),
    ).toBe('ok')
  })

  it('a chain of objects as long as the file', () => {
    const links = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [1_000 + index, `<< /Next ${1_001 + index} 0 R >>`]))
    const file = signDocument(
      createDocument({ ...links, [numbers.catalog]: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Outlines 1000 0 R >>' }),
      createSigner('Alice'),
    )
    const later = judgeSignatures(appendUpdate(file, { [numbers.info]: '<< /Title (Contract) /ModDate (D:20261120000000Z) >>' }), { nowMs })
    expect(later.signatures).toMatchObject([{ integrity: 'intact', laterChanges: 'validation' }])
  })

  it('an object stream that inflates without end', () => {
    const bomb = deflateSync(Buffer.alloc(300 * 1024 * 1024))
    const body = Buffer.concat([
      Buffer.from(`<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length ${bomb.length} >>\nstream\n`),
      bomb,
      Buffer.from('\nendstream'),
    ])
    const file = appendUpdate(document, { 60: body }, { form: 'stream', contained: { 6: [60, 0] } })
    expect(outcomeOf(file)).toBe('too_complex')
  })

  it('many strings that never close', () => {
    const objects = Array.from({ length: 5_000 }, (_, index) => `${index + 10} 0 obj\n(${'x'.repeat(200)}\n`).join('')
    const table = Array.from({ length: 5_000 }, (_, index) => `${index + 10} 0 R`).join(' ')
    const file = appendUpdate(document, { [numbers.form]: `<< /Fields [${table}] >>` })
    expect(['ok', 'too_complex']).toContain(outcomeOf(Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.from(objects), file])))
  })

  it('never make the judge fail, wherever bytes are cut or changed', () => {
    let seed = 11
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    for (let round = 0; round < 500; round++) {
      const file = Buffer.from(signed)
      for (let edits = random(8); edits >= 0; edits--) file[random(file.length)] = random(256)
      expect(outcomeOf(round % 2 === 0 ? file : file.subarray(0, random(file.length)))).not.toBe('unreadable')
    }
  })

  it('are refused by an error of a known kind', () => {
    expect(() => openPdf(Buffer.from('no'))).toThrow(PdfRefusal)
  })
})

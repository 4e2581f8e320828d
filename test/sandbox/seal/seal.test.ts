// What is appended for the seal: whatever form the document has, its bytes stay, its pages look as before, and the result is one whole revision more.
import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { preparedSeal, type PreparedSeal } from '../../../src/contracts/seal.ts'
import { createPrinter } from '../../../src/providers/print/printer.ts'
import { loadSealingKey } from '../../../src/providers/sealing/sealing-key.ts'
import { memorySource } from '../../../src/sandbox/byte-source.ts'
import { listFormNodes } from '../../../src/sandbox/pdf/form-fields.ts'
import { openPdf } from '../../../src/sandbox/pdf/open-pdf.ts'
import { listPages } from '../../../src/sandbox/pdf/pages.ts'
import { textOf } from '../../../src/sandbox/pdf/values.ts'
import { prepareSeal } from '../../../src/sandbox/seal/seal.ts'
import { writeValue } from '../../../src/sandbox/seal/write-value.ts'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import { createSealingKey } from '../../../src/standins/dev-sealing-key.ts'
import { pdfOf, streamOf, textPdf } from '../../support/pdf-files.ts'
import { appendUpdate, createDocument, objectStream, pageWith, baseAnnotations, signDocument } from '../pdf-writer.ts'
import { createSigner, nowMs } from '../signer.ts'

const { key } = loadSealingKey(createSealingKey(nowMs), '', nowMs)
let certificate: string
beforeAll(async () => {
  const blocks = [{ kind: 'paragraph' as const, text: 'ǃGamǂNûb has signed.' }]
  const printed = await createPrinter().print({ title: 'Certificate', language: 'en', atMs: nowMs, footer: 'foot', blocks })
  certificate = printed.toString('base64')
})

const facts = { name: 'Sällyport', reason: 'Sealed (as asked)', date: 'D:20261120120000Z' }
const prepare = (file: Buffer, addsPages = true) =>
  prepareSeal(memorySource(file), { certificate: addsPages ? certificate : null, ...facts })
const prepared = (file: Buffer, addsPages = true): PreparedSeal => {
  const reply = prepare(file, addsPages)
  if (reply.kind !== 'ok') throw new Error(JSON.stringify(reply))
  return preparedSeal.parse(reply.value)
}
/** The document with the seal in it. */
async function sealed(file: Buffer, addsPages = true): Promise<Buffer> {
  const { increment, byteRange } = prepared(file, addsPages)
  const whole = Buffer.concat([file, Buffer.from(increment, 'base64')])
  const [, first, second, rest] = byteRange
  const digest = createHash('sha256')
    .update(whole.subarray(0, first))
    .update(whole.subarray(second, second + rest))
    .digest()
  whole.write((await key.sign(digest, nowMs)).toString('hex'), first + 1, 'latin1')
  return whole
}
const judge = (file: Buffer) => judgeSignatures(file, { nowMs })
const look = (page: ReturnType<typeof listPages>[number] | undefined): string =>
  [...(page?.dict.entries ?? [])]
    .filter(([name]) => name !== 'Annots')
    .map(([name, value]) => `${name} ${writeValue(value)}`)
    .join(' ')

const inherited = pdfOf([
  '<< /Type /Catalog /Pages 2 0 R >>',
  '<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 3 /Rotate 90 /Resources << /Font << /F1 8 0 R >> >> >>',
  '<< /Type /Pages /Parent 2 0 R /Kids [5 0 R 6 0 R] /Count 2 /MediaBox [0 0 300 300.123456789] >>',
  '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 7 0 R >>',
  '<< /Type /Page /Parent 3 0 R /Contents 7 0 R >>',
  '<< /Type /Page /Parent 3 0 R /Contents 7 0 R >>',
  streamOf('', Buffer.from('BT /F1 12 Tf (x) Tj ET')),
  '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
])
const inStreams = (() => {
  const objects = {
    2: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>',
    6: '<< /Fields [] >>',
  }
  const contained = { 2: [30, 0], 3: [30, 1], 6: [30, 2] } as Record<number, [number, number]>
  const whole = { 1: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>', 12: '<< /Title (t) >>', 30: objectStream(objects) }
  return appendUpdate(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), whole, { form: 'stream', contained })
})()
// The first-page section stands before the main one; both are one writing.
const linearized = (() => {
  const objects: [number, string][] = [
    [2, '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'],
    [1, '<< /Type /Catalog /Pages 2 0 R >>'],
    [3, '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>'],
  ]
  const head = '%PDF-1.7\n'
  const firstSection = (main: number, catalog: number, page: number): string =>
    `xref\n1 1\n${String(catalog).padStart(10, '0')} 00000 n \n3 1\n${String(page).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 4 /Root 1 0 R /Prev ${String(main).padStart(10)} >>\nstartxref\n0\n%%EOF\n`
  const at = head.length + firstSection(0, 0, 0).length
  const bodies = objects.map(([num, body]) => `${num} 0 obj\n${body}\nendobj\n`)
  const [tree = '', catalog = ''] = bodies
  const main = at + bodies.join('').length
  const mainSection = `xref\n0 1\n0000000000 65535 f \n2 1\n${String(at).padStart(10, '0')} 00000 n \ntrailer\n<< /Size 4 >>\nstartxref\n${head.length}\n%%EOF\n`
  return Buffer.from(head + firstSection(main, at + tree.length, at + tree.length + catalog.length) + bodies.join('') + mainSection)
})()

describe('a document without signatures', () => {
  it.each([
    ['a table', textPdf(['one', 'two'])],
    ['a form of its own', createDocument()],
    [
      'a form within the catalog',
      createDocument({ 1: '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [7 0 R] /DA (/F1 12 Tf) >> >>' }),
    ],
    ['inherited boxes and fonts', inherited],
    ['object streams', inStreams],
    ['an update', appendUpdate(createDocument(), { 3: pageWith(baseAnnotations) })],
    ['an update with a stream', appendUpdate(inStreams, { 12: '<< /Title (other) >>' }, { form: 'stream' })],
    ['linearization', linearized],
    ['no line end', createDocument().subarray(0, -1)],
    [
      'a field that is called Seal1',
      createDocument({ 7: '<< /Type /Annot /Subtype /Widget /FT /Tx /T (Seal1) /Rect [0 0 9 9] /P 3 0 R >>' }),
    ],
    ['bytes after its end', Buffer.concat([createDocument(), Buffer.from('\n\nsomething\n')])],
  ])('with %s keeps its bytes and its pages, and gets the certificate and a seal over everything', async (_what, file) => {
    const whole = await sealed(file)
    expect(whole.subarray(0, file.length).equals(file)).toBe(true)
    const [before, after] = [openPdf(file), openPdf(whole)]
    const [oldPages, newPages] = [listPages(before.current), listPages(after.current)]
    expect(newPages).toHaveLength(oldPages.length + 1)
    for (const [index, page] of oldPages.entries()) {
      expect(look(newPages[index])).toBe(look(page))
      expect(JSON.stringify(newPages[index]?.mediaBox)).toBe(JSON.stringify(page.mediaBox))
    }
    expect(after.rebuilt).toBe(false)
    expect(after.chain.irregular).toBe(before.chain.irregular)
    expect(after.chain.revisions).toHaveLength(before.chain.revisions.length + 1)
    const { signatures, findings } = judge(whole)
    expect(findings.map(({ code }) => code)).toEqual(
      judge(file)
        .findings.map(({ code }) => code)
        .filter((code) => code !== 'trailing_bytes'),
    )
    expect(signatures).toMatchObject([
      { integrity: 'intact', coversWholeFile: true, laterChanges: 'none', signedAt: '2026-11-20T12:00:00.000Z' },
    ])
    const fields = listFormNodes(after.current).map(({ name }) => name)
    expect(new Set(fields).size).toBe(fields.length)
    expect(fields).toEqual(expect.arrayContaining(listFormNodes(before.current).map(({ name }) => name)))
  })

  it('says who sealed and why, whatever letters that takes', async () => {
    const whole = await sealed(textPdf(['x']))
    const { current } = openPdf(whole)
    const value = listFormNodes(current).find(({ name }) => name === 'Seal1')?.value
    const dict = current.dict(value)
    expect([textOf(dict?.entries.get('Name')), textOf(dict?.entries.get('Reason'))]).toEqual([facts.name, facts.reason])
  })

  it('takes further seals, each over the one before', async () => {
    const once = await sealed(textPdf(['x']))
    const twice = await sealed(once, false)
    expect(judge(twice).signatures).toMatchObject([
      { fields: ['Seal1'], integrity: 'intact', laterChanges: 'form_fill' },
      { fields: ['Seal2'], integrity: 'intact', laterChanges: 'none', coversWholeFile: true },
    ])
  })

  it('makes the same of the same', () => {
    expect(prepared(inherited)).toEqual(prepared(inherited))
  })
})

describe('a document with signatures', () => {
  const signed = signDocument(createDocument(), createSigner('Ada'))
  it.each([
    ['in a table', signed],
    [
      'twice',
      signDocument(signed, createSigner('Ben'), {
        field: 'Signature2',
        num: 40,
        fields: '7 0 R 9 0 R 20 0 R',
        annotations: `${baseAnnotations} 20 0 R`,
      }),
    ],
    [
      'with annotations that stand elsewhere',
      signDocument(
        createDocument({
          3: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Annots 50 0 R >>',
          50: `[${baseAnnotations}]`,
        }),
        createSigner('Ada'),
      ),
    ],
  ])('%s keeps them, and gets no page', async (_what, file) => {
    const whole = await sealed(file, false)
    const before = judge(file).signatures
    const after = judge(whole).signatures
    expect(after).toHaveLength(before.length + 1)
    for (const [index, { integrity }] of before.entries()) {
      expect(after[index]).toMatchObject({ integrity, laterChanges: 'form_fill' })
    }
    expect(after.at(-1)).toMatchObject({ fields: ['Seal1'], integrity: 'intact', coversWholeFile: true })
    expect(listPages(openPdf(whole).current)).toHaveLength(1)
  })

  it('gets none of the pages that somebody asks for', () => {
    expect(prepare(signed)).toEqual({ kind: 'rejected', reason: 'has_signatures' })
  })

  it('is not touched where readers could not follow', () => {
    expect(prepare(Buffer.concat([signed, Buffer.from('something\n')]), false)).toEqual({ kind: 'rejected', reason: 'irregular_updates' })
  })
})

describe('what cannot be sealed', () => {
  const broken = Buffer.from(
    textPdf(['x'])
      .toString('latin1')
      .replace(/startxref\n\d+/, 'startxref\n7'),
    'latin1',
  )
  it.each([
    ['no PDF', Buffer.from('no PDF'), 'not_a_pdf'],
    [
      'an encrypted one',
      appendUpdate(createDocument(), { 60: '<< /Filter /Standard /V 1 /R 2 /O (o) /U (u) /P -4 >>' }, { trailer: '/Encrypt 60 0 R' }),
      'encrypted',
    ],
    ['one whose structure has to be guessed at', broken, 'damaged_structure'],
    [
      'a catalog whose pages stand in it',
      createDocument({ 1: '<< /Type /Catalog /Pages << /Type /Pages /Kids [3 0 R] /Count 1 >> >>' }),
      'unusual_structure',
    ],
    ['no page', pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [] /Count 0 >>']), 'unusual_structure'],
    ['object numbers beyond the last', appendUpdate(createDocument(), { 8_388_606: 'null' }), 'too_many_objects'],
  ])('is %s', (_what, file, reason) => {
    expect(prepare(file)).toEqual({ kind: 'rejected', reason })
  })

  it('is what has no certificate to be added', () => {
    const empty = pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [] /Count 0 >>']).toString('base64')
    expect(prepareSeal(memorySource(textPdf(['x'])), { certificate: empty, ...facts })).toEqual({
      kind: 'rejected',
      reason: 'no_certificate',
    })
  })
})

it('flate streams of a certificate are taken over as they are', async () => {
  const page = '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Contents 4 0 R /Resources << >> >>'
  const content = streamOf('/Filter /FlateDecode', deflateSync(Buffer.from('0 0 10 10 re f')))
  const foreign = pdfOf(['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>', page, content])
  const reply = prepareSeal(memorySource(textPdf(['x'])), { certificate: foreign.toString('base64'), ...facts })
  expect(reply.kind).toBe('ok')
})

// Forged files: whatever is done to a signed file, its signature never comes out as intact with nothing but permitted changes.
// The classes are those published for PDF signatures (incremental saving, signature wrapping, universal forgery, shadow content, evil
// annotations, sneaky signatures) and variations of them.
import { describe, expect, it } from 'vitest'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import type { Signature } from '../../../src/contracts/signature.ts'
import type { Objects, UpdateOptions } from '../pdf-writer.ts'
import {
  appendUpdate,
  baseAnnotations,
  baseFields,
  createDocument,
  formWith,
  lookOf,
  numbers,
  objectStream,
  pageWith,
  signDocument,
  stream,
  textField,
} from '../pdf-writer.ts'
import { createSigner, nowMs, signMessage } from '../signer.ts'

const alice = createSigner('Alice')
const mallory = createSigner('Mallory')
const original = createDocument()
const signed = signDocument(original, alice)
const forgedContent = stream('', 'BT /F1 12 Tf 72 700 Td (We owe 900 dollars) Tj ET')
const signedAnnotations = `${baseAnnotations} 20 0 R`
const signedFields = `${baseFields} 20 0 R`
const permitted = ['none', 'validation', 'form_fill', 'annotation']

function judge(file: Buffer): Signature[] {
  return judgeSignatures(file, { nowMs, trustedCertificates: [alice.certificate, mallory.certificate] }).signatures
}

/** Alice's signature is not taken for a good one. */
function expectRefused(file: Buffer): void {
  const signatures = judge(file).filter((signature) => signature.signer !== 'Mallory')
  expect(signatures.filter((signature) => signature.integrity === 'intact' && permitted.includes(signature.laterChanges))).toEqual([])
  expect(signatures.filter((signature) => signature.indication === 'TOTAL_PASSED')).toEqual([])
}

function update(objects: Objects, options?: UpdateOptions): Buffer {
  return appendUpdate(signed, objects, options)
}

const catalogWith = (extra: string): Objects => ({ [numbers.catalog]: `<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R ${extra} >>` })
const annotated = (annotation: string, more: Objects = {}): Objects => ({
  [numbers.page]: pageWith(`${signedAnnotations} 50 0 R`),
  50: annotation,
  ...more,
})
const annotation = (subtype: string, extra = ''): string =>
  `<< /Type /Annot /Subtype /${subtype} /Rect [60 690 300 715] /P 3 0 R ${extra} >>`

describe('the file that the forgeries start from', () => {
  it('is good', () => {
    expect(judge(signed)).toMatchObject([{ integrity: 'intact', laterChanges: 'none', coversWholeFile: true, indication: 'TOTAL_PASSED' }])
  })
})

describe('content replaced by an update', () => {
  const cases: Record<string, Objects> = {
    'the page content': { [numbers.content]: forgedContent },
    'a font': { [numbers.font]: '<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>' },
    'a picture': { [numbers.picture]: stream('/Type /XObject /Subtype /Form /BBox [0 0 10 10]', '1 1 10 10 re f') },
    'the page, with other content': {
      [numbers.page]: pageWith(signedAnnotations).replace('/Contents 4 0 R', '/Contents 60 0 R'),
      60: forgedContent,
    },
    'the page, with more content': {
      [numbers.page]: pageWith(signedAnnotations).replace('/Contents 4 0 R', '/Contents [4 0 R 60 0 R]'),
      60: forgedContent,
    },
    'the page, turned': { [numbers.page]: pageWith(signedAnnotations, '/Rotate 180') },
    'the page, cropped': { [numbers.page]: pageWith(signedAnnotations, '/CropBox [0 0 100 100]') },
    'the page, with other resources': {
      [numbers.page]: pageWith(signedAnnotations).replace('/F1 5 0 R', '/F1 60 0 R'),
      60: '<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>',
    },
    'the page, with content given twice': { [numbers.page]: pageWith(signedAnnotations, '/Contents 4 0 R') },
    'the page, with an action': { [numbers.page]: pageWith(signedAnnotations, '/AA << /O << /S /JavaScript /JS (x) >> >>') },
    'the pages, with one more': {
      [numbers.pages]: '<< /Type /Pages /Kids [3 0 R 60 0 R] /Count 2 >>',
      60: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>',
    },
    'the pages, with another one': { [numbers.pages]: '<< /Type /Pages /Kids [60 0 R] /Count 1 >>', 60: pageWith(signedAnnotations) },
    'the pages, with inherited resources': { [numbers.pages]: '<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate 90 >>' },
    'the title': { [numbers.info]: '<< /Title (Gift) /ModDate (D:20261101000000Z) >>' },
    'the catalog, with an action': catalogWith('/OpenAction << /S /JavaScript /JS (x) >>'),
    'the catalog, with layers': catalogWith('/OCProperties << /OCGs [] /D << >> >>'),
    'the catalog, with names': catalogWith('/Names << /JavaScript << /Names [] >> >>'),
    'the catalog, with a false security store': catalogWith('/DSS << /Pages 2 0 R >>'),
    'the catalog, with another form': { ...catalogWith(''), [numbers.catalog]: '<< /Type /Catalog /Pages 2 0 R >>' },
    'an object that nothing leads to': { [numbers.checkOn]: lookOf('y') },
  }
  it.each(Object.keys(cases))('%s', (name) => expectRefused(update(cases[name] ?? {})))

  it('a catalog of another number', () => {
    expectRefused(
      update({ 60: '<< /Type /Catalog /Pages 61 0 R /AcroForm 6 0 R >>', 61: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>' }, { root: 60 }),
    )
  })

  it('content that is freed', () => expectRefused(update({}, { freed: [numbers.content] })))
  it('an encryption that was not there', () => expectRefused(update({ 60: '<< /Filter /Standard >>' }, { trailer: '/Encrypt 60 0 R' })))

  it('content hidden before signing and called up by a later cross-reference', () => {
    const prepared = appendUpdate(original, { 4: forgedContent })
    const hiddenAt = prepared.lastIndexOf('4 0 obj')
    const back = appendUpdate(prepared, {
      4: original.toString('latin1', original.indexOf('4 0 obj') + 8, original.indexOf('endobj', original.indexOf('4 0 obj')) - 1),
    })
    expectRefused(appendUpdate(signDocument(back, alice), {}, { entries: () => ({ 4: hiddenAt }) }))
  })

  it('the length of a stream that is its own object', () => {
    const content = forgedContent.replace(/\/Length \d+/, '/Length 70 0 R')
    const file = signDocument(createDocument({ [numbers.content]: content, 70: String(forgedContent.match(/\/Length (\d+)/)?.[1]) }), alice)
    expectRefused(appendUpdate(file, { 70: '20' }))
  })

  it('an object stream', () => {
    const fonts = (name: string): string => objectStream({ 5: `<< /Type /Font /Subtype /Type1 /BaseFont /${name} >>` })
    const document = appendUpdate(original, { 60: fonts('Helvetica') }, { form: 'stream', contained: { 5: [60, 0] } })
    const file = signDocument(document, alice, { update: { form: 'stream' } })
    expect(judge(file)).toMatchObject([{ integrity: 'intact', laterChanges: 'none' }])
    expectRefused(appendUpdate(file, { 60: fonts('Symbol') }, { form: 'stream' }))
    expectRefused(appendUpdate(file, { 61: fonts('Symbol') }, { form: 'stream', contained: { 5: [61, 0] } }))
  })
})

describe('form fields beyond filling in', () => {
  const cases: Record<string, Objects> = {
    'another look for the same value': { [numbers.textLook]: lookOf('900') },
    'a field that moves': { [numbers.text]: textField('900').replace('[50 600 250 620]', '[50 690 250 720]') },
    'a field that gets an action': { [numbers.text]: textField('900', '/AA << /K << /S /JavaScript /JS (x) >> >>') },
    'a field with another default look': { [numbers.text]: textField('900').replace('/F1 12 Tf', '/F1 1 Tf') },
    'a field of another name': { [numbers.text]: textField('').replace('(amount)', '(total)') },
    'a new text field': {
      [numbers.form]: formWith(`${signedFields} 50 0 R`),
      ...annotated(textField('900').replace('(amount)', '(more)')),
    },
    'a box with a look that it did not have': {
      [numbers.check]:
        '<< /Type /Annot /Subtype /Widget /FT /Btn /T (agree) /V /No /AS /No /Rect [50 500 60 510] /P 3 0 R /AP << /N << /Yes 10 0 R /Off 11 0 R >> >> >>',
    },
    'a form that asks for new looks': { [numbers.form]: formWith(signedFields, '/NeedAppearances true') },
    'a form with XFA': { [numbers.form]: formWith(signedFields, '/XFA (x)') },
    'a form whose font is another': {
      [numbers.form]: formWith(signedFields).replace('/F1 5 0 R', '/F1 60 0 R'),
      60: '<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>',
    },
    'a form with fewer fields': { [numbers.form]: formWith('7 0 R 20 0 R') },
    'fields in another order': { [numbers.form]: formWith('9 0 R 7 0 R 20 0 R') },
    'an unsigned signature field that shows something': {
      [numbers.form]: formWith(`${signedFields} 50 0 R`),
      ...annotated(annotation('Widget', '/FT /Sig /T (S) /AP << /N 61 0 R >>'), { 61: lookOf('900') }),
    },
    'a signature field with an action': {
      [numbers.form]: formWith(`${signedFields} 50 0 R`),
      ...annotated(annotation('Widget', '/FT /Sig /T (S) /A << /S /URI /URI (x) >>')),
    },
  }
  it.each(Object.keys(cases))('%s', (name) => expectRefused(update(cases[name] ?? {})))

  it('a value in a field that is read-only', () => {
    const file = signDocument(createDocument({ [numbers.text]: textField('100', '/Ff 1') }), alice)
    expectRefused(appendUpdate(file, { [numbers.text]: textField('900', '/Ff 1') }))
  })

  it('a look that is part of the page as well', () => {
    const shared = pageWith(signedAnnotations).replace('/P1 14 0 R', '/P1 14 0 R /P2 8 0 R')
    const file = signDocument(createDocument(), alice, { changes: { [numbers.page]: shared } })
    expectRefused(appendUpdate(file, { [numbers.text]: textField('900'), [numbers.textLook]: lookOf('900') }))
  })

  it('a visible signature that was never made', () => {
    const make = (): Buffer => Buffer.from('not a signature')
    const options = {
      field: 'Signature2',
      num: 30,
      fields: signedFields,
      annotations: signedAnnotations,
      rect: '[60 690 300 715]',
      fieldDict: '/AP << /N 61 0 R >>',
    }
    expectRefused(signDocument(signed, mallory, { ...options, changes: { 61: lookOf('We owe 900 dollars') }, make }))
  })

  it('a visible signature over other bytes', () => {
    const options = { field: 'Signature2', num: 30, fields: signedFields, annotations: signedAnnotations, rect: '[60 690 300 715]' }
    expectRefused(signDocument(signed, mallory, { ...options, make: () => signMessage(mallory, [Buffer.from('other')]) }))
  })
})

describe('signatures that come later', () => {
  const second = { field: 'Signature2', num: 30, fields: signedFields, annotations: signedAnnotations }
  const certification =
    '/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 2 /V /1.2 >> >>]'

  it('are permitted when they are small or unseen', () => {
    expect(judge(signDocument(signed, mallory, { ...second, rect: '[60 100 300 150]' }))).toMatchObject([{ laterChanges: 'form_fill' }, {}])
  })
  it('are not when they cover the page', () => expectRefused(signDocument(signed, mallory, { ...second, rect: '[0 0 612 792]' })))
  it('are not when they show something on a certified page', () => {
    const certified = signDocument(original, alice, { dict: certification })
    expectRefused(signDocument(certified, mallory, { ...second, rect: '[60 100 300 150]' }))
    expect(judge(signDocument(certified, mallory, second))).toMatchObject([{ kind: 'certification', laterChanges: 'form_fill' }, {}])
  })
  it('are not when they are those of somebody else', () => {
    const field = '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature2) /Rect [60 100 300 150] /P 3 0 R /V 21 0 R >>'
    expectRefused(
      update({ [numbers.form]: formWith(`${signedFields} 50 0 R`), [numbers.page]: pageWith(`${signedAnnotations} 50 0 R`), 50: field }),
    )
  })
})

describe('objects with two uses', () => {
  const withCatalog = (extra: string): Buffer =>
    signDocument(createDocument({ [numbers.catalog]: `<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R ${extra} >>` }), alice)

  it.each([
    '/OCProperties 7 0 R',
    '/OCProperties << /D 7 0 R >>',
    '/OpenAction 7 0 R',
    '/Names << /JavaScript << /Names [(x) 7 0 R] >> >>',
    '/Metadata 7 0 R',
  ])('a field that is also %s is not filled in', (use) =>
    expectRefused(appendUpdate(withCatalog(use), { [numbers.text]: textField('900') })),
  )
  it.each(['/OCProperties 13 0 R', '/OpenAction 13 0 R'])('a remark that is also %s is not changed', (use) => {
    const note = '<< /Type /Annot /Subtype /Text /Rect [10 10 20 20] /Contents (second) /P 3 0 R >>'
    expect(judge(appendUpdate(withCatalog(use), { [numbers.note]: note }))).toMatchObject([{ laterChanges: 'undefined' }])
    expect(judge(appendUpdate(signed, { [numbers.note]: note }))).toMatchObject([{ laterChanges: 'annotation' }])
  })
  it('a list of annotations that is an object of its own says no more than one that is not', () => {
    const page = pageWith('').replace('/Annots []', '/Annots 70 0 R')
    const file = signDocument(createDocument(), alice, { changes: { [numbers.page]: page, 70: `[${signedAnnotations}]` } })
    expect(judge(file)).toMatchObject([{ laterChanges: 'none' }])
    expectRefused(appendUpdate(file, { 70: `[${signedAnnotations} 71 0 R]`, 71: annotation('FreeText') }))
  })
})

describe('annotations that show content', () => {
  const cases: Record<string, Objects> = {
    ...Object.fromEntries(
      ['FreeText', 'Stamp', 'Redact', 'Link', 'Square', 'FileAttachment', 'Watermark', 'Widget'].map((subtype) => [
        `a new ${subtype}`,
        annotated(annotation(subtype)),
      ]),
    ),
    'a highlight with text in its look': annotated(annotation('Highlight', '/AP << /N 61 0 R >>'), { 61: lookOf('900') }),
    'a remark with an action': annotated(annotation('Text', '/A << /S /URI /URI (x) >>')),
    'the widget of a field taken away': { [numbers.page]: pageWith('9 0 R 13 0 R 20 0 R') },
    'annotations in another order': { [numbers.page]: pageWith('9 0 R 7 0 R 13 0 R 20 0 R') },
    'a remark turned into text': { [numbers.note]: annotation('FreeText', '/Contents (900)') },
  }
  it.each(Object.keys(cases))('%s', (name) => expectRefused(update(cases[name] ?? {})))
})

describe('updates that can be read in two ways', () => {
  it('bytes after the end', () => expectRefused(Buffer.concat([signed, Buffer.from(`4 0 obj\n${forgedContent}\nendobj\n`)])))
  it('bytes after the end that lead back to the old cross-reference', () => {
    const start = signed.toString('latin1').match(/startxref\n(\d+)\n%%EOF\n$/)?.[1]
    expectRefused(Buffer.concat([signed, Buffer.from(`4 0 obj\n${forgedContent}\nendobj\nstartxref\n${start}\n%%EOF\n`)]))
  })
  it('an object that the cross-reference does not know', () =>
    expectRefused(update({ [numbers.content]: forgedContent }, { entries: () => ({}) })))
  it('an object that stands twice', () => {
    const first = update({ [numbers.content]: forgedContent }, { entries: () => ({}) })
    const start = first.lastIndexOf('xref\n', first.lastIndexOf('startxref') - 1)
    const length = first.lastIndexOf('4 0 obj')
    expectRefused(
      Buffer.concat([
        first.subarray(0, length),
        Buffer.from(`4 0 obj\n${forgedContent}\nendobj\n`),
        first.subarray(length, start),
        first.subarray(start),
      ]),
    )
  })
  it('a cross-reference that forgets the signed revision', () => {
    const start = Number(original.toString('latin1').match(/startxref\n(\d+)\n%%EOF\n$/)?.[1])
    expectRefused(update({ [numbers.content]: forgedContent }, { previous: start }))
    expectRefused(
      update(
        { [numbers.catalog]: '<< /Type /Catalog /Pages 2 0 R >>', [numbers.pages]: '<< /Type /Pages /Kids [] /Count 0 >>' },
        { previous: null },
      ),
    )
  })
  it('an entry that leads to the middle of another object', () => {
    expectRefused(
      update(
        { 60: `<< /X (\n4 0 obj\n${forgedContent}\nendobj\n) >>` },
        { entries: (offsets) => ({ ...offsets, 4: (offsets[60] ?? 0) + 14 }) },
      ),
    )
  })
  it('a hidden cross-reference stream', () => {
    const hidden = appendUpdate(signed, { [numbers.content]: forgedContent }, { form: 'stream' })
    const at = hidden.lastIndexOf('199 0 obj')
    expectRefused(
      appendUpdate(
        hidden,
        {},
        { trailer: `/XRefStm ${at}`, previous: Number(signed.toString('latin1').match(/startxref\n(\d+)\n%%EOF\n$/)?.[1]) },
      ),
    )
  })
  it('bytes before the header', () => expectRefused(Buffer.concat([Buffer.from('junk\n'), signed])))
})

describe('byte ranges that do not fit', () => {
  const place = signed.indexOf('/ByteRange [') + 12
  const [, gapStart = 0, gapEnd = 0, tail = 0] = signed.toString('latin1', place, signed.indexOf(']', place)).split(' ').map(Number)
  const dictOf = (range: string, contents = signed.toString('latin1', gapStart, gapEnd)): string =>
    `<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [${range}] /Contents ${contents} >>`
  const own = `0 ${gapStart} ${gapEnd} ${tail}`

  it.each([
    '0 0 0 0',
    `0 ${gapStart} ${gapEnd}`,
    `0 ${gapStart}`,
    '',
    `${own} 0 0`,
    `1 ${gapStart} ${gapEnd} ${tail}`,
    `0 -1 ${gapEnd} ${tail}`,
    `0 ${gapStart} ${gapEnd - 2} ${tail + 2}`,
    own,
    '0 99999999 1 2',
  ])('a new signature dictionary that says [%s]', (range) => expectRefused(update({ 21: dictOf(range) })))
  it.each(['null', '<>', '()', '0'])('a new signature dictionary whose value is %s', (contents) =>
    expectRefused(update({ 21: dictOf(own, contents) })),
  )

  it('a second part moved to the end, with anything in between (signature wrapping)', () => {
    const forged = appendUpdate(signed, { [numbers.content]: forgedContent, 21: dictOf(`0 ${gapStart} 0000000000 ${tail}`) })
    const range = Buffer.from(`0 ${gapStart} ${String(forged.length).padStart(10, '0')} ${tail}`)
    range.copy(forged, forged.lastIndexOf('/ByteRange [') + 12)
    expectRefused(Buffer.concat([forged, signed.subarray(gapEnd)]))
  })

  it('a signature that leaves the end of its own revision out', () => {
    expectRefused(
      signDocument(original, alice, {
        make: (parts) => signMessage(alice, [parts[0] ?? Buffer.alloc(0), (parts[1] ?? Buffer.alloc(0)).subarray(0, -40)]),
      }),
    )
  })
})

describe('the value and its padding', () => {
  const start = signed.indexOf('<', signed.indexOf('/Contents <30')) + 1
  const end = signed.indexOf('>', start)
  const edited = (edit: (file: Buffer) => void): Buffer => {
    const file = Buffer.from(signed)
    edit(file)
    return file
  }
  it('bytes after the message', () => expectRefused(edited((file) => file.write('ff', end - 2, 'latin1'))))
  it('an end within the padding', () => expectRefused(edited((file) => file.write('>', end - 10, 'latin1'))))
  it('a comment in the padding', () => expectRefused(edited((file) => file.write('%4 0 obj', end - 10, 'latin1'))))
  it('a changed signature value', () => {
    const message = Buffer.from(signed.toString('latin1', start, end), 'hex')
    const last = message.findLastIndex((byte) => byte !== 0)
    expectRefused(edited((file) => file.write(((message[last] ?? 0) ^ 1).toString(16).padStart(2, '0'), start + last * 2, 'latin1')))
  })
  it('another certificate with the same key', () => {
    const other = createSigner('Alice', { notAfterMs: nowMs + 10 })
    expectRefused(signDocument(original, { ...alice, certificate: other.certificate }))
  })
  it('no signed attributes', () => expectRefused(signDocument(original, alice, { message: { withoutAttributes: true } })))
  it('no certificate', () => expectRefused(signDocument(original, alice, { message: { withoutCertificate: true } })))
  it('content of its own', () => expectRefused(signDocument(original, alice, { message: { content: Buffer.from('x') } })))
  it('a type of content that is not signed', () =>
    expectRefused(signDocument(original, alice, { message: { contentType: '1.2.840.113549.1.9.16.1.4' } })))
})

describe('signed bytes flipped at random', () => {
  it('are always noticed', () => {
    const gapStart = signed.indexOf('<', signed.indexOf('/Contents <30'))
    const gapEnd = signed.indexOf('>', gapStart)
    let seed = 7
    for (let round = 0; round < 400; round++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      const at = seed % signed.length
      if (at >= gapStart && at <= gapEnd) continue
      const file = Buffer.from(signed)
      file[at] = (file[at] ?? 0) ^ (1 << (seed % 8))
      expectRefused(file)
    }
  })
})

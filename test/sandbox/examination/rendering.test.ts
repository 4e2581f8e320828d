// Pages drawn and compared between what a signature covers and what the file shows today.
import { describe, expect, it } from 'vitest'
import { appendUpdate, baseAnnotations, createDocument, lookOf, numbers, pageWith, signDocument, stream, textField } from '../pdf-writer.ts'
import { createSigner } from '../signer.ts'
import { textPdf } from '../../support/pdf-files.ts'
import { examineBytes } from './examine-bytes.ts'

const alice = createSigner('Alice')
const bob = createSigner('Bob')
const signed = signDocument(createDocument(), alice)
const filled = appendUpdate(signed, { [numbers.text]: textField('5'), [numbers.textLook]: lookOf('5 dollars in all') })
const renderingOf = async (file: Buffer) => (await examineBytes(file)).rendering
const clean = { pages: 1, failedPages: [], isCapped: false, changedPages: [] }
const text = (words: string): string => stream('', `BT /F1 12 Tf 72 700 Td (${words}) Tj ET`)

describe('a page looks the same', () => {
  it.each([
    ['with no revision after the signature', signed],
    ['after a field was filled in', filled],
    ['after a visible second signature', signTwice('[300 100 500 160]')],
    ['after an update that shows nothing', appendUpdate(signed, { 60: '<< /Nothing true >>' })],
  ])('%s', async (_name, file) => {
    expect(await renderingOf(file)).toEqual(clean)
  })

  it.each([90, 180, 270])('turned by %i degrees, after a field was filled in', async (degrees) => {
    const turned = signDocument(createDocument(), alice, {
      changes: { [numbers.page]: pageWith(`${baseAnnotations} 20 0 R`, `/Rotate ${degrees}`) },
    })
    const later = appendUpdate(turned, { [numbers.text]: textField('5'), [numbers.textLook]: lookOf('5 dollars in all') })
    expect(await renderingOf(later)).toEqual(clean)
  })

  it('cropped, after a field was filled in', async () => {
    const cropped = signDocument(createDocument(), alice, {
      changes: { [numbers.page]: pageWith(`${baseAnnotations} 20 0 R`, '/CropBox [40 400 612 792]') },
    })
    expect(await renderingOf(appendUpdate(cropped, { [numbers.text]: textField('5'), [numbers.textLook]: lookOf('5 dollars') }))).toEqual(
      clean,
    )
  })
})

describe('a page is told as changed', () => {
  const withPage = (extra: string) => ({ [numbers.page]: pageWith(`${baseAnnotations} 20 0 R ${extra}`) })

  it.each([
    ['whose text is another by one letter', { [numbers.content]: text('We owe 900 dollars') }],
    [
      'that a stamp lies on',
      {
        ...withPage('60 0 R'),
        60: '<< /Subtype /Stamp /F 4 /Rect [72 690 200 720] /AP << /N 61 0 R >> >>',
        61: stream('/Subtype /Form /BBox [0 0 9 9]', '1 g 0 0 9 9 re f'),
      },
    ],
    [
      'that a new field covers',
      {
        ...withPage('60 0 R'),
        60: '<< /Subtype /Widget /FT /Tx /T (big) /F 4 /Rect [0 0 612 792] /AP << /N 61 0 R >> >>',
        61: stream('/Subtype /Form /BBox [0 0 9 9]', '1 g 0 0 9 9 re f'),
      },
    ],
    ['whose font is another', { [numbers.font]: '<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>' }],
  ])('%s', async (_name, changes) => {
    expect((await renderingOf(appendUpdate(signed, changes))).changedPages).toEqual([1])
  })

  it('when it is a new one', async () => {
    const added = appendUpdate(signed, {
      [numbers.pages]: '<< /Type /Pages /Kids [3 0 R 60 0 R] /Count 2 >>',
      60: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>',
    })
    expect(await renderingOf(added)).toEqual({ ...clean, pages: 2, changedPages: [2] })
  })

  it('when only the first of two signatures saw it otherwise', async () => {
    const between = appendUpdate(signed, { [numbers.content]: text('We owe 900 dollars') })
    const file = signDocument(between, bob, {
      num: 30,
      field: 'Two',
      annotations: `${baseAnnotations} 20 0 R`,
      fields: '7 0 R 9 0 R 20 0 R',
    })
    expect((await renderingOf(file)).changedPages).toEqual([1])
  })
})

describe('drawing', () => {
  it('stops after two hundred pages', async () => {
    expect(await renderingOf(textPdf(Array.from({ length: 201 }, (_, index) => `page ${index}`)))).toEqual({
      ...clean,
      pages: 201,
      isCapped: true,
    })
  })

  it('tells the pages that cannot be drawn', async () => {
    const file = createDocument({
      [numbers.pages]: '<< /Type /Pages /Kids [3 0 R 60 0 R] /Count 2 >>',
      60: '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 0 0] /Rotate /x >>',
    })
    const { pages, failedPages } = await renderingOf(file)
    expect(pages).toBe(2)
    expect(failedPages.every((page) => page === 2)).toBe(true)
  })

  it('of a file that needs a password tells that none can be', async () => {
    const key = '00'.repeat(32)
    const locked = appendUpdate(
      createDocument(),
      { 60: `<< /Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <${key}> /U <${key}> >>` },
      { trailer: '/Encrypt 60 0 R /ID [<00> <00>]' },
    )
    expect(await examineBytes(locked)).toMatchObject({ isEncrypted: true, rendering: { pages: 0, failedPages: [1], isCapped: true } })
  })
})

function signTwice(rect: string): Buffer {
  return signDocument(signed, bob, {
    num: 30,
    field: 'Two',
    rect,
    fieldDict: '/AP << /N 40 0 R >>',
    changes: { 40: lookOf('Signed by Bob') },
    annotations: `${baseAnnotations} 20 0 R`,
    fields: '7 0 R 9 0 R 20 0 R',
  })
}

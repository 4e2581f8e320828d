// What annotations cover when they are drawn, whatever their dictionaries say of themselves; and what lies over a page without hiding anything.
import { describe, expect, it } from 'vitest'
import { pdfOf, streamOf } from '../../support/pdf-files.ts'
import { stream } from '../pdf-writer.ts'
import { examineBytes } from './examine-bytes.ts'

const text = (size = 12): string => `BT /F1 ${size} Tf 60 700 Td (The price is 100 dollars) Tj ET`
const font = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>'

type Page = { content?: string; page?: string; catalog?: string; objects?: readonly string[] }

/** One page with the annotation 6 and its look 7. */
function annotated(annotation: string, look: string, { content = text(), page = '', catalog = '', objects = [] }: Page = {}): Buffer {
  return pdfOf([
    `<< /Type /Catalog /Pages 2 0 R ${catalog} >>`,
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [6 0 R] ${page} >>`,
    streamOf('', Buffer.from(content)),
    font,
    annotation,
    look,
    ...objects,
  ])
}

const over = '/Rect [50 690 250 720]'
const annotation = (subtype: string, more = '', rect = over): string =>
  `<< /Type /Annot /Subtype /${subtype} ${rect} /F 4 /AP << /N 7 0 R >> ${more} >>`
const look = (drawing: string, resources = ''): string =>
  stream(`/Type /XObject /Subtype /Form /BBox [0 0 200 30] /Resources << ${resources} >>`, drawing)
const white = look('1 1 1 rg 0 0 200 30 re f')
const field = { catalog: '/AcroForm << /Fields [6 0 R] /DA (/F1 12 Tf) /DR << /Font << /F1 5 0 R >> >> >>' }
const overlaysOf = async (file: Buffer): Promise<string[]> => (await examineBytes(file)).overlays.map(({ why }) => why)

describe('what is covered', () => {
  it.each(['Square', 'FreeText', 'Stamp', 'Highlight', 'Ink', 'Text', 'Link'])('by the look of a %s is told', async (subtype) => {
    const { overlays } = await examineBytes(annotated(annotation(subtype), white))
    expect(overlays).toEqual([{ page: 1, object: '6 0', why: `${subtype}: hides what is below it` }])
  })

  it.each(['/FT /Tx', '/FT /Sig', '/FT /Btn /Ff 65536', '/Parent 8 0 R'])('by the look of a field (%s) is told', async (type) => {
    const file = annotated(annotation('Widget', `${type} /T (a)`), white, { ...field, objects: ['<< /FT /Ch /Kids [6 0 R] /T (b) >>'] })
    expect(await overlaysOf(file)).toEqual(['Widget: hides what is below it'])
  })

  it.each(['/FT /Btn', ''])('by the look of a field (%j) that PDFium does not draw is told', async (type) => {
    const file = annotated(annotation('Widget', `${type} /T (a)`), white, field)
    expect(await overlaysOf(file)).toEqual(['Widget: some readers draw it over what is below it'])
  })

  it('by the colour of an annotation without a look of its own is told: readers draw it', async () => {
    expect(await overlaysOf(annotated(`<< /Type /Annot /Subtype /Square ${over} /F 4 /IC [1 1 1] >>`, white))).toHaveLength(1)
  })

  it.each([
    ['in black', look('0 0 0 rg 0 0 200 30 re f')],
    ['by a thick stroke', look('1 1 1 RG 24 w 0 15 m 200 15 l S')],
    ['by something nearly opaque', look('/G gs 1 1 1 rg 0 0 200 30 re f', '/ExtGState << /G << /ca 0.95 >> >>')],
    ['by a form within its look', look('/X Do', '/XObject << /X 8 0 R >>')],
    ['by a picture', look('200 0 0 30 0 0 cm /I Do', '/XObject << /I 9 0 R >>')],
    [
      'and written over',
      look('1 1 1 rg 0 0 200 30 re f 0 g BT /F1 12 Tf 10 10 Td (The price is 900 dollars) Tj ET', '/Font << /F1 5 0 R >>'),
    ],
  ])('%s is told', async (_how, drawing) => {
    const objects = [
      stream('/Type /XObject /Subtype /Form /BBox [0 0 200 30]', '1 1 1 rg 0 0 200 30 re f'),
      stream('/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray', '\u007f'),
    ]
    expect(await overlaysOf(annotated(annotation('Stamp'), drawing, { objects }))).toHaveLength(1)
  })

  // Every digit of Helvetica is 0.556 of its size wide.
  const sizes = [7, 8, 10, 12, 24]
  it.each(sizes.flatMap((size) => [...'0123456789'].map((digit) => [digit, size] as const)))(
    'is told when it is a single %s of %i points',
    async (digit, size) => {
      const at = 60 + 0.556 * size
      const digits = { content: `BT /F1 ${size} Tf 60 700 Td (4${digit}00 and more) Tj ET` }
      const rect = `/Rect [${at} ${700 - size * 0.1} ${at + 0.556 * size} ${700 + size * 0.8}]`
      expect(await overlaysOf(annotated(annotation('FreeText', '', rect), white, digits))).toHaveLength(1)
    },
  )

  it.each([90, 180, 270])('is told on a page that is turned by %i degrees, with the one that does it', async (rotation) => {
    const others = '<< /Type /Annot /Subtype /Circle /Rect [300 100 400 200] /F 4 /AP << /N 7 0 R >> >>'
    const file = annotated(annotation('FreeText'), white, {
      page: `/Rotate ${rotation} /Annots [6 0 R 8 0 R] /CropBox [20 30 560 800]`,
      objects: [others],
    })
    expect((await examineBytes(file)).overlays.map(({ object }) => object)).toEqual(['6 0'])
  })

  it('is told of a scanned page as well', async () => {
    // As of 72 dots an inch: slanting stripes stand for what was scanned.
    const pixels = Array.from({ length: 400 * 400 }, (_, at) => ((at + Math.floor(at / 400)) % 8 < 3 ? '00' : 'ff')).join('')
    const scan = stream(
      '/Type /XObject /Subtype /Image /Width 400 /Height 400 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /ASCIIHexDecode',
      `${pixels}>`,
    )
    const content = 'q 400 0 0 400 50 400 cm /I Do Q'
    const page = '/Resources << /XObject << /I 8 0 R >> >>'
    expect(await overlaysOf(annotated(annotation('Stamp'), white, { content, page, objects: [scan] }))).toHaveLength(1)
  })
})

describe('what hides nothing', () => {
  const multiply = '/ExtGState << /G << /BM /Multiply >> >>'
  it.each([
    ['a highlight that multiplies', annotation('Highlight'), look('/G gs 1 1 0 rg 0 0 200 30 re f', multiply)],
    ['one that multiplies a form', annotation('Highlight'), look('/G gs /X Do', `${multiply} /XObject << /X 8 0 R >>`)],
    [
      'a highlight that is seen through',
      annotation('Highlight'),
      look('/G gs 1 1 0 rg 0 0 200 30 re f', '/ExtGState << /G << /ca 0.4 >> >>'),
    ],
    ['a line through words', annotation('StrikeOut'), look('1 0 0 RG 1 w 0 14 m 200 14 l S')],
    ['a line below words', annotation('Underline'), look('0 0 1 RG 1 w 0 8 m 200 8 l S')],
    [
      'a scribble on an empty place',
      annotation('Ink', '', '/Rect [50 640 250 670]'),
      look('0 0 1 RG 1.5 w 10 4 m 40 28 60 2 90 26 c 120 4 150 30 190 8 c S'),
    ],
    ['a frame around words', annotation('Square'), look('1 0 0 RG 2 w 1 1 198 28 re S')],
    ['a remark beside them', annotation('FreeText', '', '/Rect [50 500 250 530]'), white],
    ['a stamp beside them', annotation('Stamp', '', '/Rect [300 600 500 680]'), look('1 0 0 rg 0 0 200 30 re f')],
    ['a link with a frame', `<< /Type /Annot /Subtype /Link ${over} /Border [0 0 2] /C [1 0 0] >>`, white],
  ])('%s is not told', async (_what, one, drawing) => {
    const objects = [stream('/Type /XObject /Subtype /Form /BBox [0 0 200 30]', '1 1 0 rg 0 0 200 30 re f')]
    expect(await overlaysOf(annotated(one, drawing, { objects }))).toEqual([])
  })

  it.each([
    ['on an empty place', '/Rect [50 600 250 630]'],
    ['on a line to write on', '/Rect [50 500 250 530]'],
    ['on a printed frame', '/Rect [50 400 250 430]'],
  ])('a filled-in field %s is not told', async (_where, rect) => {
    const filled = look('1 1 1 rg 0 0 200 30 re f 0 g BT /F1 12 Tf 4 9 Td (Ada Shikongo) Tj ET', '/Font << /F1 5 0 R >>')
    const content = `${text()} 0 G 1 w 40 506 m 300 506 l S 51 401 198 28 re S BT /F1 12 Tf 40 480 Td (________________________________) Tj ET`
    expect(await overlaysOf(annotated(annotation('Widget', '/FT /Tx /T (a) /V (Ada)', rect), filled, { ...field, content }))).toEqual([])
  })
})

// What an examination says of a document apart from its signatures: what acts, what comes from outside, what is hidden, what is missing.
import { describe, expect, it } from 'vitest'
import { cyclicPdf, hugeImagePdf, nestedPdf, textPdf } from '../../support/pdf-files.ts'
import { appendUpdate, createDocument, formWith, numbers, pageWith, signDocument, stream, type Objects } from '../pdf-writer.ts'
import { createSigner } from '../signer.ts'
import { answerOf, examineBytes } from './examine-bytes.ts'

const catalogWith = (extra: string): Objects => ({
  [numbers.catalog]: `<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R ${extra} >>`,
})
const annotated = (annotation: string, more: Objects = {}): Buffer =>
  createDocument({
    [numbers.page]: pageWith('7 0 R 9 0 R 13 0 R 50 0 R'),
    50: annotation,
    51: stream('/Subtype /Form /BBox [0 0 1 1]', ''),
    ...more,
  })

describe('an everyday document', () => {
  it('has nothing to be told of', async () => {
    expect(await examineBytes(textPdf(['one', 'two']))).toEqual({
      report: { outcome: 'ok', signatures: [], findings: [] },
      signatures: [],
      isEncrypted: false,
      pages: 2,
      isRegular: true,
      active: [],
      layers: { total: 0, hiddenByDefault: 0 },
      external: [],
      fonts: { embedded: 0, notEmbedded: ['Helvetica'] },
      overlays: [],
      rendering: { pages: 2, failedPages: [], isCapped: false, changedPages: [] },
    })
  })

  it('with a form, a note, links, going places and printing has none either', async () => {
    const harmless = createDocument({
      ...catalogWith('/OpenAction [3 0 R /Fit] /Outlines << /First << /Title (a) /Dest [3 0 R /Fit] >> >>'),
      [numbers.page]: pageWith('7 0 R 9 0 R 13 0 R 50 0 R 51 0 R 52 0 R', '/AA << /O << /S /GoTo /D [3 0 R /Fit] >> >>'),
      50: '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.com) >> >>',
      51: '<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /Type /Action /S /Named /N /Print >> >>',
      52: '<< /Type /Annot /Subtype /Popup /Rect [0 0 9 9] /F 2 >>',
    })
    expect(await examineBytes(harmless)).toMatchObject({ active: [], external: [], overlays: [] })
  })
})

describe('active content', () => {
  const script = '<< /S /JavaScript /JS (app.alert\\(1\\)) >>'

  it.each([
    ['javascript', 'on opening', createDocument(catalogWith(`/OpenAction ${script}`)), '1 0'],
    ['javascript', 'in the list of scripts', createDocument(catalogWith('/Names << /JavaScript << /Names [(a) 60 0 R] >> >>')), '60 0'],
    ['javascript', 'on a page', createDocument({ [numbers.page]: pageWith('', `/AA << /O ${script} >>`) }), '3 0'],
    ['javascript', 'of a field', createDocument({ [numbers.check]: `<< /Subtype /Widget /FT /Btn /AA << /K ${script} >> >>` }), '9 0'],
    ['javascript', 'after another action', annotated(`<< /Subtype /Link /A << /S /URI /URI (x) /Next [${script}] >> >>`), '50 0'],
    ['launch', 'of a link', annotated('<< /Subtype /Link /A << /S /Launch /F (calc.exe) >> >>'), '50 0'],
    ['submit', 'of a button', annotated('<< /Subtype /Widget /A << /S /SubmitForm /F (https://x) >> >>'), '50 0'],
    ['import', 'of a button', annotated('<< /Subtype /Widget /A << /S /ImportData /F (x.fdf) >> >>'), '50 0'],
    ['rich_media', 'on a page', annotated('<< /Subtype /RichMedia /Rect [0 0 9 9] >>'), '50 0'],
    ['movie', 'on a page', annotated('<< /Subtype /Movie /Rect [0 0 9 9] >>'), '50 0'],
    ['other', 'that switches layers', annotated('<< /Subtype /Link /A << /S /SetOCGState /State [] >> >>'), '50 0'],
    ['xfa', 'in place of the form', createDocument({ [numbers.form]: formWith('7 0 R', '/XFA 61 0 R') }), 'form'],
  ])('%s %s is found', async (kind, _where, file, object) => {
    const whole = appendUpdate(file, { 60: script, 61: stream('', '<xdp/>') })
    expect((await examineBytes(whole)).active).toEqual([{ kind, object }])
  })

  it('is found however the objects are tied', async () => {
    const knot = createDocument({
      ...catalogWith('/OpenAction 60 0 R'),
      60: '<< /S /GoTo /Next 61 0 R >>',
      61: '[60 0 R 62 0 R 61 0 R]',
      62: `<< /S /Hide /Next [60 0 R << /Next 62 0 R /S /JavaScript /JS 63 0 R >>] >>`,
      63: stream('', 'x'),
    })
    expect((await examineBytes(knot)).active).toEqual([
      { kind: 'other', object: '62 0' },
      { kind: 'javascript', object: '62 0' },
    ])
  })

  it('in great numbers is told in part, each kind of it', async () => {
    const many = Array.from({ length: 500 }, () => '<< /S /JavaScript /JS (x) >>').join(' ')
    const file = createDocument(catalogWith(`/Extra [<< /S /Launch >> ${many} << /S /SubmitForm >>]`))
    const { active } = await examineBytes(file)
    expect(active.length).toBeLessThanOrEqual(100)
    expect(new Set(active.map(({ kind }) => kind))).toEqual(new Set(['javascript', 'launch', 'submit']))
  })
})

describe('content from outside', () => {
  const outside = '/F << /Type /Filespec /F (other.bin) >>'
  const image = '/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray'

  it.each([
    ['stream', { [numbers.picture]: stream('/Type /XObject /Subtype /Form /BBox [0 0 9 9] /F (page.txt)', '') }, '14 0'],
    ['image', { [numbers.picture]: stream(`${image} ${outside}`, '') }, '14 0'],
    ['image', { [numbers.picture]: stream(`${image} /OPI << /2.0 << /F (x.tif) >> >>`, '0') }, '14 0'],
    ['url', { [numbers.picture]: stream(`${image} /F << /FS /URL /F (https://x) >>`, '') }, '14 0'],
    ['embedded_reference', { [numbers.picture]: stream('/Subtype /Form /BBox [0 0 9 9] /Ref << /F (x.pdf) /Page 0 >>', '') }, '14 0'],
    ['goto', catalogWith('/OpenAction << /S /GoToR /F (x.pdf) /D [0 /Fit] >>'), '1 0'],
    ['goto', catalogWith('/OpenAction << /S /GoToE /T << /R /C /N (x) >> >>'), '1 0'],
    [
      'font',
      {
        [numbers.font]: '<< /Type /Font /Subtype /TrueType /BaseFont /A /FontDescriptor << /FontFile2 60 0 R >> >>',
        60: stream(`/Length1 9 ${outside}`, ''),
      },
      '60 0',
    ],
  ])('%s is found', async (kind, changes, object) => {
    expect((await examineBytes(createDocument(changes))).external).toEqual([{ kind, object }])
  })

  it('is none where a file is embedded or a filter is written short', async () => {
    const attached = createDocument({
      ...catalogWith('/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a.txt) /EF << /F 60 0 R >> >>] >> >>'),
      60: stream('/Type /EmbeddedFile', 'hello'),
      [numbers.picture]: stream('/Subtype /Form /BBox [0 0 9 9] /F /AHx', '>'),
    })
    expect((await examineBytes(attached)).external).toEqual([])
  })
})

describe('layers', () => {
  const groups = (defaults: string, more: Objects = {}): Promise<{ total: number; hiddenByDefault: number }> =>
    examineBytes(
      createDocument({
        ...catalogWith(`/OCProperties << /OCGs [60 0 R 61 0 R] /D << ${defaults} >> >>`),
        60: '<< /Type /OCG /Name (a) /Usage << /Print << /PrintState /OFF >> >> >>',
        61: '<< /Type /OCG /Name (b) >>',
        [numbers.picture]: stream('/Subtype /Form /BBox [0 0 9 9] /OC 62 0 R', ''),
        62: '61 0 R',
        ...more,
      }),
    ).then(({ layers }) => layers)

  it.each([
    ['', 0],
    ['/OFF [61 0 R]', 1],
    ['/BaseState /OFF', 2],
    ['/BaseState /OFF /ON [60 0 R]', 1],
    ['/AS [<< /Event /Print /OCGs [60 0 R 61 0 R] /Category [/Print] >>]', 1],
  ])('with %j hide %i of two', async (defaults, hiddenByDefault) => {
    expect(await groups(defaults)).toEqual({ total: 2, hiddenByDefault })
  })

  it.each([
    ['/OCGs [60 0 R 61 0 R] /P /AllOff', 1],
    ['/OCGs 60 0 R /P /AnyOff', 1],
    ['/OCGs 60 0 R', 0],
    ['/VE [/Not 60 0 R]', 1],
    ['/VE [/And 60 0 R [/Or 61 0 R [/Not 61 0 R]]]', 0],
    ['/VE 63 0 R', 1],
  ])('with the membership %j hide %i of their content', async (membership, hiddenByDefault) => {
    const layers = await groups('', { 62: `<< /Type /OCMD ${membership} >>`, 63: '[/Or 63 0 R 63 0 R]' })
    expect(layers).toEqual({ total: 2, hiddenByDefault })
  })
})

describe('fonts', () => {
  it('count as embedded with their program, and are named without', async () => {
    const file = createDocument({
      [numbers.font]: '<< /Type /Font /Subtype /Type0 /BaseFont /Both /DescendantFonts [60 0 R 61 0 R] >>',
      60: '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /ABCDEF+Inside /FontDescriptor << /FontFile2 62 0 R >> >>',
      61: '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Outside /FontDescriptor << /FontFile2 99 0 R >> >>',
      62: stream('/Length1 1', 'x'),
    })
    expect((await examineBytes(file)).fonts).toEqual({ embedded: 1, notEmbedded: ['Outside'] })
  })

  it('that only the defaults of the form name are not counted', async () => {
    const file = createDocument({
      [numbers.form]: formWith('7 0 R', '/DR << /Font << /Zz << /Type /Font /Subtype /Type1 /BaseFont /Symbol >> >> >>'),
    })
    expect((await examineBytes(file)).fonts.notEmbedded).toEqual(['Helvetica'])
  })
})

describe('overlays', () => {
  const annotation = (subtype: string, flags: number, extra = ''): Buffer =>
    annotated(`<< /Type /Annot /Subtype /${subtype} /F ${flags} /Rect [10 10 90 90] /AP << /N 51 0 R >> ${extra} >>`)

  it.each([
    ['Square', 4, '/IC [1 1 1]', 'Square: hides what is below it'],
    ['FreeText', 4, '/C [1 1 1]', 'FreeText: hides what is below it'],
    ['Watermark', 4, '', 'Watermark: hides what is below it'],
    ['Stamp', 0, '', 'Stamp: shown on screen, but not in print'],
    ['Stamp', 36, '', 'Stamp: shown in print only'],
    ['Stamp', 2, '', 'Stamp: hidden until something shows it'],
    ['Widget', 36, '/FT /Tx', 'Widget: shown in print only'],
  ])('%s with the flags %i and %j is one', async (subtype, flags, extra, why) => {
    expect((await examineBytes(annotation(subtype, flags, extra))).overlays).toEqual([{ page: 1, object: '50 0', why }])
  })

  it.each([
    ['Link', 0],
    ['Text', 28],
    ['Popup', 2],
    ['Widget', 2],
    ['Widget', 0],
    ['Highlight', 4],
    ['Stamp', 4],
    ['FreeText', 4],
  ])('%s with the flags %i is none', async (subtype, flags) => {
    expect((await examineBytes(annotation(subtype, flags))).overlays).toEqual([])
  })

  it('are marks that show text of their own', async () => {
    const look = stream('/Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F1 5 0 R >> >>', '')
    const file = annotated('<< /Subtype /Highlight /F 4 /Rect [10 10 90 90] /AP << /N 52 0 R >> >>', { 52: look })
    expect((await examineBytes(file)).overlays).toMatchObject([{ why: 'Highlight: hides what is below it' }])
  })

  it('are none of the signature and its field', async () => {
    const file = signDocument(createDocument(), createSigner('A'), { rect: '[10 10 200 60]', fieldDict: '/AP << /N 14 0 R >>' })
    expect((await examineBytes(file)).overlays).toEqual([])
  })
})

describe('the file as a whole', () => {
  it('is regular only when its revisions fill it', async () => {
    const file = createDocument()
    expect((await examineBytes(file)).isRegular).toBe(true)
    expect((await examineBytes(Buffer.concat([file, Buffer.from('left over')]))).isRegular).toBe(false)
    expect((await examineBytes(Buffer.from(file.toString('latin1').replace(/startxref\n\d+/, 'startxref\n7'), 'latin1'))).isRegular).toBe(
      false,
    )
  })

  it('is called encrypted when it says so', async () => {
    const file = createDocument({})
    const encrypted = appendUpdate(file, { 60: '<< /Filter /Standard /V 9 >>' }, { trailer: '/Encrypt 60 0 R' })
    expect((await examineBytes(encrypted)).isEncrypted).toBe(true)
  })

  it.each([
    ['no PDF at all', Buffer.from('no PDF at all'), 'not_a_pdf'],
    ['a header and nothing else', Buffer.from('%PDF-1.7\n%%EOF\n'), 'damaged'],
    ['nothing', Buffer.alloc(0), 'not_a_pdf'],
    ['deep nesting', nestedPdf(), 'too_complex'],
  ])('of %s is refused, or told in part', async (_name, bytes, reason) => {
    const answer = await answerOf(bytes)
    expect(answer).toMatchObject({ reason })
    expect(answer.kind).not.toBe('ok')
  })

  it('of a page tree that is a circle has no pages of ours', async () => {
    expect(await answerOf(cyclicPdf())).toMatchObject({ value: { pages: 0 } })
  })

  it('of a picture without end is drawn or given up on', async () => {
    expect(['ok', 'partial']).toContain((await answerOf(hugeImagePdf())).kind)
  })

  it('that holds more than is looked at is told in part, and called capped', async () => {
    const file = createDocument({ ...catalogWith('/OpenAction << /S /Launch >> /Bulk 60 0 R'), 60: `[${'0 '.repeat(5_100_000)}]` })
    expect(await answerOf(file)).toMatchObject({
      kind: 'partial',
      reason: 'too_complex',
      value: { pages: 1, active: [{ kind: 'launch' }], rendering: { isCapped: true } },
    })
  })

  it('gives the same answer every time', async () => {
    const file = signDocument(createDocument(catalogWith('/OpenAction << /S /JavaScript /JS (x) >>')), createSigner('A'))
    expect(await answerOf(file)).toEqual(await answerOf(file))
  })
})

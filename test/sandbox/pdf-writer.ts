// Writes PDF files for the tests: a small document with a form, incremental updates to it, and signatures. What the tests forge, they forge with this.
import type { MessageOptions, Signer } from './signer.ts'
import { signMessage } from './signer.ts'

export type Objects = Record<number, string | Buffer>
/** `entries` may change what the cross-reference says; `freed` are called free; `contained`: object number to [object stream, index] (form `stream` only). */
export type UpdateOptions = {
  form?: 'table' | 'stream'
  trailer?: string
  entries?: (offsets: Record<number, number>) => Record<number, number>
  freed?: number[]
  contained?: Record<number, [number, number]>
  root?: number
  previous?: number | null
}

/** Object numbers of the document that createDocument writes. */
export const numbers = {
  catalog: 1,
  pages: 2,
  page: 3,
  content: 4,
  font: 5,
  form: 6,
  text: 7,
  textLook: 8,
  check: 9,
  checkOn: 10,
  checkOff: 11,
  info: 12,
  note: 13,
  picture: 14,
} as const
const FIRST_FREE = 20

/** A stream object's text. */
export function stream(dict: string, data: string): string {
  return `<< ${dict} /Length ${data.length} >>\nstream\n${data}\nendstream`
}

/** An object stream that holds these objects. */
export function objectStream(objects: Record<number, string>): string {
  const bodies = Object.values(objects)
  const offsets = bodies.map((_, index) => bodies.slice(0, index).join(' ').length + (index === 0 ? 0 : 1))
  const head = `${Object.keys(objects)
    .map((num, index) => `${num} ${offsets[index]}`)
    .join(' ')} `
  return stream(`/Type /ObjStm /N ${bodies.length} /First ${head.length}`, head + bodies.join(' '))
}

export const lookOf = (text: string): string =>
  stream('/Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font << /F1 5 0 R >> >>', `BT /F1 12 Tf (${text}) Tj ET`)
export const textField = (value: string, extra = ''): string =>
  `<< /Type /Annot /Subtype /Widget /FT /Tx /T (amount) /V (${value}) /DA (/F1 12 Tf) /Rect [50 600 250 620] /P 3 0 R /AP << /N 8 0 R >> ${extra} >>`
export const pageWith = (annotations: string, extra = ''): string =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /P1 14 0 R >> >> /Annots [${annotations}] ${extra} >>`
export const formWith = (fields: string, extra = ''): string =>
  `<< /Fields [${fields}] /SigFlags 3 /DA (/F1 12 Tf) /DR << /Font << /F1 5 0 R >> >> ${extra} >>`
export const baseAnnotations = '7 0 R 9 0 R 13 0 R'
export const baseFields = '7 0 R 9 0 R'

const baseObjects: Objects = {
  [numbers.catalog]: '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>',
  [numbers.pages]: '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
  [numbers.page]: pageWith(baseAnnotations),
  [numbers.content]: stream('', 'BT /F1 12 Tf 72 700 Td (We owe 100 dollars) Tj ET'),
  [numbers.font]: '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  [numbers.form]: formWith(baseFields),
  [numbers.text]: textField(''),
  [numbers.textLook]: lookOf(''),
  [numbers.check]:
    '<< /Type /Annot /Subtype /Widget /FT /Btn /T (agree) /V /Off /AS /Off /Rect [50 500 60 510] /P 3 0 R /AP << /N << /Yes 10 0 R /Off 11 0 R >> >> >>',
  [numbers.checkOn]: lookOf('x'),
  [numbers.checkOff]: lookOf(''),
  [numbers.info]: '<< /Title (Contract) /ModDate (D:20261101000000Z) >>',
  [numbers.note]: '<< /Type /Annot /Subtype /Text /Rect [10 10 20 20] /Contents (first remark) /P 3 0 R >>',
  [numbers.picture]: stream('/Type /XObject /Subtype /Form /BBox [0 0 10 10]', '0 0 10 10 re f'),
}

/** A one-page document with a text field, a check box, a remark and a picture. `changes` replace or add objects. */
export function createDocument(changes: Objects = {}): Buffer {
  return appendUpdate(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'), { ...baseObjects, ...changes })
}

/** The file with one more incremental update. The first update writes the document. */
export function appendUpdate(file: Buffer, objects: Objects, options: UpdateOptions = {}): Buffer {
  const previous = options.previous === undefined ? lastStartxref(file) : (options.previous ?? undefined)
  const parts: Buffer[] = [file]
  let length = file.length
  const offsets: Record<number, number> = {}
  const push = (part: Buffer | string): void => {
    const bytes = Buffer.isBuffer(part) ? part : Buffer.from(part, 'latin1')
    parts.push(bytes)
    length += bytes.length
  }
  if (file.at(-1) !== 0x0a) push('\n')
  for (const [num, body] of Object.entries(objects)) {
    offsets[Number(num)] = length
    push(`${num} 0 obj\n`)
    push(body)
    push('\nendobj\n')
  }
  const entries = options.entries?.(offsets) ?? offsets
  const tail = `/Root ${options.root ?? 1} 0 R /Info 12 0 R ${previous === undefined ? '' : `/Prev ${previous}`} ${options.trailer ?? ''}`
  const start = length
  push(
    options.form === 'stream'
      ? xrefStream(entries, start, tail, options.contained ?? {})
      : xrefTable(entries, tail, previous === undefined, options.freed ?? []),
  )
  push(`startxref\n${start}\n%%EOF\n`)
  return Buffer.concat(parts)
}

function xrefTable(entries: Record<number, number>, tail: string, isFirst: boolean, freed: number[]): string {
  const lines = Object.entries(entries).map(([num, offset]) => `${num} 1\n${String(offset).padStart(10, '0')} 00000 n \n`)
  for (const num of freed) lines.push(`${num} 1\n0000000000 00001 f \n`)
  return `xref\n${isFirst ? '0 1\n0000000000 65535 f \n' : ''}${lines.join('')}trailer\n<< /Size 200 ${tail} >>\n`
}

function xrefStream(entries: Record<number, number>, start: number, tail: string, contained: Record<number, [number, number]>): Buffer {
  const placed = Object.entries({ ...entries, 199: start }).map(([num, offset]) => ({
    num,
    row: [1, offset >>> 16, offset >>> 8, offset, 0],
  }))
  const held = Object.entries(contained).map(([num, [container, at]]) => ({ num, row: [2, 0, container >>> 8, container, at] }))
  const rows = [...placed, ...held].map(({ row }) => Buffer.from(row.map((byte) => byte & 0xff)))
  const index = [...placed, ...held].map(({ num }) => `${num} 1`)
  const data = Buffer.concat(rows)
  const head = `199 0 obj\n<< /Type /XRef /Size 200 /W [1 3 1] /Index [${index.join(' ')}] /Length ${data.length} ${tail} >>\nstream\n`
  return Buffer.concat([Buffer.from(head), data, Buffer.from('\nendstream\nendobj\n')])
}

function lastStartxref(file: Buffer): number | undefined {
  const word = file.lastIndexOf('startxref')
  return word === -1 ? undefined : Number.parseInt(file.toString('latin1', word + 9, word + 30), 10)
}

export type SignOptions = {
  field?: string
  num?: number
  subFilter?: string
  rect?: string
  dict?: string
  fieldDict?: string
  fields?: string
  annotations?: string
  changes?: Objects
  update?: UpdateOptions
  message?: MessageOptions
  make?: (parts: Buffer[]) => Buffer
  contentsBytes?: number
}

/** The file signed in a new field, whose object number is `num` (the signature's is one more). */
export function signDocument(file: Buffer, signer: Signer, options: SignOptions = {}): Buffer {
  const num = options.num ?? FIRST_FREE
  const isTimestamp = options.subFilter === 'ETSI.RFC3161'
  const space = options.contentsBytes ?? 6000
  const dict = `<< /Type /${isTimestamp ? 'DocTimeStamp' : 'Sig'} /Filter /Adobe.PPKLite /SubFilter /${options.subFilter ?? 'ETSI.CAdES.detached'} /ByteRange [0 0000000001 0000000002 0000000003] /Contents <${'0'.repeat(space * 2)}> ${options.dict ?? ''} >>`
  const rect = options.rect ?? '[0 0 0 0]'
  const field = `<< /Type /Annot /Subtype /Widget /FT /Sig /T (${options.field ?? 'Signature1'}) /F 132 /Rect ${rect} /P 3 0 R /V ${num + 1} 0 R ${options.fieldDict ?? ''} >>`
  const prepared = appendUpdate(
    file,
    {
      [numbers.page]: pageWith(`${options.annotations ?? baseAnnotations} ${num} 0 R`),
      [numbers.form]: formWith(`${options.fields ?? baseFields} ${num} 0 R`),
      [num]: field,
      [num + 1]: dict,
      ...options.changes,
    },
    options.update,
  )
  return fillSignature(prepared, prepared.lastIndexOf('/Contents <0000'), signer, options)
}

/** Fills the empty signature whose /Contents stands at this offset. The byte range before it is set to the whole file. */
export function fillSignature(prepared: Buffer, contentsAt: number, signer: Signer, options: SignOptions = {}): Buffer {
  const file = Buffer.from(prepared)
  const start = file.indexOf('<', contentsAt)
  const end = file.indexOf('>', start) + 1
  const rangeAt = file.lastIndexOf('/ByteRange [', contentsAt) + 12
  const range = [start, end, file.length - end].map((number) => String(number).padStart(10, '0')).join(' ')
  file.write(`0 ${range}`, rangeAt, 'latin1')
  const parts = [file.subarray(0, start), file.subarray(end)]
  const value = options.make?.(parts) ?? signMessage(signer, parts, options.message)
  file.write(value.toString('hex'), start + 1, 'latin1')
  return file
}

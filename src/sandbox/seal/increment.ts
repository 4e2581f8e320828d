// One incremental update (ISO 32000-2, 7.5.6): objects that are new or replaced, and a cross-reference section of the form that the document has, behind the
// bytes that are there. Not one of those is changed.
import { createHash } from 'node:crypto'
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import type { PdfValue } from '../pdf/values.ts'
import { integerOf, isKind } from '../pdf/values.ts'
import { dictionary, list, named, reference, writeValue } from './write-value.ts'

/** An object as it is to be from now on. `body` is its text where that is more than a value (the empty signature). */
export type NewObject = { num: number; gen?: number } & ({ value: PdfValue } | { body: string })

/** `bytes` are to be appended; `offsets` say where each object stands in the whole file. */
export type Increment = { bytes: Buffer; offsets: ReadonlyMap<number, number> }

/** The least object number that the document does not use and did not use before. */
export function firstFreeNumber({ current }: OpenedPdf): number {
  let highest = (integerOf(current.trailer.entries.get('Size')) ?? 1) - 1
  for (const num of current.entries.keys()) highest = Math.max(highest, num)
  return highest + 1
}

/** The update that holds these objects. The document must have a newest cross-reference section (not a rebuilt one). */
export function writeIncrement(pdf: OpenedPdf, objects: readonly NewObject[]): Increment {
  const { data } = pdf.file
  const start = data.length
  const lines: string[] = [data.at(-1) === 0x0a ? '' : '\n']
  let length = lines[0]?.length ?? 0
  const offsets = new Map<number, number>()
  for (const object of objects) {
    const text = `${object.num} ${object.gen ?? 0} obj\n${'body' in object ? object.body : writeValue(object.value)}\nendobj\n`
    offsets.set(object.num, start + length)
    lines.push(text)
    length += text.length
  }
  const entries = objects.map(({ num, gen = 0 }) => ({ num, gen, offset: offsets.get(num) ?? 0 }))
  lines.push(writeSection(pdf, entries, start + length, digestOf(lines)), `startxref\n${start + length}\n%%EOF\n`)
  return { bytes: Buffer.from(lines.join(''), 'latin1'), offsets }
}

type Entry = { num: number; gen: number; offset: number }

function writeSection(pdf: OpenedPdf, entries: readonly Entry[], at: number, digest: Buffer): string {
  const [newest] = pdf.chain.sections
  const free = Math.max(firstFreeNumber(pdf), ...entries.map(({ num }) => num + 1))
  if (newest?.form === 'stream') return writeStream(pdf, [...entries, { num: free, gen: 0, offset: at }], free, digest)
  const rows = groups(entries).map(
    (group) =>
      `${group[0]?.num ?? 0} ${group.length}\n${group.map(({ offset, gen }) => `${pad(offset, 10)} ${pad(gen, 5)} n \n`).join('')}`,
  )
  return `xref\n${rows.join('')}trailer\n${writeValue(dictionary(trailerOf(pdf, free, digest)))}\n`
}

function writeStream(pdf: OpenedPdf, entries: readonly Entry[], num: number, digest: Buffer): string {
  const index = groups(entries).flatMap((group) => [group[0]?.num ?? 0, group.length])
  const rows = groups(entries).flat()
  const data = Buffer.alloc(rows.length * rowBytes)
  for (const [row, { offset, gen }] of rows.entries()) {
    data.writeUInt8(1, row * rowBytes)
    data.writeUIntBE(offset, row * rowBytes + 1, offsetBytes)
    data.writeUInt16BE(gen, row * rowBytes + 1 + offsetBytes)
  }
  const dict = dictionary({ Type: named('XRef'), W: list([1, offsetBytes, 2]), Index: list(index), ...trailerOf(pdf, num + 1, digest) })
  return `${num} 0 obj\n${writeValue({ kind: 'stream', dict, data, dataStart: -1 })}\nendobj\n`
}

const offsetBytes = 5
const rowBytes = 1 + offsetBytes + 2

function trailerOf({ current, chain }: OpenedPdf, size: number, digest: Buffer): Record<string, PdfValue> {
  const { entries } = current.trailer
  const info = entries.get('Info')
  const ids = current.resolve(entries.get('ID'))
  const first = isKind(ids, 'array') ? current.resolve(ids.items[0]) : null
  const changing: PdfValue = { kind: 'string', bytes: digest.subarray(0, 16), hex: true, clean: true, start: -1, end: -1 }
  return {
    Size: size,
    Root: entries.get('Root') ?? null,
    ...(isKind(info, 'ref') ? { Info: reference(info.num, info.gen) } : {}),
    ID: list([isKind(first, 'string') ? first : changing, changing]),
    Prev: chain.sections[0]?.offset ?? 0,
  }
}

function digestOf(lines: readonly string[]): Buffer {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line, 'latin1')
  return hash.digest()
}

/** Runs of numbers that follow each other, in order. */
function groups(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = []
  for (const entry of entries.toSorted((one, other) => one.num - other.num)) {
    const last = runs.at(-1)
    if (last !== undefined && last.at(-1)?.num === entry.num - 1) last.push(entry)
    else runs.push([entry])
  }
  return runs
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

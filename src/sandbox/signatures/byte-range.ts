// What a signature says it signs, held against where it stands: all from byte 0 on but its own /Contents, nothing more and nothing less.
// A range that leaves out anything else can be filled with anything else (signature wrapping), so it is never accepted.
import type { PdfDict } from '../pdf/values.ts'
import { integerOf, isKind } from '../pdf/values.ts'

/** `coveredEnd`: offset after the last signed byte. `parts`: the signed bytes. `contents`: the value between them. */
export type ByteRange = { coveredEnd: number; parts: Buffer[]; contents: Buffer }
export type ByteRangeRead = { range: ByteRange } | { problem: string }

const decisiveKeys = ['ByteRange', 'Contents', 'SubFilter', 'Filter', 'Type', 'Reference', 'Cert']

/** The signed bytes of a signature dictionary of this file; `problem` says what is wrong with its range. */
export function readByteRange(file: Buffer, dict: PdfDict): ByteRangeRead {
  if (dict.start < 0) return { problem: 'the signature stands in an object stream, where no byte range can leave it out' }
  if (dict.repeatedKeys.some((key) => decisiveKeys.includes(key))) return { problem: 'the signature dictionary gives an entry twice' }
  const contents = dict.entries.get('Contents')
  if (!isKind(contents, 'string') || !contents.hex || !contents.clean)
    return { problem: 'the signature value is not a plain hexadecimal string' }
  const array = dict.entries.get('ByteRange')
  const numbers = isKind(array, 'array') ? array.items.map((item) => integerOf(item) ?? -1) : []
  const [from = -1, firstLength = -1, second = -1, secondLength = -1] = numbers
  if (numbers.length !== 4 || numbers.some((number) => number < 0)) return { problem: 'the byte range is not four whole numbers' }
  if (from !== 0) return { problem: 'the byte range does not begin with the file' }
  if (second <= firstLength) return { problem: 'the parts of the byte range overlap' }
  if (firstLength !== contents.start || second !== contents.end)
    return { problem: 'the byte range leaves out other bytes than the signature value' }
  const coveredEnd = second + secondLength
  if (coveredEnd > file.length) return { problem: 'the byte range reaches beyond the file' }
  if (dict.start >= firstLength || dict.end > coveredEnd) return { problem: 'the byte range does not cover the signature dictionary' }
  return { range: { coveredEnd, parts: [file.subarray(0, firstLength), file.subarray(second, coveredEnd)], contents: contents.bytes } }
}

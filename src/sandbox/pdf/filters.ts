// Undoes the filters of the streams that carry structure (object and cross-reference streams), within bounds.
// Streams of content, fonts and images are compared as they are and never decoded here.
import { inflateSync, constants } from 'node:zlib'
import type { Budget } from './budget.ts'
import { PdfRefusal } from './budget.ts'
import { hexValue, isWhiteSpace } from './characters.ts'
import { undoPredictor } from './predictors.ts'
import type { PdfDict, PdfStream, PdfValue } from './values.ts'
import { dictOf, isKind, nameOf } from './values.ts'

/** The decoded bytes; undefined if a filter is unknown or the data does not fit it. Throws PdfRefusal past a limit. */
export function decodeStream(stream: PdfStream, budget: Budget): Buffer | undefined {
  const filters = listOf(stream.dict.entries.get('Filter') ?? stream.dict.entries.get('F'))
  const parameters = listOf(stream.dict.entries.get('DecodeParms') ?? stream.dict.entries.get('DP'))
  if (filters.length > budget.limits.maxFiltersPerStream) throw new PdfRefusal('too_complex', 'a stream has too many filters')
  let data: Buffer | undefined = stream.data
  for (const [index, filter] of filters.entries()) {
    data = undoFilter(nameOf(filter), data, dictOf(parameters[index]), budget)
    if (data === undefined) return undefined
  }
  return data
}

function listOf(value: PdfValue | undefined): PdfValue[] {
  if (value === undefined || value === null) return []
  return isKind(value, 'array') ? value.items : [value]
}

function undoFilter(name: string | undefined, data: Buffer, parameters: PdfDict | undefined, budget: Budget): Buffer | undefined {
  switch (name) {
    case 'FlateDecode':
    case 'Fl': {
      const inflated = inflate(data, budget)
      return inflated === undefined ? undefined : undoPredictor(inflated, parameters)
    }
    case 'ASCIIHexDecode':
    case 'AHx':
      return decodeHex(data)
    default:
      return undefined
  }
}

function inflate(data: Buffer, budget: Budget): Buffer | undefined {
  const ratioBytes = Math.max(1024 * 1024, data.length * budget.limits.maxInflateRatio)
  const maxOutputLength = Math.max(1, Math.min(budget.left('maxInflatedBytes'), ratioBytes))
  try {
    // A missing end mark is common in real files and changes nothing of what was read.
    const inflated = inflateSync(data, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
    budget.spend('maxInflatedBytes', inflated.length)
    return inflated
  } catch (error) {
    if (error instanceof RangeError) throw new PdfRefusal('too_complex', 'a stream inflates beyond what is allowed')
    return undefined
  }
}

function decodeHex(data: Buffer): Buffer | undefined {
  let digits = ''
  for (const byte of data) {
    if (byte === 0x3e) break
    if (isWhiteSpace(byte)) continue
    if (hexValue(byte) === -1) return undefined
    digits += String.fromCharCode(byte)
  }
  return Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, 'hex')
}

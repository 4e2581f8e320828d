// Undoes the predictors that FlateDecode may be combined with (ISO 32000-2, 7.4.4.4): PNG's five. TIFF's is not used by structure streams.
import type { PdfDict } from './values.ts'
import { integerOf } from './values.ts'

/** The bytes before prediction; the same bytes where none was used; undefined for parameters that make no sense or are not supported. */
export function undoPredictor(data: Buffer, parameters: PdfDict | undefined): Buffer | undefined {
  const predictor = integerOf(parameters?.entries.get('Predictor')) ?? 1
  if (predictor === 1) return data
  if (predictor < 10 || predictor > 15) return undefined
  const colors = integerOf(parameters?.entries.get('Colors')) ?? 1
  const bits = integerOf(parameters?.entries.get('BitsPerComponent')) ?? 8
  const columns = integerOf(parameters?.entries.get('Columns')) ?? 1
  if (colors < 1 || colors > 32 || ![1, 2, 4, 8, 16].includes(bits) || columns < 1 || columns > 1_000_000) return undefined
  return undoPng(data, Math.max(1, (colors * bits) >> 3), Math.ceil((colors * bits * columns) / 8))
}

function undoPng(data: Buffer, pixelBytes: number, rowBytes: number): Buffer {
  const rows = Math.ceil(data.length / (rowBytes + 1))
  const out = Buffer.alloc(rows * rowBytes)
  let length = 0
  for (let row = 0; row < rows; row++) {
    const source = row * (rowBytes + 1)
    const count = Math.min(rowBytes, data.length - source - 1)
    const target = row * rowBytes
    for (let index = 0; index < count; index++) {
      const left = index >= pixelBytes ? (out[target + index - pixelBytes] ?? 0) : 0
      const up = row > 0 ? (out[target + index - rowBytes] ?? 0) : 0
      const corner = row > 0 && index >= pixelBytes ? (out[target + index - rowBytes - pixelBytes] ?? 0) : 0
      out[target + index] = ((data[source + 1 + index] ?? 0) + predicted(data[source] ?? 0, left, up, corner)) & 0xff
    }
    length = target + Math.max(0, count)
  }
  return out.subarray(0, length)
}

function predicted(type: number, left: number, up: number, corner: number): number {
  switch (type) {
    case 1:
      return left
    case 2:
      return up
    case 3:
      return (left + up) >> 1
    case 4:
      return paeth(left, up, corner)
    default:
      return 0
  }
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner
  const fromLeft = Math.abs(estimate - left)
  const fromUp = Math.abs(estimate - up)
  const fromCorner = Math.abs(estimate - corner)
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left
  return fromUp <= fromCorner ? up : corner
}

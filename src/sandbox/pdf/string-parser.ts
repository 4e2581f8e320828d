// Literal and hexadecimal strings (ISO 32000-2, 7.3.4), decoded, with where they end.
import { hexValue, isDigit, isWhiteSpace } from './characters.ts'

type StringRead = { bytes: Buffer; hex: boolean; clean: boolean; next: number }

const simpleEscapes: Record<number, number> = { 0x6e: 0x0a, 0x72: 0x0d, 0x74: 0x09, 0x62: 0x08, 0x66: 0x0c }

/** The hexadecimal string whose '<' stands at `start`; undefined if no '>' follows. Not clean if it holds anything but digits and white space. */
export function readHexString(data: Buffer, start: number, end: number): StringRead | undefined {
  const close = data.indexOf(0x3e, start + 1)
  if (close === -1 || close >= end) return undefined
  const bytes = Buffer.alloc((close - start) >> 1)
  let digits = 0
  let clean = true
  for (let at = start + 1; at < close; at++) {
    const value = hexValue(data[at])
    if (value === -1) {
      if (!isWhiteSpace(data[at])) clean = false
      continue
    }
    const index = digits >> 1
    bytes[index] = (bytes[index] ?? 0) | (digits % 2 === 0 ? value << 4 : value)
    digits++
  }
  return { bytes: bytes.subarray(0, (digits + 1) >> 1), hex: true, clean, next: close + 1 }
}

/** The literal string whose '(' stands at `start`; undefined if its parentheses never balance. */
export function readLiteralString(data: Buffer, start: number, end: number): StringRead | undefined {
  const close = closingParenthesis(data, start, end)
  if (close === -1) return undefined
  const bytes = Buffer.alloc(close - start)
  let length = 0
  for (let at = start + 1; at < close;) {
    const byte = data[at] ?? 0
    if (byte === 0x5c) {
      const escape = readEscape(data, at)
      if (escape.byte !== undefined) bytes[length++] = escape.byte
      at = escape.next
    } else {
      const isPair = byte === 0x0d && data[at + 1] === 0x0a
      bytes[length++] = byte === 0x0d ? 0x0a : byte
      at += isPair ? 2 : 1
    }
  }
  return { bytes: bytes.subarray(0, length), hex: false, clean: true, next: close + 1 }
}

function closingParenthesis(data: Buffer, start: number, end: number): number {
  let depth = 0
  for (let at = start; at < end; at++) {
    const byte = data[at]
    if (byte === 0x5c) at++
    else if (byte === 0x28) depth++
    else if (byte === 0x29 && --depth === 0) return at
  }
  return -1
}

function readEscape(data: Buffer, at: number): { byte: number | undefined; next: number } {
  const byte = data[at + 1] ?? 0
  const simple = simpleEscapes[byte]
  if (simple !== undefined) return { byte: simple, next: at + 2 }
  if (byte === 0x0d) return { byte: undefined, next: at + (data[at + 2] === 0x0a ? 3 : 2) }
  if (byte === 0x0a) return { byte: undefined, next: at + 2 }
  if (!isOctal(byte)) return { byte, next: at + 2 }
  let value = 0
  let next = at + 1
  while (next < at + 4 && isOctal(data[next])) value = value * 8 + ((data[next++] ?? 0) - 0x30)
  return { byte: value & 0xff, next }
}

function isOctal(byte: number | undefined): boolean {
  return isDigit(byte) && (byte ?? 0) < 0x38
}

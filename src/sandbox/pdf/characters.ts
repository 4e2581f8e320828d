// Character classes of PDF syntax (ISO 32000-2, 7.2.3) and the skipping of what separates tokens.

/** NUL, tab, line feed, form feed, carriage return, space. */
export function isWhiteSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x00 || byte === 0x0c
}

/** ( ) < > [ ] { } / % */
export function isDelimiter(byte: number | undefined): boolean {
  switch (byte) {
    case 0x28:
    case 0x29:
    case 0x3c:
    case 0x3e:
    case 0x5b:
    case 0x5d:
    case 0x7b:
    case 0x7d:
    case 0x2f:
    case 0x25:
      return true
    default:
      return false
  }
}

/** Neither white space nor a delimiter; false at the end of the data. */
export function isRegular(byte: number | undefined): boolean {
  return byte !== undefined && !isWhiteSpace(byte) && !isDelimiter(byte)
}

/** 0 to 9. */
export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** The value of a hexadecimal digit, or -1. */
export function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x37
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x57
  return -1
}

/** The first position at or after `at` that is not white space. */
export function skipWhiteSpace(data: Buffer, at: number, end: number): number {
  let position = at
  while (position < end && isWhiteSpace(data[position])) position++
  return position
}

/** The first position at or after `at` that is neither white space nor part of a comment. */
export function skipSpaceAndComments(data: Buffer, at: number, end: number): number {
  let position = skipWhiteSpace(data, at, end)
  while (position < end && data[position] === 0x25) {
    while (position < end && data[position] !== 0x0a && data[position] !== 0x0d) position++
    position = skipWhiteSpace(data, position, end)
  }
  return position
}

/** Whether these ASCII letters stand at the position. */
export function standsAt(data: Buffer, at: number, end: number, word: string): boolean {
  if (at + word.length > end) return false
  for (let index = 0; index < word.length; index++) if (data[at + index] !== word.charCodeAt(index)) return false
  return true
}

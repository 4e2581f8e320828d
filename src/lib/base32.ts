// Crockford's base32 in lower case: no look-alikes, no signs, safe in URLs, file names and BullMQ job ids.

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const values = new Map([...alphabet].map((letter, value) => [letter, value]))

/** Encodes whole groups of 5 bytes (8 letters each); throws RangeError for any other length. */
export function encodeBase32(bytes: Uint8Array): string {
  if (bytes.length % 5 !== 0) throw new RangeError('base32 takes multiples of 5 bytes')
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += alphabet[(held >> (bits - 5)) & 31]
  }
  return text
}

/** The bytes of a text that `encodeBase32` made; null for anything else. */
export function decodeBase32(text: string): Buffer | null {
  if (text.length % 8 !== 0) return null
  const bytes = Buffer.alloc((text.length / 8) * 5)
  let held = 0
  let bits = 0
  let at = 0
  for (const letter of text) {
    const value = values.get(letter)
    if (value === undefined) return null
    held = ((held << 5) | value) & 0xfff
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 255
    }
  }
  return bytes
}

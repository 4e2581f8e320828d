// Crockford's base32 in lower case: no look-alikes, no signs, safe in URLs, file names and BullMQ job ids.

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const values = new Map([...alphabet].map((letter, value) => [letter, value]))

/** Encodes whole groups of 5 bytes (8 letters each); throws RangeError for any other length. */
export function encodeBase32(bytes: Uint8Array): string {
  if (bytes.length % 5 !== 0) throw new RangeError('base32 takes multiples of 5 bytes')
  let text = ''
  for (let at = 0; at < bytes.length; at += 5) {
    let group = 0n
    for (let i = 0; i < 5; i++) group = (group << 8n) | BigInt(bytes[at + i] ?? 0)
    for (let shift = 35n; shift >= 0n; shift -= 5n) text += alphabet[Number((group >> shift) & 31n)]
  }
  return text
}

/** The bytes of a text that `encodeBase32` made; null for anything else. */
export function decodeBase32(text: string): Buffer | null {
  if (text.length % 8 !== 0) return null
  const bytes = Buffer.alloc((text.length / 8) * 5)
  for (let at = 0; at < text.length; at += 8) {
    let group = 0n
    for (let i = 0; i < 8; i++) {
      const value = values.get(text[at + i] ?? '')
      if (value === undefined) return null
      group = (group << 5n) | BigInt(value)
    }
    for (let i = 4; i >= 0; i--, group >>= 8n) bytes[(at / 8) * 5 + i] = Number(group & 255n)
  }
  return bytes
}

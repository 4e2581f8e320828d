// Writes DER (ITU-T X.690): certificates and messages that are made here. Reading what others wrote is done where it is read.

/** One element: tag byte, length, content. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) length.unshift(rest % 256)
  const header = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from(header), content])
}

export function derSequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts)
}

/** The elements in the order that DER demands. */
export function derSet(...parts: readonly Uint8Array[]): Buffer {
  return der(0x31, ...parts.toSorted((one, other) => Buffer.compare(one, other)))
}

export function derOctets(content: Uint8Array): Buffer {
  return der(0x04, content)
}

/** A whole number of at most 32 bits, from 0, or the bytes of a longer one, which is not negative. */
export function derInteger(value: number | Uint8Array): Buffer {
  const bytes = typeof value === 'number' ? bytesOf(value) : Buffer.from(value)
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  const first = bytes.findIndex((byte) => byte !== 0)
  return bytes.subarray(first === -1 ? 3 : first)
}

/** Bits in whole bytes, but for `unused` ones at the end. */
export function derBits(content: Uint8Array, unused = 0): Buffer {
  return der(0x03, Buffer.from([unused]), content)
}

export function derUtf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text))
}

export const derNull = der(0x05)

/** An object identifier by its dotted form. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) digits.unshift((more & 0x7f) | 0x80)
    return digits
  })
  return der(0x06, Buffer.from(bytes))
}

/** A time of whole seconds in UTC, as certificates write it: UTCTime before 2050 (RFC 5280, 4.1.2.5). */
export function derTime(atMs: number): Buffer {
  const digits = `${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

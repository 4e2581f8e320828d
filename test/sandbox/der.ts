// Writes DER for the tests: certificates, CMS messages and time-stamps made here, so that no file of others is needed.

/** One element: tag byte, length, content. */
export function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff)
  const header = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from(header), content])
}

export const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts)
export const set = (...parts: Buffer[]): Buffer => der(0x31, ...parts.toSorted((one, other) => Buffer.compare(one, other)))
export const octets = (content: Buffer): Buffer => der(0x04, content)
export const integer = (value: number): Buffer => {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return der(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}
export const bitString = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content)
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text))
export const none = der(0x05)

/** An object identifier by its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128)) digits.unshift((more & 0x7f) | 0x80)
    return digits
  })
  return der(0x06, Buffer.from(bytes))
}

/** A GeneralizedTime of whole seconds in UTC. */
export function time(atMs: number): Buffer {
  return der(0x18, Buffer.from(`${new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
}

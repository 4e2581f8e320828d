// Reading BER (ITU-T X.690), as much of it as PKCS#12 files and certificates need. It reads the operator's own files, never a user's.

/** What is not what it should be. */
export class BerError extends Error {}

/** An element. `raw` is all of it; `content` what it holds, of a constructed one the contents of its children put together (a string in pieces). */
export type Ber = { isContext: boolean; tag: number; raw: Buffer; content: Buffer; children: readonly Ber[] }

const maxDepth = 32

/** The one element that the bytes are. Throws BerError for anything else. */
export function readBer(bytes: Buffer): Ber {
  const { element, next } = readElement(bytes, 0, 0)
  if (next !== bytes.length) throw new BerError('there is more than one element')
  return element
}

function readElement(bytes: Buffer, start: number, depth: number): { element: Ber; next: number } {
  const head = bytes[start]
  if (head === undefined || depth > maxDepth || (head & 0x1f) === 0x1f) throw new BerError('an element is missing or too deep')
  const { length, from } = readLength(bytes, start + 1)
  const isConstructed = (head & 0x20) !== 0
  if (length === undefined && !isConstructed) throw new BerError('a length is missing')
  const children: Ber[] = []
  const end = length === undefined ? bytes.length : from + length
  if (end > bytes.length) throw new BerError('an element is cut short')
  let at = from
  while (isConstructed && at < end && !isEnd(bytes, at, length)) {
    const child = readElement(bytes.subarray(0, end), at, depth + 1)
    children.push(child.element)
    at = child.next
  }
  if (length === undefined && !isEnd(bytes, at, length)) throw new BerError('an element does not end')
  const next = length === undefined ? at + 2 : end
  const content = isConstructed ? Buffer.concat(children.map((child) => child.content)) : bytes.subarray(from, end)
  return { element: { isContext: (head & 0xc0) === 0x80, tag: head & 0x1f, raw: bytes.subarray(start, next), content, children }, next }
}

/** `length` is undefined for one that its end mark tells. */
function readLength(bytes: Buffer, at: number): { length: number | undefined; from: number } {
  const first = bytes[at]
  if (first === undefined || first > 0x84) throw new BerError('a length is missing or too long')
  if (first === 0x80) return { length: undefined, from: at + 1 }
  if (first < 0x80) return { length: first, from: at + 1 }
  const count = first & 0x7f
  if (at + 1 + count > bytes.length) throw new BerError('a length is cut short')
  return { length: bytes.readUIntBE(at + 1, count), from: at + 1 + count }
}

function isEnd(bytes: Buffer, at: number, length: number | undefined): boolean {
  return length === undefined && bytes[at] === 0 && bytes[at + 1] === 0
}

/** The child at a place. Throws BerError when there is none. */
export function childOf(element: Ber, at: number): Ber {
  const child = element.children[at]
  if (!child) throw new BerError('an element is missing')
  return child
}

/** An object identifier in its dotted form. Throws BerError for another element. */
export function oidOf({ tag, isContext, content }: Ber): string {
  if (isContext || tag !== 6 || content.length === 0) throw new BerError('an object identifier is missing')
  const arcs: number[] = []
  let arc = 0
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    arcs.push(arc)
    arc = 0
  }
  const [head = 0, ...rest] = arcs
  const first = Math.min(2, Math.floor(head / 40))
  return [first, head - first * 40, ...rest].join('.')
}

/** A whole number that is not negative and has at most six bytes. Throws BerError for another element. */
export function numberOf({ tag, isContext, content }: Ber): number {
  if (isContext || tag !== 2 || content.length === 0 || content.length > 6) throw new BerError('a number is missing')
  return content.readUIntBE(0, content.length)
}

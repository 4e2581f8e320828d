// ASN.1 as a plain tree with the exact bytes of every element. asn1js parses; what the elements mean is read by the files beside this one.
import { fromBER } from 'asn1js'

// Real signatures carry revocation lists with tens of thousands of entries.
const MAX_ELEMENTS = 150_000
const MAX_DEPTH = 48
/** ISO 8601 as the contract writes it has four digits for the year. */
const LAST_MS = Date.UTC(9999, 11, 31)

/** `raw` is the whole element, `content` what follows its length (for constructed strings: the joined parts). `tagClass`: 1 universal, 3 context. */
export type Asn1 = { tagClass: number; tag: number; constructed: boolean; raw: Buffer; content: Buffer; children: Asn1[] }
/** `length`: how many bytes the element took. */
export type Asn1Read = { element: Asn1; length: number }

// Of asn1js' many classes, what all elements have.
type Block = {
  idBlock: { tagClass: number; tagNumber: number; isConstructed: boolean }
  valueBeforeDecodeView: Uint8Array
  valueBlock: { value?: unknown }
}

/** The element at the start of the bytes, BER or DER; undefined if there is none or it is beyond the limits. */
export function readAsn1(bytes: Buffer): Asn1Read | undefined {
  try {
    const read = fromBER(bytes, { maxNodes: MAX_ELEMENTS, maxDepth: MAX_DEPTH, copyInput: false, parseEmbedded: false })
    if (read.offset <= 0 || read.result.error !== '') return undefined
    return { element: toTree(read.result as unknown as Block), length: read.offset }
  } catch {
    return undefined
  }
}

/** The element that fills all of the bytes; undefined if there is none. */
export function readWholeAsn1(bytes: Buffer): Asn1 | undefined {
  const read = readAsn1(bytes)
  return read?.length === bytes.length ? read.element : undefined
}

function toTree(block: Block): Asn1 {
  const { idBlock, valueBeforeDecodeView: view } = block
  const raw = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  if (!hasStatedLength(raw)) throw new RangeError('an element is longer than it says')
  const items: unknown = idBlock.isConstructed ? block.valueBlock.value : undefined
  const children = (Array.isArray(items) ? items : []).map((item: Block) => toTree(item)).filter((child) => child.raw.length > 0)
  const isSplitString =
    idBlock.isConstructed && (idBlock.tagNumber === 4 || idBlock.tagClass === 3) && children.every((child) => child.tag === 4)
  const content =
    isSplitString && children.length > 0 ? Buffer.concat(children.map((child) => child.content)) : raw.subarray(headerLength(raw))
  return { tagClass: idBlock.tagClass, tag: idBlock.tagNumber, constructed: idBlock.isConstructed, raw, content, children }
}

function headerLength(raw: Buffer): number {
  const at = lengthOffset(raw)
  const first = raw[at] ?? 0
  return at + 1 + (first > 0x80 ? first - 0x80 : 0)
}

function lengthOffset(raw: Buffer): number {
  let at = 1
  if (((raw[0] ?? 0) & 0x1f) === 0x1f) while (((raw[at++] ?? 0) & 0x80) !== 0);
  return at
}

// asn1js lets what an element holds run past the element's own end.
function hasStatedLength(raw: Buffer): boolean {
  const head = headerLength(raw)
  const lengthAt = lengthOffset(raw)
  const first = raw[lengthAt] ?? 0
  if (first === 0x80 || raw.length === 0) return true
  const stated = first < 0x80 ? first : raw.subarray(lengthAt + 1, head).reduce((sum, byte) => sum * 256 + byte, 0)
  return stated === raw.length - head
}

/** Whether an element is of this universal tag. */
export function isUniversal(element: Asn1 | undefined, tag: number): element is Asn1 & { tagClass: 1 } {
  return element !== undefined && element.tagClass === 1 && element.tag === tag
}

/** Whether an element is tagged [n]. */
export function isContext(element: Asn1 | undefined, tag: number): element is Asn1 & { tagClass: 3 } {
  return element !== undefined && element.tagClass === 3 && element.tag === tag
}

/** A dotted object identifier; undefined for anything else. */
export function oidOf(element: Asn1 | undefined): string | undefined {
  if (!isUniversal(element, 6) || element.content.length === 0 || element.content.length > 64) return undefined
  const arcs: bigint[] = []
  let value = 0n
  for (const byte of element.content) {
    value = (value << 7n) | BigInt(byte & 0x7f)
    if ((byte & 0x80) !== 0) continue
    arcs.push(value)
    value = 0n
  }
  const first = arcs[0] ?? 0n
  const root = first < 80n ? first / 40n : 2n
  return [root, first - root * 40n, ...arcs.slice(1)].join('.')
}

/** A UTCTime or GeneralizedTime in UTC, as milliseconds; undefined for anything else. */
export function timeOf(element: Asn1 | undefined): number | undefined {
  if (!isUniversal(element, 23) && !isUniversal(element, 24)) return undefined
  const text = element.content.toString('latin1')
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?(\.\d+)?Z$/.exec(text)
  if (match === null) return undefined
  const [, years = '', month = '', day = '', hour = '', minute = '', second = '00', fraction = ''] = match
  // RFC 5280, 4.1.2.5.1: two digits mean 1950 to 2049.
  const year = years.length === 4 ? Number(years) : Number(years) + (Number(years) < 50 ? 2000 : 1900)
  const at = Date.UTC(year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  return at > LAST_MS ? undefined : at + Math.floor(Number(`0${fraction || '.0'}`) * 1000)
}

// Distinguished names (RFC 5280, 4.1.2.4) read attribute by attribute, with the string types that certificates use.
import type { Asn1 } from '../signatures/asn1.ts'
import { isUniversal, oidOf, readWholeAsn1 } from '../signatures/asn1.ts'

const MAX_LETTERS = 300

/** Object identifiers of the attributes that rules ask for. */
export const attributes = {
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  uniqueIdentifier: '2.5.4.45',
  pseudonym: '2.5.4.65',
  organizationIdentifier: '2.5.4.97',
  email: '1.2.840.113549.1.9.1',
} as const

/** Values by attribute type, in the order of the name. */
export type NameAttributes = ReadonlyMap<string, readonly string[]>

/** The attributes of a name in DER; none for what is no name. */
export function readName(der: Buffer): NameAttributes {
  const found = new Map<string, string[]>()
  for (const part of readWholeAsn1(der)?.children.flatMap((set) => set.children) ?? []) {
    const type = oidOf(part.children[0])
    const text = textOfString(part.children[1])
    if (type !== undefined && text !== undefined) found.set(type, [...(found.get(type) ?? []), text])
  }
  return found
}

/** The first value of the first of these types that has one; null if none has. */
export function firstOf(name: NameAttributes, ...types: readonly string[]): string | null {
  return types.flatMap((type) => name.get(type) ?? [])[0] ?? null
}

// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f]/g

/** Text without control characters, well formed and not longer than an answer takes. */
export function shorten(text: string): string {
  return text.replaceAll(controls, ' ').slice(0, MAX_LETTERS).toWellFormed()
}

function textOfString(element: Asn1 | undefined): string | undefined {
  const encoding = [12, 18, 19, 20, 22, 26, 28, 30].find((tag) => isUniversal(element, tag))
  if (encoding === undefined || element === undefined) return undefined
  return shorten(decode(encoding, element.content.subarray(0, 4 * MAX_LETTERS)))
}

function decode(tag: number, content: Buffer): string {
  switch (tag) {
    case 12:
      return content.toString('utf8')
    case 30: // BMPString
      return Buffer.from(content.subarray(0, content.length & ~1))
        .swap16()
        .toString('utf16le')
    case 28: // UniversalString: four bytes each; beyond the basic plane nobody uses it
      return String.fromCharCode(...Array.from({ length: content.length >> 2 }, (_, index) => content.readUInt16BE(index * 4 + 2)))
    default:
      return content.toString('latin1')
  }
}

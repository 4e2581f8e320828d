// Our ids: a prefix and 160 bits in base32, of which 128 are random and 32 tell any process, without asking, where the record lives and
// under which key its secrets are derived.
import { randomBytes } from './random.ts'
import { decodeBase32, encodeBase32 } from './base32.ts'

/** What an id carries besides its randomness. `traits` is one byte whose meaning belongs to the id's kind. */
export type IdHeader = { partition: number; keyTag: number; traits: number }

const HEADER_BYTES = 4
const ID_BYTES = HEADER_BYTES + 16

/** A new id, `prefix_` and 32 letters. */
export function createId(prefix: string, header: IdHeader): string {
  return formatId(prefix, header, randomBytes(ID_BYTES - HEADER_BYTES))
}

/** The id of 16 bytes that are not random but derived under a key: the same again for the same bytes. Throws RangeError for another length. */
export function formatId(prefix: string, header: IdHeader, unique: Buffer): string {
  const bytes = Buffer.concat([Buffer.alloc(HEADER_BYTES), unique])
  if (bytes.length !== ID_BYTES) throw new RangeError('an id takes 16 bytes')
  bytes.writeUInt8(header.partition, 0)
  bytes.writeUInt16BE(header.keyTag, 1)
  bytes.writeUInt8(header.traits, 3)
  return `${prefix}_${encodeBase32(bytes)}`
}

/** The header of an id of this prefix; null when the text is no such id. Nothing is authenticated here: an invented id finds no record. */
export function readId(prefix: string, id: string): IdHeader | null {
  if (!id.startsWith(`${prefix}_`)) return null
  const bytes = decodeBase32(id.slice(prefix.length + 1))
  if (bytes?.length !== ID_BYTES) return null
  return { partition: bytes.readUInt8(0), keyTag: bytes.readUInt16BE(1), traits: bytes.readUInt8(3) }
}

/** The partition that any id of ours says, whatever its prefix; 0 for a text that is none (and finds nothing there). */
export function partitionOfId(id: string): number {
  return readId(id.slice(0, id.indexOf('_')), id)?.partition ?? 0
}

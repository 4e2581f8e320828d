// UUIDs that tell where their record lives: version 8 (RFC 9562), which leaves the bits to us. 102 of them are random.
import { randomBytes } from './random.ts'

/** By which ours are told from those of others, besides the version. */
const MARK = 0x5a1
const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-85a1-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A new UUID whose record is in this partition (0 to 255). */
export function createPartitionedUuid(partition: number): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8(partition, 0)
  bytes.writeUInt16BE(0x8000 | MARK, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** The partition that one of our UUIDs tells; null for any other text. Lower case only: one record has one name. */
export function partitionOfUuid(uuid: string): number | null {
  return shape.test(uuid) ? Number.parseInt(uuid.slice(0, 2), 16) : null
}

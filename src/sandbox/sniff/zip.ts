// Reads the directory of a ZIP archive, and only that: which Office document it is, or why it is not taken. Nothing is ever unpacked here.
import type { SniffedType, SniffResult } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'

const endSignature = 0x06_05_4b_50
const entrySignature = 0x02_01_4b_50
const endBytes = 22
const longestComment = 65_535
const entryBytes = 46
/** A directory larger than this is no document's. */
const mostDirectoryBytes = 1_048_576
const mostEntries = 10_000
/** What an archive may grow to, and how much at once: beyond that it was made to do harm (reliability, pitfall P17). */
const mostUnpackedBytes = 1_073_741_824
const mostRatio = 200
const ratioMattersFromBytes = 10_485_760

type Directory = { at: number; bytes: number; entries: number }
type Entry = { name: string; packed: number; unpacked: number; isEncrypted: boolean }

/** The end record whose comment runs exactly to the end of the file, as a reader of archives would find it; null when there is none. */
export function findEndOfDirectory(input: ByteSource): Directory | null {
  const from = Math.max(0, input.size - endBytes - longestComment)
  const tail = input.read(from, endBytes + longestComment)
  for (let at = tail.length - endBytes; at >= 0; at--) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== endSignature) continue
    if (at + endBytes + tail.readUInt16LE(at + 20) !== tail.length) continue
    return { entries: tail.readUInt16LE(at + 10), bytes: tail.readUInt32LE(at + 12), at: from + at - tail.readUInt32LE(at + 12) }
  }
  return null
}

/** Which Office document an archive is; `unknown` for any other archive, `bomb` for one that was made to unpack to too much. */
export function probeZip(input: ByteSource): SniffResult {
  const end = findEndOfDirectory(input)
  if (!end || end.at < 0 || end.bytes > mostDirectoryBytes || end.entries > mostEntries)
    return { kind: 'unknown', hint: 'zip: no readable directory' }
  const entries = readEntries(input.read(end.at, end.bytes), end.entries)
  if (!entries) return { kind: 'unknown', hint: 'zip: broken directory' }
  const harm = harmOf(entries, input.size)
  if (harm) return { kind: 'bomb', hint: harm }
  const type = officeTypeOf(entries)
  return type ? { kind: 'known', type } : { kind: 'unknown', hint: 'application/zip' }
}

function readEntries(directory: Buffer, count: number): Entry[] | null {
  const entries: Entry[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + entryBytes > directory.length || directory.readUInt32LE(at) !== entrySignature) return null
    const nameLength = directory.readUInt16LE(at + 28)
    const end = at + entryBytes + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
    if (end > directory.length) return null
    entries.push({
      name: directory.toString('utf8', at + entryBytes, at + entryBytes + nameLength),
      packed: directory.readUInt32LE(at + 20),
      unpacked: directory.readUInt32LE(at + 24),
      isEncrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
    })
    at = end
  }
  return at === directory.length ? entries : null
}

/** Sizes are what the directory says. One that lies about them is caught by whoever unpacks, who counts; entries that overlap lie together. */
function harmOf(entries: readonly Entry[], size: number): string | null {
  const packed = entries.reduce((sum, entry) => sum + entry.packed, 0)
  const unpacked = entries.reduce((sum, entry) => sum + entry.unpacked, 0)
  // 0xffffffff says that the real size stands elsewhere (ZIP64), which no document of our limits needs.
  if (entries.some((entry) => entry.unpacked === 0xff_ff_ff_ff || entry.packed === 0xff_ff_ff_ff)) return 'zip: sizes are hidden'
  if (packed > size) return 'zip: entries overlap'
  if (unpacked > mostUnpackedBytes) return 'zip: unpacks to too much'
  if (unpacked > ratioMattersFromBytes && unpacked > packed * mostRatio) return 'zip: packed too tightly'
  return null
}

const mainParts: readonly [RegExp, SniffedType][] = [
  [/^word\/document\.xml$/, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  [/^xl\/workbook\.(?:xml|bin)$/, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  [/^ppt\/presentation\.xml$/, 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
]

/** Without macros, without passwords, without names that lead elsewhere, and of one kind only. */
function officeTypeOf(entries: readonly Entry[]): SniffedType | null {
  const names = entries.map(({ name }) => name)
  const isDeceptive = names.some((name) => name.includes('..') || name.startsWith('/') || name.includes('\\') || name.includes('\0'))
  if (isDeceptive || new Set(names).size !== names.length || entries.some(({ isEncrypted }) => isEncrypted)) return null
  if (!names.includes('[Content_Types].xml') || names.some((name) => /vbaProject\.bin$/i.test(name))) return null
  const types = mainParts.filter(([pattern]) => names.some((name) => pattern.test(name))).map(([, type]) => type)
  return types.length === 1 ? (types[0] ?? null) : null
}

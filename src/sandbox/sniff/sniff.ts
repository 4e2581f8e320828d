// What kind of file this is, by its own bytes: magic, then the outer structure, never more than the first and the last megabyte. A list of what is known,
// not of what is bad; a file that is two things at once is refused as such.
import type { InspectionReply, SniffedType, SniffResult } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { isGif, isJpeg, isPng, isTiff, isWebp } from './images.ts'
import { isPdf, pdfHeaderAt } from './pdf.ts'
import { isText } from './text.ts'
import { findEndOfDirectory, probeZip } from './zip.ts'

type Probe = { type: SniffedType; matches: (input: ByteSource) => boolean }

const probes: readonly Probe[] = [
  { type: 'application/pdf', matches: isPdf },
  { type: 'image/png', matches: isPng },
  { type: 'image/jpeg', matches: isJpeg },
  { type: 'image/webp', matches: isWebp },
  { type: 'image/gif', matches: isGif },
  { type: 'image/tiff', matches: isTiff },
]

/** The task `sniff`. */
export function sniff(input: ByteSource): InspectionReply {
  return { kind: 'ok', value: sniffType(input) }
}

/** What the file is. Reads at most about three megabytes and unpacks nothing. */
export function sniffType(input: ByteSource): SniffResult {
  const types = probes.filter(({ matches }) => matches(input)).map(({ type }) => type)
  const claims = [...types, ...otherClaims(input, types)]
  if (claims.length > 1) return { kind: 'polyglot', types: claims }
  const [type] = types
  if (type) return { kind: 'known', type }
  const isZip = input.read(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1'))
  if (isZip && claims.length > 0) return { kind: 'polyglot', types: [...claims, 'application/zip'] }
  if (isZip) return probeZip(input)
  if (claims.length > 0) return { kind: 'unknown', hint: claims[0] ?? '' }
  if (input.size > 0 && isText(input)) return { kind: 'known', type: 'text/plain' }
  return { kind: 'unknown', hint: hintOf(input) }
}

/** A second reader would take it for these: an archive is found from its end, a PDF by a header within the first kilobyte. */
function otherClaims(input: ByteSource, types: readonly SniffedType[]): string[] {
  const others: string[] = []
  const isArchive = input.read(0, 2).toString('latin1') === 'PK'
  if (!isArchive && findEndOfDirectory(input) !== null) others.push('application/zip')
  if (!types.includes('application/pdf') && pdfHeaderAt(input) !== null) others.push('application/pdf')
  return others
}

const hints: readonly [string, string][] = [
  ['MZ', 'application/vnd.microsoft.portable-executable'],
  ['\u007fELF', 'application/x-elf'],
  ['Rar!', 'application/vnd.rar'],
  ['7z\u00bc\u00af', 'application/x-7z-compressed'],
  ['\u001f\u008b', 'application/gzip'],
  ['\u00d0\u00cf\u0011\u00e0', 'application/x-ole-storage'],
]

/** For the log only. */
function hintOf(input: ByteSource): string {
  const head = input.read(0, 8).toString('latin1')
  return hints.find(([magic]) => head.startsWith(magic))?.[1] ?? 'application/octet-stream'
}

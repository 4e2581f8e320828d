// Pictures by what they say of themselves: a decoder takes room for that before it has read a byte.
import type { Snapshot } from '../pdf/snapshot.ts'
import { integerOf, nameOf, type PdfStream } from '../pdf/values.ts'
import { Refusal } from './refusal.ts'

const maxPixels = 40_000_000

/** Whether a stream is a picture. Throws Refusal `too_many_pixels` for one beyond 40 million. */
export function countImage(snapshot: Snapshot, { dict }: PdfStream): boolean {
  if (nameOf(snapshot.resolve(dict.entries.get('Subtype'))) !== 'Image') return false
  const width = integerOf(snapshot.resolve(dict.entries.get('Width') ?? dict.entries.get('W'))) ?? 0
  const height = integerOf(snapshot.resolve(dict.entries.get('Height') ?? dict.entries.get('H'))) ?? 0
  if (width < 0 || height < 0 || width * height > maxPixels) throw new Refusal('too_many_pixels')
  return true
}

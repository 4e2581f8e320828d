// Fonts, and whether their shapes are in the file (ISO 32000-2, 9.9). Those that are not, each reader replaces as it likes.
import type { Snapshot } from '../pdf/snapshot.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import { shorten } from './names.ts'
import type { Visited } from './object-walk.ts'

const programs = ['FontFile', 'FontFile2', 'FontFile3']
/** A composite font (Type0) has its shapes in the font below it. */
const simpleFonts = ['Type1', 'MMType1', 'TrueType', 'CIDFontType0', 'CIDFontType2']

/** `embedded`, or the name of a font that is not; undefined for what is no font. */
export function readFont(snapshot: Snapshot, { dict, isDefault }: Visited): 'embedded' | { name: string } | undefined {
  const entry = (key: string) => snapshot.resolve(dict.entries.get(key))
  if (isDefault || nameOf(entry('Type')) !== 'Font') return undefined
  const subtype = nameOf(entry('Subtype')) ?? ''
  if (subtype === 'Type3') return 'embedded'
  if (!simpleFonts.includes(subtype)) return undefined
  const descriptor = snapshot.dict(dict.entries.get('FontDescriptor'))
  const isEmbedded = programs.some((key) => isKind(snapshot.resolve(descriptor?.entries.get(key)), 'stream'))
  return isEmbedded ? 'embedded' : { name: shorten(nameOf(entry('BaseFont')) ?? 'unnamed') }
}

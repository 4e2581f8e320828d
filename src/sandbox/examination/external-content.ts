// Content that is fetched from outside the file (ISO 32000-2, 7.11 and 8.10.4): streams in other files, pages of other documents, remote places.
// A link that a person may follow is none, and neither is a file that is embedded.
import type { Examination } from '../../contracts/examination.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import type { Visited } from './object-walk.ts'

type ExternalKind = Examination['external'][number]['kind']

const fontPrograms = ['Type1C', 'CIDFontType0C', 'OpenType']

/** How a dictionary reaches outside; undefined if it does not. */
export function findExternal(snapshot: Snapshot, { dict, isStream }: Visited): ExternalKind | undefined {
  const entry = (key: string) => snapshot.resolve(dict.entries.get(key))
  const action = nameOf(entry('S'))
  if (action === 'GoToR' || action === 'GoToE' || (action === 'Thread' && isFile(snapshot, dict))) return 'goto'
  if (isStream) return findInStream(snapshot, dict)
  const isSpecification = ['Filespec', 'F'].includes(nameOf(entry('Type')) ?? '')
  return isSpecification && nameOf(entry('FS')) === 'URL' ? 'url' : undefined
}

function findInStream(snapshot: Snapshot, dict: PdfDict): ExternalKind | undefined {
  const entry = (key: string) => snapshot.resolve(dict.entries.get(key))
  if (entry('OPI') !== null) return 'image'
  const reference = snapshot.dict(dict.entries.get('Ref'))
  if (reference !== undefined && isFile(snapshot, reference)) return 'embedded_reference'
  if (!isFile(snapshot, dict)) return undefined
  if (nameOf(snapshot.dict(dict.entries.get('F'))?.entries.get('FS')) === 'URL') return 'url'
  const subtype = nameOf(entry('Subtype'))
  if (subtype === 'Image') return 'image'
  return dict.entries.has('Length1') || fontPrograms.includes(subtype ?? '') ? 'font' : 'stream'
}

// A file specification is a string or a dictionary; the names of filters are neither.
function isFile(snapshot: Snapshot, dict: PdfDict): boolean {
  const file = snapshot.resolve(dict.entries.get('F'))
  return isKind(file, 'string') || isKind(file, 'dict')
}

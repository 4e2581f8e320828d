// Content that does something (ISO 32000-2, 12.6): scripts, programs, forms sent away, media, and switches of what is shown.
// Going somewhere in the document and plain links do nothing here.
import type { Examination } from '../../contracts/examination.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import { nameOf } from '../pdf/values.ts'
import type { Visited } from './object-walk.ts'

type ActiveKind = Examination['active'][number]['kind']

const actions: Readonly<Record<string, ActiveKind>> = {
  JavaScript: 'javascript',
  Launch: 'launch',
  SubmitForm: 'submit',
  ImportData: 'import',
  Movie: 'movie',
  Rendition: 'rich_media',
  RichMediaExecute: 'rich_media',
  GoTo3DView: 'rich_media',
  Sound: 'other',
  Hide: 'other',
  SetOCGState: 'other',
}
const annotations: Readonly<Record<string, ActiveKind>> = {
  RichMedia: 'rich_media',
  '3D': 'rich_media',
  Screen: 'rich_media',
  Movie: 'movie',
  Sound: 'other',
}

/** What a dictionary does when the document is opened, looked at or clicked; undefined if nothing. */
export function findActive(snapshot: Snapshot, { dict }: Visited): ActiveKind | undefined {
  const entry = (key: string) => snapshot.resolve(dict.entries.get(key))
  if (dict.entries.has('JS') && entry('JS') !== null) return 'javascript'
  const type = nameOf(entry('Type'))
  const action = nameOf(entry('S'))
  if (action !== undefined && (type === undefined || type === 'Action') && Object.hasOwn(actions, action)) return actions[action]
  const subtype = nameOf(entry('Subtype'))
  if (subtype !== undefined && dict.entries.has('Rect') && Object.hasOwn(annotations, subtype)) return annotations[subtype]
  return undefined
}

/** Whether the form is one of XFA, which a reader may show in place of the pages. */
export function hasXfa(snapshot: Snapshot): boolean {
  const form = snapshot.dict(snapshot.catalog()?.entries.get('AcroForm'))
  return snapshot.resolve(form?.entries.get('XFA')) !== null
}

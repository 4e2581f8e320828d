// Finds the signatures of a file: the values of signature fields, and signature dictionaries that hang on no field.
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import type { FormNode } from '../pdf/form-fields.ts'
import { listFormNodes } from '../pdf/form-fields.ts'
import { parseIndirectObject } from '../pdf/indirect-object.ts'
import { findObjects } from '../pdf/rebuild.ts'
import { PdfSyntaxError } from '../pdf/value-parser.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { integerOf, isKind, nameOf } from '../pdf/values.ts'

const MAX_SIGNATURES = 32
const MAX_NAME_LETTERS = 256
/** Of the fields that hold one signature, so many are named: two are too many already. */
const MAX_FIELDS = 20
const MAX_STRAY_MARKS = 256

/**
 * `fields` are empty for a signature that no field of the present document holds. `object`: its number and generation, where it is an
 * object of its own.
 */
export type Candidate = {
  dict: PdfDict
  fields: string[]
  object: { num: number; gen: number } | undefined
  /** Set where a field names an object that cannot be read: then the dictionary is an empty one. */
  isUnreadable?: true
}

/** All signatures, each once, those of fields first. More than 32 are not read: `cut` says so. */
export function findSignatures(pdf: OpenedPdf): { candidates: Candidate[]; cut: boolean } {
  const found = new Map<PdfDict, Candidate>()
  for (const node of listFormNodes(pdf.current)) addField(pdf, node, found)
  const known = [...found.keys(), ...listUsageRights(pdf)].map((dict) => dict.start)
  const strays = findStrays(pdf, new Set(known))
  for (const stray of strays) found.set(stray.dict, stray)
  const candidates = [...found.values()]
  return { candidates: candidates.slice(0, MAX_SIGNATURES), cut: candidates.length > MAX_SIGNATURES }
}

function addField(pdf: OpenedPdf, node: FormNode, found: Map<PdfDict, Candidate>): void {
  if (node.type !== 'Sig') return
  const dict = pdf.current.resolve(node.value)
  if (!isKind(dict, 'dict')) return addUnreadable(pdf, node, found)
  const name = node.name.slice(0, MAX_NAME_LETTERS)
  const known = found.get(dict)
  if (known === undefined) found.set(dict, { dict, fields: [name], object: isKind(node.value, 'ref') ? node.value : undefined })
  else if (known.fields.length < MAX_FIELDS && !known.fields.includes(name)) known.fields.push(name)
}

// A field without a value is not signed. One whose value stood somewhere and is none is a signature that was damaged.
function addUnreadable(pdf: OpenedPdf, { value, name }: FormNode, found: Map<PdfDict, Candidate>): void {
  if (!isKind(value, 'ref') || (pdf.current.entry(value.num)?.type ?? 'free') === 'free') return
  const dict: PdfDict = { kind: 'dict', entries: new Map(), repeatedKeys: [], start: -1, end: -1 }
  found.set(dict, { dict, fields: [name.slice(0, MAX_NAME_LETTERS)], object: value, isUnreadable: true })
}

// Usage rights are a licence to the reader's extra functions, signed by its maker: nobody's signature of the document.
function listUsageRights(pdf: OpenedPdf): PdfDict[] {
  const permissions = pdf.current.dict(pdf.current.catalog()?.entries.get('Perms'))
  return ['UR', 'UR3'].flatMap((key) => pdf.current.dict(permissions?.entries.get(key)) ?? [])
}

// A signature that was replaced or cut loose still stands in the bytes, and deserves to be told of.
function findStrays(pdf: OpenedPdf, known: Set<number>): Candidate[] {
  const { data } = pdf.file
  const marks: number[] = []
  for (
    let at = data.indexOf('/ByteRange', 0, 'latin1');
    at !== -1 && marks.length < MAX_STRAY_MARKS;
    at = data.indexOf('/ByteRange', at + 10, 'latin1')
  )
    marks.push(at)
  const [first] = marks
  if (first === undefined || marks.length <= known.size) return []
  const heads = findObjects(pdf.current.input())
  const strays = new Map<number, Candidate>()
  for (const mark of marks) {
    const head = heads.findLast((one) => one.offset < mark)
    const dict = head === undefined ? undefined : readSignatureAt(pdf, head.offset)
    if (head !== undefined && dict !== undefined && !known.has(dict.start)) strays.set(head.offset, { dict, fields: [], object: head })
  }
  return [...strays.values()]
}

function readSignatureAt(pdf: OpenedPdf, offset: number): PdfDict | undefined {
  try {
    const { value } = parseIndirectObject(pdf.current.input(), offset, integerOf)
    return isSignatureDict(value) ? value : undefined
  } catch (error) {
    if (!(error instanceof PdfSyntaxError)) throw error
    pdf.file.budget.spend('maxFailures', 1)
    return undefined
  }
}

function isSignatureDict(value: PdfValue): value is PdfDict {
  if (!isKind(value, 'dict') || !value.entries.has('ByteRange') || !value.entries.has('Contents')) return false
  return nameOf(value.entries.get('SubFilter')) !== undefined || nameOf(value.entries.get('Type')) !== undefined
}

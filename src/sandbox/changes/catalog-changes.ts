// What may change around the pages after a signature: the form's list of fields, the security store, metadata, extension marks.
import { itemsOf } from '../pdf/form-fields.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import type { Comparison } from './comparison.ts'
import { judgeNewField } from './field-changes.ts'

const changingInfoKeys = new Set(['ModDate', 'Producer', 'Creator', 'Trapped'])
const securityStoreKeys = new Set(['Type', 'Certs', 'OCSPs', 'CRLs', 'VRI'])
const validationEntryKeys = new Set(['Type', 'Cert', 'CRL', 'OCSP', 'TU', 'TS'])

/** Compares trailer and catalog, and with them all that hangs from it but pages, fields and annotations. */
export function compareCatalog(comparison: Comparison): void {
  const { before, after } = comparison
  const [oldTrailer, newTrailer] = [before.snapshot.trailer, after.snapshot.trailer]
  const [oldRoot, newRoot] = [oldTrailer.entries.get('Root'), newTrailer.entries.get('Root')]
  if (!isKind(oldRoot, 'ref') || !isKind(newRoot, 'ref') || oldRoot.num !== newRoot.num)
    return comparison.add('undefined', 'another catalog')
  comparison.explain(newRoot)
  comparison.requireEqual(oldTrailer.entries.get('Encrypt'), newTrailer.entries.get('Encrypt'), 'Encrypt', true)
  compareInfo(comparison, oldTrailer.entries.get('Info'), newTrailer.entries.get('Info'))
  const [oldCatalog, newCatalog] = [before.snapshot.catalog(), after.snapshot.catalog()]
  if (oldCatalog === undefined || newCatalog === undefined) return comparison.add('undefined', 'no catalog')
  if (newCatalog !== oldCatalog && newCatalog.repeatedKeys.length > 0) comparison.add('undefined', 'Root (repeated key)')
  for (const key of new Set([...oldCatalog.entries.keys(), ...newCatalog.entries.keys()])) {
    compareCatalogEntry(comparison, key, oldCatalog.entries.get(key), newCatalog.entries.get(key))
  }
}

function compareCatalogEntry(comparison: Comparison, key: string, before: PdfValue | undefined, after: PdfValue | undefined): void {
  switch (key) {
    case 'AcroForm':
      return compareForm(comparison, before, after)
    case 'DSS':
      return compareSecurityStore(comparison, before, after)
    case 'Metadata':
      return compareMetadata(comparison, before, after)
    case 'Extensions':
    case 'Version':
      return compareMark(comparison, key, before, after)
    default:
      return comparison.requireEqual(before, after, `Root/${key}`)
  }
}

function compareForm(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  const oldForm = comparison.before.snapshot.dict(before)
  const newForm = comparison.after.snapshot.dict(after)
  if (newForm === undefined) return oldForm === undefined ? undefined : comparison.add('undefined', 'the form is gone')
  comparison.explain(after)
  if (newForm !== oldForm && newForm.repeatedKeys.length > 0) comparison.add('undefined', 'AcroForm (repeated key)')
  for (const key of new Set([...(oldForm?.entries.keys() ?? []), ...newForm.entries.keys()])) {
    const [oldValue, newValue] = [oldForm?.entries.get(key), newForm.entries.get(key)]
    if (key === 'Fields') compareFieldList(comparison, oldValue, newValue)
    else if (key === 'DR') compareResources(comparison, oldValue, newValue)
    else if (key === 'SigFlags' || (key === 'NeedAppearances' && comparison.after.snapshot.resolve(newValue) !== true))
      comparison.explain(newValue)
    // A default look that was not there before changes nothing that was signed; one that was must stay.
    else if (key !== 'DA' || oldValue !== undefined) comparison.requireEqual(oldValue, newValue, `AcroForm/${key}`)
  }
}

function compareFieldList(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  const oldItems = itemsOf(comparison.before.snapshot, before)
  const newItems = itemsOf(comparison.after.snapshot, after)
  comparison.explain(after)
  for (const [index, item] of oldItems.entries()) {
    const other = newItems[index]
    const isSameRef = isKind(item, 'ref') && isKind(other, 'ref') && item.num === other.num && item.gen === other.gen
    if (!isSameRef && comparison.differs(item, other)) return comparison.add('undefined', 'the list of fields')
  }
  for (const item of newItems.slice(oldItems.length)) judgeNewField(comparison, item)
}

// Names may be added; what a name stood for when it was signed must stay. Only looks without resources of their own would take
// forms and pictures from here: where there are none, these may change (some signers keep their own look there).
function compareResources(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  const oldResources = comparison.before.snapshot.dict(before)
  const newResources = comparison.after.snapshot.dict(after)
  for (const [category, oldValue] of oldResources?.entries ?? []) {
    if (category === 'XObject' && comparison.before.nodes.every((node) => bringsResources(comparison.before.snapshot, node.dict))) continue
    const oldNames = comparison.before.snapshot.dict(oldValue)
    const newValue = newResources?.entries.get(category)
    if (oldNames === undefined) comparison.requireEqual(oldValue, newValue, `AcroForm/DR/${category}`, true)
    for (const [name, resource] of oldNames?.entries ?? []) {
      const other = comparison.after.snapshot.dict(newValue)?.entries.get(name)
      comparison.requireEqual(resource, other, `AcroForm/DR/${category}/${name}`, true)
    }
  }
  comparison.explainAll(after)
}

function bringsResources(snapshot: Snapshot, widget: PdfDict): boolean {
  const looks = [...(snapshot.dict(widget.entries.get('AP'))?.entries.values() ?? [])].map((value) => snapshot.resolve(value))
  const streams = looks.flatMap((look) =>
    isKind(look, 'dict') ? [...look.entries.values()].map((state) => snapshot.resolve(state)) : [look],
  )
  return streams.every((stream) => !isKind(stream, 'stream') || stream.data.length === 0 || stream.dict.entries.has('Resources'))
}

// Only what belongs into a security store (ISO 32000-2, 12.8.4.3); its streams are never shown.
function compareSecurityStore(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  if (!comparison.differs(before, after, true)) return
  const store = comparison.after.snapshot.dict(after)
  const entries = comparison.after.snapshot.dict(store?.entries.get('VRI'))
  const isWellFormed =
    store !== undefined &&
    [...store.entries.keys()].every((key) => securityStoreKeys.has(key)) &&
    [...(entries?.entries ?? [])].every(
      ([key, value]) => key === 'Type' || hasOnly(comparison.after.snapshot.dict(value), validationEntryKeys),
    )
  if (!isWellFormed) return comparison.add('undefined', 'Root/DSS')
  comparison.explainAll(after)
  comparison.add('validation', 'Root/DSS')
}

function hasOnly(dict: PdfDict | undefined, keys: Set<string>): boolean {
  return dict !== undefined && [...dict.entries.keys()].every((key) => keys.has(key))
}

function compareMetadata(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  if (!comparison.differs(before, after, true)) return
  const stream = comparison.after.snapshot.resolve(after)
  if (!isKind(stream, 'stream') || nameOf(stream.dict.entries.get('Type')) !== 'Metadata')
    return comparison.add('undefined', 'Root/Metadata')
  comparison.explain(after)
  comparison.add('validation', 'Root/Metadata')
}

function compareMark(comparison: Comparison, key: string, before: PdfValue | undefined, after: PdfValue | undefined): void {
  if (!comparison.differs(before, after)) return
  comparison.explainAll(after)
  comparison.add(after === undefined ? 'undefined' : 'validation', `Root/${key}`)
}

function compareInfo(comparison: Comparison, before: PdfValue | undefined, after: PdfValue | undefined): void {
  const oldInfo = comparison.before.snapshot.dict(before)
  const newInfo = comparison.after.snapshot.dict(after)
  comparison.explain(after)
  for (const key of new Set([...(oldInfo?.entries.keys() ?? []), ...(newInfo?.entries.keys() ?? [])])) {
    if (!comparison.differs(oldInfo?.entries.get(key), newInfo?.entries.get(key), true)) continue
    comparison.add(changingInfoKeys.has(key) || newInfo === undefined ? 'validation' : 'undefined', `Info/${key}`)
  }
}

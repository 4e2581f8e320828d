// The task `seal`: what has to be appended to a document so that it carries the certificate's pages and an empty signature for the seal. The key is
// never here: whoever asked fills the signature in.
import { preparedSeal, sealReserveBytes, type PreparedSeal } from '../../contracts/seal.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { defaultPdfLimits, PdfRefusal, type PdfLimits } from '../pdf/budget.ts'
import { itemsOf, listFormNodes } from '../pdf/form-fields.ts'
import { openPdf, type OpenedPdf } from '../pdf/open-pdf.ts'
import { listPages, type Page } from '../pdf/pages.ts'
import type { PdfDict, PdfRef, PdfValue } from '../pdf/values.ts'
import { integerOf, isKind } from '../pdf/values.ts'
import { maxInputBytes, readAll } from '../read-all.ts'
import { findSignatures } from '../signatures/candidates.ts'
import { takePages } from './foreign-pages.ts'
import { firstFreeNumber, writeIncrement, type NewObject } from './increment.ts'
import { changed, dictionary, list, named, reference, textString, writeValue } from './write-value.ts'

/** `certificate`: the PDF (base64) whose pages are appended; null: no page may be added. `date` as PDF writes dates. */
export type SealOptions = { certificate: string | null; name: string; reason: string; date: string }

const limits: PdfLimits = { ...defaultPdfLimits, maxFileBytes: maxInputBytes, maxTokens: 5_000_000 }
/** ISO 32000-1, annex C. */
const maxObjectNumber = 8_388_607
const signatureFlags = 3
/** Printed, and locked. */
const widgetFlags = 132

/** A document that cannot be sealed. */
class Unsealable extends Error {}

/** Prepares the seal, or says in a word why there can be none. */
export function prepareSeal(input: ByteSource, options: unknown): InspectionReply {
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  try {
    return { kind: 'ok', value: prepare(data, options as SealOptions) }
  } catch (error) {
    if (error instanceof Unsealable) return { kind: 'rejected', reason: error.message }
    if (error instanceof PdfRefusal) return { kind: 'rejected', reason: error.reason }
    throw error
  }
}

function prepare(data: Buffer, options: SealOptions): PreparedSeal {
  const pdf = openPdf(data, limits)
  refuseUnsound(pdf, options.certificate !== null)
  const document = readDocument(pdf)
  const fieldNum = firstFreeNumber(pdf)
  const valueNum = fieldNum + 1
  const taken = options.certificate === null ? undefined : addPages(pdf, document, options.certificate, valueNum + 1)
  const page = taken?.kids[0] ?? document.firstPage
  const objects = [
    ...(taken?.objects ?? widgetOn(pdf, document.pages[0], reference(fieldNum))),
    ...addField(pdf, document, reference(fieldNum), taken?.next ?? valueNum + 1),
    { num: fieldNum, value: fieldOf(pdf, page, reference(valueNum)) },
    { num: valueNum, body: emptySignature(options) },
  ]
  if (Math.max(...objects.map(({ num }) => num)) >= maxObjectNumber) throw new Unsealable('too_many_objects')
  if (taken && page) attachWidget(objects, page, reference(fieldNum))
  const { bytes, offsets } = writeIncrement(pdf, objects)
  return preparedSeal.parse({ ...fillRange(bytes, data.length, offsets.get(valueNum) ?? 0), pages: taken?.kids.length ?? 0 })
}

// On a file that readers have to guess at, or whose earlier signatures would be broken, no seal says anything.
function refuseUnsound(pdf: OpenedPdf, addsPages: boolean): void {
  if (pdf.current.trailer.entries.has('Encrypt')) throw new Unsealable('encrypted')
  if (pdf.rebuilt) throw new Unsealable('damaged_structure')
  if (findSignatures(pdf).candidates.length === 0) return
  if (addsPages) throw new Unsealable('has_signatures')
  if (pdf.chain.irregular !== undefined || pdf.trailingBytes > 0) throw new Unsealable('irregular_updates')
}

type DocumentParts = { root: PdfRef; catalog: PdfDict; pagesRef: PdfRef; pagesDict: PdfDict; pages: Page[]; firstPage: PdfRef | undefined }

function readDocument({ current }: OpenedPdf): DocumentParts {
  const root = current.trailer.entries.get('Root')
  const catalog = current.catalog()
  const pagesRef = catalog?.entries.get('Pages')
  const pagesDict = current.resolve(pagesRef)
  if (!isKind(root, 'ref') || !catalog || !isKind(pagesRef, 'ref') || !isKind(pagesDict, 'dict') || !pagesDict.entries.has('Kids'))
    throw new Unsealable('unusual_structure')
  const pages = listPages(current)
  const num = pages[0]?.num
  if (num === undefined) throw new Unsealable('unusual_structure')
  return { root, catalog, pagesRef, pagesDict, pages, firstPage: reference(num, current.object(num)?.gen) }
}

function addPages(pdf: OpenedPdf, document: DocumentParts, certificate: string, firstNum: number): ReturnType<typeof takePages> {
  const { pagesRef, pagesDict, pages } = document
  const { current } = openPdf(Buffer.from(certificate, 'base64'), limits)
  const taken = takePages(current, listPages(current), pagesRef, firstNum)
  if (taken.kids.length === 0) throw new Unsealable('no_certificate')
  const kids = list([...itemsOf(pdf.current, pagesDict.entries.get('Kids')), ...taken.kids])
  const value = changed(pagesDict, { Kids: kids, Count: pages.length + taken.kids.length })
  return { ...taken, objects: [{ num: pagesRef.num, gen: pagesRef.gen, value }, ...taken.objects] }
}

/** The page with the signature's (invisible) widget among its annotations. */
function widgetOn({ current }: OpenedPdf, page: Page | undefined, widget: PdfRef): NewObject[] {
  if (page?.num === undefined) return []
  const annotations = list([...itemsOf(current, page.dict.entries.get('Annots')), widget])
  return [{ num: page.num, gen: current.object(page.num)?.gen ?? 0, value: changed(page.dict, { Annots: annotations }) }]
}

function attachWidget(objects: NewObject[], page: PdfRef, widget: PdfRef): void {
  const object = objects.find(({ num }) => num === page.num)
  if (object && 'value' in object && isKind(object.value, 'dict')) object.value = changed(object.value, { Annots: list([widget]) })
}

/** The form with one field more, wherever it stands; a document without a form gets one under `freeNum`. */
function addField({ current }: OpenedPdf, { root, catalog }: DocumentParts, field: PdfRef, freeNum: number): NewObject[] {
  const at = catalog.entries.get('AcroForm')
  const form = current.dict(at)
  const fields = list([...itemsOf(current, form?.entries.get('Fields')), field])
  const flags = (integerOf(current.resolve(form?.entries.get('SigFlags'))) ?? 0) | signatureFlags
  const value = changed(form ?? dictionary({}), { Fields: fields, SigFlags: flags })
  if (form && isKind(at, 'ref')) return [{ num: at.num, gen: at.gen, value }]
  const changedCatalog = (acroForm: PdfValue): NewObject => ({
    num: root.num,
    gen: root.gen,
    value: changed(catalog, { AcroForm: acroForm }),
  })
  return form ? [changedCatalog(value)] : [changedCatalog(reference(freeNum)), { num: freeNum, value }]
}

function fieldOf({ current }: OpenedPdf, page: PdfRef | undefined, value: PdfRef): PdfDict {
  const names = new Set(listFormNodes(current).map(({ name }) => name))
  let number = 1
  while (names.has(`Seal${number}`)) number++
  return dictionary({
    Type: named('Annot'),
    Subtype: named('Widget'),
    FT: named('Sig'),
    T: textString(`Seal${number}`),
    F: widgetFlags,
    Rect: list([0, 0, 0, 0]),
    ...(page ? { P: page } : {}),
    V: value,
  })
}

const rangeDigits = 10
const emptyRange = `[0 ${'*'.repeat(rangeDigits)} ${'*'.repeat(rangeDigits)} ${'*'.repeat(rangeDigits)}]`

function emptySignature({ name, reason, date }: SealOptions): string {
  const facts = dictionary({
    Type: named('Sig'),
    Filter: named('Adobe.PPKLite'),
    SubFilter: named('ETSI.CAdES.detached'),
    M: textString(date),
    Name: textString(name),
    Reason: textString(reason),
  })
  const body = writeValue(facts).slice(0, -'>>'.length)
  return `${body}\n/ByteRange ${emptyRange}\n/Contents <${'0'.repeat(2 * sealReserveBytes)}>>>`
}

/** Writes the numbers of the byte range to where they are missing. */
function fillRange(bytes: Buffer, before: number, signatureAt: number): Pick<PreparedSeal, 'increment' | 'byteRange'> {
  const from = signatureAt - before
  const start = bytes.indexOf('/Contents <', from, 'latin1') + '/Contents '.length
  const end = start + 2 * sealReserveBytes + 2
  const byteRange: PreparedSeal['byteRange'] = [0, before + start, before + end, bytes.length - end]
  bytes.write(`[${byteRange.join(' ')}]`.padEnd(emptyRange.length), bytes.indexOf(emptyRange, from, 'latin1'), 'latin1')
  return { increment: bytes.toString('base64'), byteRange }
}

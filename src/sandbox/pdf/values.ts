// The values a PDF is made of (ISO 32000-2, 7.3) and how to look into them. Positions are byte offsets into the file,
// or -1 for values that were read out of an object stream and so have no place of their own in the file.

export type PdfName = { kind: 'name'; name: string }
/** `clean`: a hexadecimal string that holds nothing but hex digits and white space. `start` and `end` include the delimiters. */
export type PdfString = { kind: 'string'; bytes: Buffer; hex: boolean; clean: boolean; start: number; end: number }
export type PdfArray = { kind: 'array'; items: PdfValue[]; start: number; end: number }
/** `repeatedKeys` are those that stand more than once: readers differ in which one they take. */
export type PdfDict = { kind: 'dict'; entries: Map<string, PdfValue>; repeatedKeys: string[]; start: number; end: number }
export type PdfStream = { kind: 'stream'; dict: PdfDict; data: Buffer; dataStart: number }
export type PdfRef = { kind: 'ref'; num: number; gen: number }
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfArray | PdfDict | PdfStream | PdfRef

/** True for references, dictionaries and the other tagged values. */
export function isKind<K extends Exclude<PdfValue, null | boolean | number>['kind']>(
  value: PdfValue | undefined,
  kind: K,
): value is Extract<PdfValue, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind
}

/** The dictionary of a dictionary or a stream, else undefined. */
export function dictOf(value: PdfValue | undefined): PdfDict | undefined {
  if (isKind(value, 'dict')) return value
  return isKind(value, 'stream') ? value.dict : undefined
}

/** The text of a name, else undefined. */
export function nameOf(value: PdfValue | undefined): string | undefined {
  return isKind(value, 'name') ? value.name : undefined
}

/** A number that is a whole one, else undefined. */
export function integerOf(value: PdfValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}

/** A text string (ISO 32000-2, 7.9.2) as text: UTF-16 or UTF-8 by its mark, else Latin 1; undefined for anything else. */
export function textOf(value: PdfValue | undefined): string | undefined {
  if (!isKind(value, 'string')) return undefined
  const { bytes } = value
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    const evenLength = bytes.length - (bytes.length % 2)
    return Buffer.from(bytes.subarray(2, evenLength)).swap16().toString('utf16le')
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.toString('utf8', 3)
  return bytes.toString('latin1')
}

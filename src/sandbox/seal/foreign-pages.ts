// Takes pages over from another PDF, with everything that hangs on them, under numbers of the document that gets them.
import type { Page } from '../pdf/pages.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfRef, PdfValue } from '../pdf/values.ts'
import { isKind } from '../pdf/values.ts'
import type { NewObject } from './increment.ts'
import { changed, dictionary, list, reference } from './write-value.ts'

/** The pages as objects from `firstNum` on, the pages themselves first; `next` is the number behind the last one. They become kids of `parent`. */
export function takePages(
  source: Snapshot,
  pages: readonly Page[],
  parent: PdfRef,
  firstNum: number,
): { objects: NewObject[]; kids: PdfRef[]; next: number } {
  const numbers = new Map<number, number>()
  const waiting: number[] = []
  let next = firstNum + pages.length
  const copy = (value: PdfValue): PdfValue => {
    if (isKind(value, 'ref')) {
      const known = numbers.get(value.num)
      if (known !== undefined) return reference(known)
      numbers.set(value.num, next)
      waiting.push(value.num)
      return reference(next++)
    }
    if (isKind(value, 'array')) return list(value.items.map(copy))
    if (isKind(value, 'dict')) return dictionary(Object.fromEntries([...value.entries].map(([key, item]) => [key, copy(item)])))
    if (isKind(value, 'stream'))
      return { ...value, dict: dictionary(Object.fromEntries([...value.dict.entries].map(([key, item]) => [key, copy(item)]))) }
    return value
  }
  const objects: NewObject[] = pages.map(({ dict, mediaBox = null }, index) => {
    const { entries } = dict
    const own = dictionary(Object.fromEntries([...entries].filter(([key]) => key !== 'Parent').map(([key, item]) => [key, copy(item)])))
    // What a page does not say of itself it would take from its new parent.
    const inherited = {
      MediaBox: copy(mediaBox),
      CropBox: copy(mediaBox),
      Rotate: 0,
      Resources: copy(entries.get('Resources') ?? dictionary({})),
    }
    return { num: firstNum + index, value: changed(own, { ...inherited, Parent: parent }) }
  })
  for (let num = waiting.shift(); num !== undefined; num = waiting.shift())
    objects.push({ num: numbers.get(num) ?? 0, value: copy(source.object(num)?.value ?? null) })
  return { objects, kids: pages.map((_, index) => reference(firstNum + index)), next }
}

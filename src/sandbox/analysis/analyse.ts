// The task `analyse`: what rules find in a text, each with page and offset. The text is as hostile as the file it came from, so it is read here too.
// Guesses are marked by a confidence; nothing here decides anything.
import type { TextAnalysis } from '../../contracts/document-parts.ts'
import type { InspectionReply } from '../../contracts/inspection.ts'
import type { ByteSource } from '../byte-source.ts'
import { readAll } from '../read-all.ts'
import { findAmounts } from './amounts.ts'
import { findDates } from './dates.ts'
import { guessKind } from './kind.ts'
import { guessLanguage } from './language.ts'
import { findParties } from './parties.ts'
import { findPersonalData } from './personal-data.ts'
import { findSignaturePlaces } from './signature-places.ts'
import type { AnalysedPage, Finder } from './page-text.ts'

/** Of a page and of all together, in characters. */
const maxPageCharacters = 50_000
const maxCharacters = 2_000_000

/** The input is JSON: `[{ page, text }]`. Always answers `ok`. */
export function analyse(input: ByteSource): InspectionReply {
  const data = readAll(input)
  if (!data) return { kind: 'rejected', reason: 'too_large' }
  return { kind: 'ok', value: analyseText(JSON.parse(data.toString('utf8')) as AnalysedPage[]) }
}

/** Pure: the same text gives the same answer. */
export function analyseText(all: readonly AnalysedPage[]): TextAnalysis {
  const { pages, isCut: isTextCut } = cut(all)
  const everything = pages.map(({ text }) => text).join('\n')
  let isCut = isTextCut
  const collect = <Found>(find: Finder<Found>, most: number): (Found & { page: number; offset: number })[] => {
    const found: (Found & { page: number; offset: number })[] = []
    for (const page of pages) {
      for (const item of find(page.text)) {
        if (found.length === most) {
          isCut = true
          return found
        }
        found.push({ ...item, page: page.page })
      }
    }
    return found
  }
  const lists = {
    parties: collect(findParties, 100),
    dates: collect(findDates, 200),
    amounts: collect(findAmounts, 200),
    signaturePlaces: collect(findSignaturePlaces, 100),
    personalData: collect(findPersonalData, 200),
  }
  return { language: guessLanguage(everything), kind: guessKind(everything), ...lists, isCut }
}

function cut(all: readonly AnalysedPage[]): { pages: AnalysedPage[]; isCut: boolean } {
  let room = maxCharacters
  let isCut = false
  const pages: AnalysedPage[] = []
  for (const { page, text } of all) {
    const kept = text.slice(0, Math.min(room, maxPageCharacters))
    if (kept.length < text.length) isCut = true
    room -= kept.length
    pages.push({ page, text: kept })
  }
  return { pages, isCut }
}

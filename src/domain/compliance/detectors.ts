// Looks for the rule set's phrases in texts: clauses that ask for ink, words of kinds that are excluded, and claims that we must not make.
import type { TextReport } from '../../contracts/document-parts.ts'
import type { RuleSet } from '../../contracts/rule-set.ts'
import type { CheckFacts, TextFacts } from './facts.ts'

const mostHits = 20

type Text = Pick<TextReport, 'pageCount' | 'failedPages'> & {
  pages: readonly { page: number; text: string; isCut?: boolean | undefined }[]
}

/** What the kept text of a document says; each phrase once for each page. `images`: how many the file has; null when nobody counted. */
export function readClauses(report: Text, images: number | null, { inkClauses, documentKinds }: RuleSet): TextFacts {
  const { pages } = report
  const texts = pages.map(({ page, text }) => ({ page, plain: plain(text) }))
  const find = (phrases: readonly string[]): { page: number; phrase: string }[] =>
    texts.flatMap(({ page, plain: text }) => phrases.filter((phrase) => includes(text, phrase)).map((phrase) => ({ page, phrase })))
  return {
    isRead: isWhollyRead(report, images),
    inkClauses: find(inkClauses).slice(0, mostHits),
    kindHints: documentKinds.excluded.flatMap(({ kind, hints }) => find(hints).map((hit) => ({ ...hit, kind }))).slice(0, mostHits),
  }
}

/**
 * A page without a character may be a picture of one. Only a last page that is empty, of a file that has no picture at all, is believed to be blank.
 */
function isWhollyRead({ pageCount, failedPages, pages }: Text, images: number | null): boolean {
  if (failedPages.length > 0 || pages.length < pageCount || pages.some(({ isCut }) => isCut === true)) return false
  const silent = pages.filter(({ text }) => !/[\p{L}\p{N}]/u.test(text))
  if (silent.length === 0) return pages.length > 0
  return images === 0 && pages.length > 1 && silent.length === 1 && silent[0] === pages.at(-1)
}

/** Texts by name, ours all of them. The disclaimer must be in one. */
export function findClaims(texts: Readonly<Record<string, string>>, { forbiddenClaims, disclaimer }: RuleSet): CheckFacts['claims'] {
  const all = Object.entries(texts).map(([name, text]) => [name, plain(text)] as const)
  const hits = all.flatMap(([text, body]) => forbiddenClaims.filter((phrase) => includes(body, phrase)).map((phrase) => ({ text, phrase })))
  return { texts: all.length, hits: hits.slice(0, mostHits), hasDisclaimer: all.some(([, body]) => body.includes(plain(disclaimer))) }
}

/** Upper and lower case, ligatures, markup, line ends and hyphens at them make no difference. */
function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/(\p{L})[-\u00ad]\s*\n\s*(?=\p{Ll})/gu, '$1')
    .replaceAll(/<[^<>]{0,200}>/g, ' ')
    .replaceAll('\u00ad', '')
    .replaceAll(/[\u2018\u2019]/g, "'")
    .toLowerCase()
    .replaceAll(/\s+/g, ' ')
}

/** As whole words. */
function includes(text: string, phrase: string): boolean {
  const wanted = plain(phrase)
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1))
    if (!isLetter(text[at - 1]) && !isLetter(text[at + wanted.length])) return true
  return false
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character)
}

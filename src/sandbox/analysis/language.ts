// The language by its small words: enough for whole documents in the languages that are known here, and silent about others.
import type { TextAnalysis } from '../../contracts/document-parts.ts'

type Code = NonNullable<TextAnalysis['language']['code']>

const smallWords: Readonly<Record<Code, string>> = {
  en: 'the of and to in is that for shall be by this with or as are from which not any',
  de: 'der die und den von zu das mit des ist im für auf nicht ein eine dem werden wird oder',
  fr: 'le la les et des en du une est dans que pour par qui sur au pas plus avec ce',
  es: 'el la los de y en que del las por con una para se no su al lo como es',
  pt: 'o a os de e do da em que para com uma não por dos no na se ao as',
  nl: 'de het een van en in is dat op te voor met zijn niet aan door wordt deze bij of',
  af: 'die van en in is nie het wat vir met op om te hy aan sy sal word deur hierdie',
}

const sets = Object.entries(smallWords).map(([code, words]) => [code as Code, new Set(words.split(' '))] as const)
const maxWords = 20_000
const fewestWords = 20

/** `code` is null when there is too little text or nothing is known of it. */
export function guessLanguage(text: string): TextAnalysis['language'] {
  const words = (
    text
      .slice(0, 400_000)
      .toLowerCase()
      .match(/\p{L}{1,20}/gu) ?? []
  ).slice(0, maxWords)
  if (words.length < fewestWords) return { code: null, confidence: 0 }
  const scores = sets
    .map(([code, known]) => ({ code, share: words.filter((word) => known.has(word)).length / words.length }))
    .toSorted((a, b) => b.share - a.share)
  const [best, second] = scores
  if (!best || best.share < 0.08) return { code: null, confidence: 0 }
  // A third of a running text is small words; what the next language shares of them counts against it.
  const confidence = Math.min(1, (best.share - (second?.share ?? 0) / 2) * 4)
  return { code: best.code, confidence: Math.round(Math.max(0, confidence) * 100) / 100 }
}

// What the finders share: a page, and a way to walk the matches of a bounded pattern.

export type AnalysedPage = { page: number; text: string }

/** What stands in one page's text, in order; `offset` in characters. */
export type Finder<Found> = (text: string) => Iterable<Found & { offset: number }>

/** All matches of a global pattern, mapped; undefined leaves one out. Patterns must be free of nested repetition. */
export function* mapMatches<Found>(
  text: string,
  pattern: RegExp,
  map: (match: RegExpExecArray) => Found | undefined,
): Generator<Found & { offset: number }> {
  for (const match of text.matchAll(pattern)) {
    const found = map(match)
    if (found !== undefined) yield { ...found, offset: match.index }
  }
}

/** One line, at most 300 characters. */
export function quote(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 200).toWellFormed()
}

// Where somebody is meant to sign: labelled lines.
import { mapMatches, quote, type Finder } from './page-text.ts'

const line =
  /(?<!\p{L})(?:signature|signed by|signed at|sign here|authori[sz]ed signatory|unterschrift|unterzeichnet|firma|assinatura|handtekening|handtekening van|handteken(?:ing)?|duly authori[sz]ed)(?!\p{L})[^\n]{0,80}/giu
const rule = /_{8,200}/g

export const findSignaturePlaces: Finder<{ text: string }> = (text) => {
  const labelled = [...mapMatches(text, line, ([all]) => ({ text: quote(all) }))]
  // A rule without a label beside it is a blank of a form, not a place to sign.
  const ruled = [...mapMatches(text, rule, ([all]) => ({ text: quote(all.slice(0, 40)) }))].filter(({ offset }) => isNearBy(text, offset))
  return [...labelled, ...ruled.filter((blank) => !labelled.some((label) => Math.abs(label.offset - blank.offset) < 100))].sort(
    (a, b) => a.offset - b.offset,
  )
}

/** `By: ________` and names under a rule. */
function isNearBy(text: string, offset: number): boolean {
  return /(?:^|\n|\s)(?:by|for|x|name|witness|date)\s{0,3}:?\s{0,3}$/i.test(text.slice(Math.max(0, offset - 20), offset))
}

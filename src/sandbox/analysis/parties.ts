// Who the document is between: names that stand where contracts and invoices name them. A guess, shown with its place.
import { mapMatches, quote, type Finder } from './page-text.ts'

type FoundParty = { name: string; role?: string }

const roles =
  'seller|buyer|landlord|tenant|lessor|lessee|lender|borrower|employer|employee|client|customer|contractor|supplier|vendor|purchaser|licensor|licensee|auftraggeber|auftragnehmer|verkäufer|käufer|vermieter|mieter|bailleur|locataire|vendeur|acheteur'
const name = "[\\p{Lu}][\\p{L}\\p{N}&.,'’ -]{1,80}?"
const defined = new RegExp(
  `(?<!\\p{L})(${name})[ ,]{0,3}\\((?:the |hereinafter |hereafter |referred to as |called ){0,4}["“”'‘]([\\p{L} ]{2,40})["”“'’]\\)`,
  'gu',
)
const labelled = new RegExp(`(?:^|\\n)[ \\t]{0,20}(${roles})[ \\t]{0,5}[:：][ \\t]{0,5}([^\\n]{2,100})`, 'giu')
const between = new RegExp(
  `(?<!\\p{L})(?:between|zwischen|entre)\\s{1,3}(${name})\\s{1,3}(?:and|und|et|y|e)\\s{1,3}(${name})(?=[\\n(.;]|,|$)`,
  'gu',
)

export const findParties: Finder<FoundParty> = function* (text) {
  const seen = new Set<string>()
  const all = [
    ...mapMatches(text, defined, ([, found = '', role = '']) => ({ name: quote(found), role: quote(role).slice(0, 60) })),
    ...mapMatches(text, labelled, ([, role = '', found = '']) => ({ name: quote(found), role: quote(role).toLowerCase().slice(0, 60) })),
    ...bothOf(text),
  ].sort((a, b) => a.offset - b.offset)
  for (const party of all) {
    const key = party.name.toLowerCase()
    if (party.name === '' || seen.has(key)) continue
    seen.add(key)
    yield party
  }
}

function* bothOf(text: string): Generator<FoundParty & { offset: number }> {
  for (const match of text.matchAll(between)) {
    for (const found of match.slice(1)) {
      if (found) yield { name: quote(found), offset: match.index + match[0].indexOf(found) }
    }
  }
}

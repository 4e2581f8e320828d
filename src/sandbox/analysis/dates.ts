// Dates as people write them. What could be two days (03/04/2026) is read day first, as everywhere but in the United States.
import { mapMatches, quote, type Finder } from './page-text.ts'

const months: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ['january', 'januar', 'janvier', 'enero', 'janeiro', 'januari', 'januarie', 'jan'],
    ['february', 'februar', 'février', 'fevrier', 'febrero', 'fevereiro', 'februari', 'februarie', 'feb'],
    ['march', 'märz', 'maerz', 'mars', 'marzo', 'março', 'maart', 'mar'],
    ['april', 'avril', 'abril', 'apr'],
    ['may', 'mai', 'mayo', 'maio', 'mei'],
    ['june', 'juni', 'juin', 'junio', 'junho', 'junie', 'jun'],
    ['july', 'juli', 'juillet', 'julio', 'julho', 'julie', 'jul'],
    ['august', 'août', 'aout', 'agosto', 'augustus', 'aug'],
    ['september', 'septembre', 'septiembre', 'setembro', 'sept', 'sep'],
    ['october', 'oktober', 'octobre', 'octubre', 'outubro', 'oct', 'okt'],
    ['november', 'novembre', 'noviembre', 'novembro', 'nov'],
    ['december', 'dezember', 'décembre', 'decembre', 'diciembre', 'dezembro', 'desember', 'dec', 'dez', 'des'],
  ].flatMap((names, index) => names.map((name) => [name, index + 1])),
)

const iso = /(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?![\d-])/g
const numeric = /(?<![\d./])(\d{1,2})([./])(\d{1,2})\2(\d{4})(?![\d/]|\.\d)/g
const dayFirst = /(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|\.)?\s{1,3}(?:day of |de |of )?(\p{L}{3,10})\.?,?\s{1,3}(?:de )?(\d{4})(?!\d)/gu
const monthFirst = /(?<!\p{L})(\p{L}{3,10})\.?\s{1,3}(\d{1,2})(?:st|nd|rd|th)?,?\s{1,3}(\d{4})(?!\d)/gu

type FoundDate = { date: string; text: string }

export const findDates: Finder<FoundDate> = (text) =>
  [
    ...mapMatches(text, iso, ([all, year, month, day]) => dateOf(all, Number(year), Number(month), Number(day))),
    ...mapMatches(text, numeric, ([all, first, , second, year]) =>
      Number(second) > 12
        ? dateOf(all, Number(year), Number(first), Number(second))
        : dateOf(all, Number(year), Number(second), Number(first)),
    ),
    ...mapMatches(text, dayFirst, ([all, day, month, year]) => dateOf(all, Number(year), monthOf(month), Number(day))),
    ...mapMatches(text, monthFirst, ([all, month, day, year]) => dateOf(all, Number(year), monthOf(month), Number(day))),
  ].sort((a, b) => a.offset - b.offset)

function monthOf(name: string | undefined): number {
  return months[name?.toLowerCase() ?? ''] ?? 0
}

function dateOf(text: string, year: number, month: number, day: number): FoundDate | undefined {
  if (year < 1900 || year > 2200) return undefined
  const date = new Date(Date.UTC(year, month - 1, day))
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  return { date: date.toISOString().slice(0, 10), text: quote(text) }
}

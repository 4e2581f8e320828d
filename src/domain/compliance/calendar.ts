// What was in force when. The days of the calendar begin at midnight in Namibia, which is two hours before it is midnight in UTC.
import { calendarEntriesOf, type Rule, type RuleSet } from '../../contracts/rule-set.ts'

/** The first millisecond from which all provisions of a rule are in force; null when one of them is not in force at all. */
export function inForceFromMs({ calendar }: RuleSet, { provisions }: Pick<Rule, 'provisions'>): number | null {
  const days = provisions.flatMap((provision) => calendarEntriesOf(calendar, provision).map(({ inForceFrom }) => inForceFrom))
  if (days.length === 0 || days.includes(null)) return null
  return Math.max(...days.map((day) => Date.parse(`${day}T00:00:00${calendar.utcOffset}`)))
}

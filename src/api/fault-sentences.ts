// What is wrong with a field, as a sentence for people: "/to must be text". zod's own words name its internals and are never shown.
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** A predicate without its subject and full stop. A contract's own message stands; no value is quoted. */
export function faultSentence(issue: Issue): string {
  if (!isZodsOwn(issue.message)) return issue.message
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${kindName(issue.expected)}`
    case 'invalid_value':
      return issue.input === undefined
        ? 'is required'
        : `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return boundSentence('at least', issue.origin, issue.minimum)
    case 'too_big':
      return boundSentence('at most', issue.origin, issue.maximum)
    case 'invalid_format':
      return `must be ${formatNames[issue.format] ?? 'in the form that is described'}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'invalid_union':
      return issue.input === undefined ? 'is required' : unionSentence(issue.errors)
    case 'invalid_key':
      return 'is not a name that is allowed here'
    default:
      return 'is not valid'
  }
}

function isZodsOwn(message: string): boolean {
  return /^(?:Invalid|Too small|Too big|Unrecognized)/.test(message)
}

const kindNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  null: 'null',
  object: 'an object',
  record: 'an object',
  array: 'a list',
}

const formatNames: Readonly<Record<string, string>> = {
  datetime: 'a time such as 2026-11-20T19:17:00.000Z',
  date: 'a date such as 2026-11-20',
  url: 'a URL',
  email: 'an e-mail address',
  uuid: 'a UUID',
}

function kindName(expected: string): string {
  return kindNames[expected] ?? 'of another kind'
}

const unitsOf: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  set: 'entries',
  object: 'members',
  record: 'members',
}

function boundSentence(bound: string, origin: string, limit: number | bigint): string {
  const units = unitsOf[origin]
  return units === undefined ? `must be ${bound} ${limit}` : `must have ${bound} ${limit} ${units}`
}

/** Where every way in wants another kind, the kinds; else the fault of the one way whose kind was right. */
function unionSentence(ways: readonly (readonly Issue[])[]): string {
  const kinds = ways.map(([first]) => (first?.code === 'invalid_type' && first.path.length === 0 ? kindName(first.expected) : null))
  const fitting = ways.filter((_way, at) => kinds[at] === null).flatMap(([first]) => (first && first.path.length === 0 ? [first] : []))
  const [only] = fitting
  if (only && fitting.length === 1) return faultSentence(only)
  const named = kinds.filter((kind) => kind !== null)
  return named.length === ways.length && named.length > 0 ? `must be ${[...new Set(named)].join(' or ')}` : 'is not valid'
}

// The part of a query that every list takes: `first` and `after`.
import type { Request } from 'express'
import { invalidField } from '../errors.ts'

/** How many a page has when nobody says. */
export const firstIfLeftOut = 20
const mostFirst = 100
const maxCursorLength = 512

/** One value of the query, undefined when it is left out. Throws `invalid_request` when it is given twice. */
export function queryOf(req: Request, name: string): string | undefined {
  const value = req.query[name]
  if (value === undefined || typeof value === 'string') return value
  throw invalidField(`/${name}`, 'must be given once')
}

/** `first` from 1 to 100, 20 if left out, and the cursor. Throws `invalid_request`. */
export function pageOf(req: Request): { first: number; after?: string } {
  const given = queryOf(req, 'first')
  return readPage(given === undefined ? undefined : Number(given), queryOf(req, 'after'))
}

/** The same of values, wherever they came from. */
export function readPage(first: unknown = firstIfLeftOut, after?: unknown): { first: number; after?: string } {
  if (typeof first !== 'number' || !Number.isInteger(first) || first < 1 || first > mostFirst)
    throw invalidField('/first', `must be a whole number from 1 to ${mostFirst}`)
  if (after === undefined) return { first }
  if (typeof after !== 'string' || after === '' || after.length > maxCursorLength)
    throw invalidField('/after', 'is not a cursor of this query')
  return { first, after }
}

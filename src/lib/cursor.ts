// Cursors of pages: opaque to clients, and good only for the query that they came from.
import { timingSafeEqual } from 'node:crypto'
import type { Keyring } from './keyring.ts'

const label = 'cursor'

/** A cursor for a place (any text) in the answer to a query (a text that says all of it, whose it is included). */
export function writeCursor(keyring: Keyring, query: string, place: string): string {
  return `${Buffer.from(place).toString('base64url')}.${keyring.fingerprint(label, JSON.stringify([query, place]))}`
}

/** The place that a cursor of this query says; null for any other text. */
export function readCursor(keyring: Keyring, query: string, cursor: string): string | null {
  const [encoded = '', print = ''] = cursor.split('.', 2)
  const place = Buffer.from(encoded, 'base64url').toString('utf8')
  const expected = Buffer.from(writeCursor(keyring, query, place))
  const given = Buffer.from(`${encoded}.${print}`)
  return cursor === `${encoded}.${print}` && given.length === expected.length && timingSafeEqual(given, expected) ? place : null
}

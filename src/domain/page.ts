// Pages of durable lists: a cursor holds the place of a record, and is good only for the query that it came from.
import { invalidField } from '../errors.ts'
import { readCursor, writeCursor } from '../lib/cursor.ts'
import type { Keyring } from '../lib/keyring.ts'

/** What a list is asked for. */
export type PageRequest = { first: number; after?: string | undefined }

export type Page<Node> = {
  nodes: Node[]
  totalCount: number
  pageInfo: { hasNextPage: boolean; endCursor: string | null; hasPreviousPage: boolean; startCursor: string | null }
}

/** The place that the cursor of a request names; undefined without one. Throws `invalid_request` for a cursor of another query. */
export function placeOf(keyring: Keyring, query: string, { after }: PageRequest): string | undefined {
  if (after === undefined) return undefined
  const place = readCursor(keyring, query, after)
  if (place === null) throw invalidField('/after', 'is not a cursor of this query')
  return place
}

/** A page of records of which one more than `first` was asked for. `total` counts all that the query finds. */
export function toPage<Item, Node>(
  { keyring, query, request }: { keyring: Keyring; query: string; request: PageRequest },
  items: readonly Item[],
  total: number,
  place: (item: Item) => string,
  view: (item: Item) => Node,
): Page<Node> {
  const shown = items.slice(0, request.first)
  const cursor = (item: Item | undefined): string | null => (item === undefined ? null : writeCursor(keyring, query, place(item)))
  return {
    nodes: shown.map(view),
    totalCount: total,
    pageInfo: {
      hasNextPage: items.length > request.first,
      endCursor: cursor(shown.at(-1)),
      hasPreviousPage: request.after !== undefined,
      startCursor: cursor(shown[0]),
    },
  }
}

// The shape of every page of a list.
import { z } from 'zod'

/** A page of `node`s with the count of all and the cursors of its ends. */
export function pageSchema<Node extends z.ZodType>(node: Node) {
  return z.object({
    nodes: z.array(node),
    totalCount: z.int(),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      endCursor: z.string().nullable(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string().nullable(),
    }),
  })
}

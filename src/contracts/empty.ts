// The body of requests that need none: it may be left out, and nothing may be in it.
import { z } from 'zod'

export const emptyRequest = z.strictObject({})

// The id in an address.
import { AppError } from '../../errors.ts'
import { readId } from '../../lib/ids.ts'
import type { Call } from '../route.ts'

/** The `{id}` of the address, which must be one of this prefix: any other text is a thing that does not exist. */
export function idIn({ req }: Pick<Call, 'req'>, prefix: string): string {
  const { id } = req.params
  if (typeof id !== 'string' || readId(prefix, id) === null) throw new AppError('not_found')
  return id
}

// The filters of a list of pending operations, as REST and GraphQL take them: the same checks for both.
import { operationStatuses, operationType } from '../contracts/pending-operation.ts'
import type { OperationFilter } from '../domain/pending-operations/list.ts'
import { invalidField } from '../errors.ts'
import { refuseHostileText } from './validate.ts'

const maxRecipientLength = 320
const maxSearchLength = 100

/** The filters among what was given; what is left out filters nothing. Throws `invalid_request` for a value that is none. */
export function readOperationFilter(given: Readonly<Record<string, unknown>>): OperationFilter {
  const { operationType: type, status: wanted } = given
  const parsed = operationType.optional().safeParse(type)
  if (!parsed.success) throw invalidField('/operationType', 'is not a type')
  const status = operationStatuses.find((one) => one === wanted)
  if (wanted !== undefined && !status) throw invalidField('/status', `must be one of ${operationStatuses.join(', ')}`)
  return {
    operationType: parsed.data,
    recipient: textOf(given, 'recipient', maxRecipientLength),
    status,
    q: textOf(given, 'q', maxSearchLength),
  }
}

function textOf(given: Readonly<Record<string, unknown>>, name: string, most: number): string | undefined {
  const value = given[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    throw invalidField(`/${name}`, `must have 1 to ${most} characters`)
  refuseHostileText(value, [name])
  return value
}

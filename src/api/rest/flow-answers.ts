// What the routes of flows share: reading the address, and how a completion is told.
import type { Completion } from '../../contracts/flow.ts'
import { AppError } from '../../errors.ts'
import { readId } from '../../lib/ids.ts'
import type { Call } from '../route.ts'

/** 202 with the address of the submission. */
export function sendCompletion({ res }: Call, completion: Completion): void {
  res.status(202).location(`/v1/flows/submissions/${completion.submissionId}`)
  res.json(completion)
}

/** One part of the address. */
export function pathText({ req }: Call, name: string): string {
  const value = req.params[name]
  return typeof value === 'string' ? value : ''
}

/** An id of this prefix in the address; a text that is none is a thing that does not exist. */
export function pathId(call: Call, name: string, prefix: string): string {
  const id = pathText(call, name)
  if (readId(prefix, id) === null) throw new AppError('not_found')
  return id
}

// Checks a request's body against its contract and names every fault by a JSON pointer (RFC 6901). Values are never quoted.
import type { z } from 'zod'
import { AppError, type FieldFault } from '../errors.ts'
import { faultSentence } from './fault-sentences.ts'

const maxFaults = 32
const maxPointerLength = 256
const maxDepth = 16

/** The parsed value; throws `invalid_request` with a pointer and a sentence for each field at fault, unknown ones included. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.flatMap(toFaults)
  const onePerField = new Map(faults.toReversed().map((fault) => [fault.pointer, fault]))
  throw new AppError('invalid_request', { faults: faults.filter((fault) => onePerField.get(fault.pointer) === fault).slice(0, maxFaults) })
}

/** `/a/b` for a path, with `~` and `/` escaped; the empty pointer is the whole body. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('')
    .slice(0, maxPointerLength)
}

function toFaults(issue: z.core.$ZodIssue): FieldFault[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: toPointer(issue.path), message: faultSentence(issue) }]
  return issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), message: 'is not a known field' }))
}

/**
 * Refuses what no contract allows and some code trips over: nesting deeper than 16, members named `__proto__`, which would be set
 * instead of copied, and text that Postgres and UTF-8 cannot hold. Walks with a list of its own, since such a body aims at the stack.
 */
export function refuseHostileShape(body: unknown): void {
  const open: { value: unknown; path: readonly string[] }[] = [{ value: body, path: [] }]
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value === 'string') refuseHostileText(next.value, next.path)
    if (typeof next.value !== 'object' || next.value === null) continue
    if (next.path.length >= maxDepth) throw fault(next.path, 'is nested too deeply')
    for (const [key, value] of Object.entries(next.value)) {
      refuseHostileText(key, next.path)
      if (key === '__proto__') throw fault([...next.path, key], 'is not a known field')
      if (typeof value === 'string' || (typeof value === 'object' && value !== null)) open.push({ value, path: [...next.path, key] })
    }
  }
}

/** Half a surrogate pair is no character, and U+0000 ends a text in half of the programs there are. The pointer is of the field that holds it. */
export function refuseHostileText(text: string, path: readonly string[]): void {
  if (!text.isWellFormed() || text.includes('\0')) throw fault(path, 'must hold whole Unicode characters and no U+0000')
}

function fault(path: readonly string[], message: string): AppError {
  return new AppError('invalid_request', { faults: [{ pointer: toPointer(path), message }] })
}

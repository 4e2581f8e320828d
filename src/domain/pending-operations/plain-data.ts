// What may be kept as data: plain JSON of bounded size and depth. Callers without an HTTP body come here with any JavaScript value.
import { AppError, invalidField } from '../../errors.ts'
import { maxDepth } from './policy.ts'

export type PlainObject = Record<string, unknown>

const refusedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])
const maxNodes = 50_000

/**
 * The same object, once it is sure to be plain JSON of at most `maxBytes` and 12 levels. Throws `invalid_request` with a pointer for what is not (a cycle
 * shows as depth), `too_large` for its size.
 */
export function requirePlainObject(value: unknown, pointer: string, maxBytes: number): PlainObject {
  if (!isPlainObject(value)) throw invalidField(pointer, 'must be an object')
  refuseUnlikeJson(value, pointer)
  const bytes = Buffer.byteLength(JSON.stringify(value))
  if (bytes > maxBytes) {
    const message = `must have at most ${maxBytes} bytes as JSON`
    throw new AppError('too_large', { detail: `${pointer} ${message}`, faults: [{ pointer, message }] })
  }
  return value
}

/** An object as JSON makes it, not an array and of no class. */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Walks with a list of its own: hostile depth aims at the stack. */
function refuseUnlikeJson(root: PlainObject, pointer: string): void {
  const open: { value: unknown; pointer: string; depth: number }[] = [{ value: root, pointer, depth: 1 }]
  let nodes = 0
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, depth } = next
    if (++nodes > maxNodes) throw invalidField(pointer, `must have at most ${maxNodes} values`)
    if (typeof value === 'string') refuseBrokenText(value, next.pointer)
    if (isScalar(value)) continue
    if (!Array.isArray(value) && !isPlainObject(value)) throw invalidField(next.pointer, 'must be plain JSON')
    if (depth > maxDepth) throw invalidField(pointer, `must not be nested deeper than ${maxDepth} levels, nor within itself`)
    for (const [key, inner] of Object.entries(value)) {
      const at = `${next.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`.slice(0, 256)
      refuseBrokenText(key, next.pointer)
      if (refusedKeys.has(key)) throw invalidField(at, 'is a name that data may not have')
      open.push({ value: inner, pointer: at, depth: depth + 1 })
    }
  }
}

/** Half a surrogate pair has no UTF-8, and what reads the text back would find another one; U+0000 is what Postgres cannot hold. */
function refuseBrokenText(text: string, pointer: string): void {
  if (!text.isWellFormed() || text.includes('\0')) throw invalidField(pointer, 'must hold whole Unicode characters and no U+0000')
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}

// Range requests (RFC 9110, 14): one range, or the whole.
import type { Request } from 'express'

/**
 * The range that is asked of `size` bytes; null for the whole: when none is asked, when it is malformed or several (a server may send all then), or when
 * If-Range names something else than `etag`.
 */
export function readRange(req: Request, size: number, etag: string): { start: number; end: number } | 'unsatisfiable' | null {
  const { range } = req.headers
  const condition = req.headers['if-range']
  if (range === undefined || (condition !== undefined && condition !== etag)) return null
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.replaceAll(' ', '')) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return null
  if (first === '') return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size - 1 }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  if (last !== '' && Number(last) < start) return null
  return start >= size ? 'unsatisfiable' : { start, end }
}

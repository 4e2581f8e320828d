// Lifetimes as clients write them: whole seconds, or a number with its unit.
import { z } from 'zod'

const unitSeconds = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** `1800`, `"1800"`, `"90s"`, `"30m"`, `"24h"`, `"7d"` as whole seconds, from 1 up to `mostSeconds`. */
export function expiresIn(mostSeconds: number) {
  return z
    .union([z.int(), z.string().regex(/^\d{1,9}[smhd]?$/, 'must be seconds or a number with s, m, h or d')])
    .transform(toSeconds)
    .refine((seconds) => seconds >= 1 && seconds <= mostSeconds, `must be from 1 to ${mostSeconds} seconds`)
}

function toSeconds(value: number | string): number {
  if (typeof value === 'number') return value
  const unit = value.at(-1)
  return Number.parseInt(value, 10) * (unit === 's' || unit === 'm' || unit === 'h' || unit === 'd' ? unitSeconds[unit] : 1)
}

// When a delivery is tried again: ten tries over about three days, as the specification proposes. Pure.
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'

/** The waits after the first, second, … failed try. */
export const waitsMs = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const

export const mostTries = waitsMs.length + 1
/** Up to a fifth more, so that what failed together does not come back together. */
const jitter = 0.2
const mostRetryAfterMs = DAY_MS

/** How long to wait after try number `tries` (1 is the first) failed; null when that was the last. A Retry-After is never undercut, up to a day. */
export function waitAfter(tries: number, retryAfter: string | undefined, nowMs: number, random: () => number = Math.random): number | null {
  const wait = waitsMs[tries - 1]
  if (wait === undefined) return null
  return Math.round(Math.max(wait, retryAfterMs(retryAfter, nowMs)) * (1 + jitter * random()))
}

/** Seconds or an HTTP date; 0 for anything else. */
function retryAfterMs(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0
  const ms = /^\d{1,9}$/.test(text.trim()) ? Number(text) * SECOND_MS : Date.parse(text) - nowMs
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), mostRetryAfterMs) : 0
}

// How long to wait before the next try.

/** `firstMs` doubles with each try up to `maxMs`; the wait is drawn evenly below that (full jitter). */
export type Backoff = { firstMs: number; maxMs: number }

/**
 * Milliseconds to wait after try number `tries` (1 is the first). A vendor's Retry-After (`atLeastMs`) is never undercut; the jitter is
 * then added on top, so that many callers told the same moment do not come back together.
 */
export function backoffMs(backoff: Backoff, tries: number, atLeastMs = 0, random: () => number = Math.random): number {
  const ceilingMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(tries - 1, 30))
  return Math.round(atLeastMs + random() * ceilingMs)
}

// The rules of pending operations as data: lifetimes by type, sizes, and how a duration is written (contract §3).
import { invalidField } from '../../errors.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'

export const maxLifetimeMs = 30 * DAY_MS
export const expiringSoonMs = 5 * MINUTE_MS

/** Bytes of JSON in UTF-8. */
export const maxDataBytes = 64 * 1_024
export const maxMetadataBytes = 4 * 1_024
/** Objects and arrays within each other, the outermost counted. */
export const maxDepth = 12

/** How many records a search or a filtered count looks at. */
export const mostExamined = 10_000

const lifetimesMs: Readonly<Record<string, number>> = {
  registration: DAY_MS,
  password_reset: 30 * MINUTE_MS,
  otp_verification: 10 * MINUTE_MS,
  campaign: HOUR_MS,
  form: 30 * MINUTE_MS,
  approval: 7 * DAY_MS,
}

const unitsMs: Readonly<Record<string, number>> = { s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/** How long an operation lives: as asked, else by its type. Throws `invalid_request` for a text that is no duration, and for more than 30 days. */
export function lifetimeMs(operationType: string, expiresIn: number | string | undefined): number {
  if (expiresIn === undefined) return Object.hasOwn(lifetimesMs, operationType) ? (lifetimesMs[operationType] ?? HOUR_MS) : HOUR_MS
  const ms = typeof expiresIn === 'number' ? expiresIn * SECOND_MS : writtenMs(expiresIn)
  if (!Number.isSafeInteger(ms) || ms < SECOND_MS || ms > maxLifetimeMs || ms % SECOND_MS !== 0) {
    throw invalidField('/expiresIn', 'must be from one second to 30 days, in whole seconds or as "90s", "30m", "24h", "7d"')
  }
  return ms
}

function writtenMs(text: string): number {
  const [, amount, unit = ''] = /^([1-9]\d{0,7})([smhd])$/.exec(text) ?? []
  return Number(amount) * (unitsMs[unit] ?? Number.NaN)
}

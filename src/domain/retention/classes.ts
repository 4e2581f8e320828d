// For how long things are kept: classes as data. Which of them a subject has is retention.ts', what happens at the end purge.ts'.
import { DAY_MS } from '../../lib/durations.ts'

/**
 * `keep`: calendar years or days from the start; null is for good. `minimumDays`: what policy asks of a subject of this class at least, whatever day its years
 * began on; null where only for good is enough.
 */
export type RetentionClass = { keep: { years: number } | { days: number } | null; minimumDays: number | null; description: string }

/**
 * Standard is what envelopes get that name none. Extended: the draft Accreditation Regulations (General Notice 836, Gazette 8540 of 2024-12-20) ask providers
 * to keep their records for seven years. The other lengths are ours.
 */
export const retentionClasses = {
  transient: { keep: { days: 30 }, minimumDays: 30, description: 'thirty days: drafts and trials' },
  standard: { keep: { years: 5 }, minimumDays: 5 * 365, description: 'five years: what nobody asked to be kept for longer' },
  extended: { keep: { years: 7 }, minimumDays: 7 * 365, description: 'seven years: as the regulations ask of providers' },
  long: { keep: { years: 10 }, minimumDays: 10 * 365, description: 'ten years: contracts that outlive their file' },
  permanent: { keep: null, minimumDays: null, description: 'for good' },
} as const satisfies Record<string, RetentionClass>

export type RetentionClassName = keyof typeof retentionClasses

export const defaultRetentionClass: RetentionClassName = 'standard'

export function isRetentionClass(name: string): name is RetentionClassName {
  return Object.hasOwn(retentionClasses, name)
}

/**
 * When the time of a class that begins at `startMs` is over, in milliseconds; null for good. Years are those of the calendar (UTC): 29 February ends on 1
 * March.
 */
export function retentionEnd(name: RetentionClassName, startMs: number): number | null {
  const { keep }: RetentionClass = retentionClasses[name]
  if (keep === null) return null
  if ('days' in keep) return startMs + keep.days * DAY_MS
  const end = new Date(startMs)
  end.setUTCFullYear(end.getUTCFullYear() + keep.years)
  return end.getTime()
}

/** The earliest end that policy allows a subject of this class; null when it has to be kept for good. */
export function minimumEnd(name: RetentionClassName, startMs: number): number | null {
  const { minimumDays }: RetentionClass = retentionClasses[name]
  return minimumDays === null ? null : startMs + minimumDays * DAY_MS
}

// The numbers of running checks. What the law asks is data of the rule set, not here.
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'

/** A store that is away is waited for this long after a check is due; then what lies there counts as out of reach. */
export const storePatienceMs = 5 * MINUTE_MS
/** Whatever else stands in the way is waited for this long; then the check ends without an answer to any rule. */
export const patienceMs = 24 * HOUR_MS
/** How soon a check looks again for what is on its way (trail, first sweep). */
export const lookAgainMs = 2 * SECOND_MS
/** A file that brings its examiner down so often is not examined again for an hour. */
export const killsBelieved = 2
/** A crash may have been the machine's: it is believed of the same bytes for this long. */
export const killKeptMs = HOUR_MS
/** The trail takes events within seconds: what has no entry, while what happened this much later has one, was taken out. */
export const overtakenMs = 10 * MINUTE_MS
/** The audit trail is followed over so many entries at most. */
export const mostTrailEntries = 500_000
/** Checkpoints that are compared, newest first. */
export const mostCheckpoints = 5_000
/** A signature cannot have been made later than it was received; clocks may differ by this. */
export const clockToleranceMs = 5 * MINUTE_MS
/** What was examined is remembered for so long; after that the same bytes are examined anew. */
export const examinationsKeptMs = 90 * DAY_MS

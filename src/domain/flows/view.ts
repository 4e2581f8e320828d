// What every view of a draft shares.
import type { OpenDraft } from './drafts.ts'
import type { StepData } from './flow.ts'

export function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** Left out while there is nothing in it, as almost always. */
export function unplacedOf({ draft }: OpenDraft): { unplaced?: Record<string, Record<string, unknown>> } {
  return Object.keys(draft.unplaced).length === 0 ? {} : { unplaced: plain(draft.unplaced) }
}

/** A copy that the answer may own. */
export function plain(steps: StepData): Record<string, Record<string, unknown>> {
  return Object.fromEntries(Object.entries(steps).map(([step, data]) => [step, { ...data }]))
}

/** Whether the flow's resume window, counted from the last save, is still open. */
export function isResumable({ record, flow }: OpenDraft, nowMs: number): boolean {
  return nowMs < record.updatedAtMs + (flow.resumeWindow ?? flow.lifetime) * 1_000
}

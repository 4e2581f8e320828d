// What is counted of flows, and under which names. The counts go up in the same step as the change that they count.
import type { Count } from '../state-ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Draft } from './draft.ts'
import { stepOf, validSteps, type Flow } from './flow.ts'

/** Upper bounds of the buckets of step times, in seconds; the last one is open. */
export const timeBuckets = [1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 90, 120, 180, 300, 450, 600, 900, 1_800, 3_600, 7_200] as const

/** The counter of a flow, over all its versions; its fields name steps by their id, which outlives their number. */
export function counterOf(flow: Pick<Flow, 'id'>): string {
  return `flow:${flow.id}`
}

export function countOf(flow: Flow, what: 'started' | 'completed' | 'discarded'): Count {
  return [counterOf(flow), what]
}

/** What to count should the draft expire while this step is the current one. */
export function abandonedAt(flow: Flow, step: number): Count[] {
  return [
    [counterOf(flow), 'abandoned'],
    [counterOf(flow), `abandoned:${stepOf(flow, step).id}`],
  ]
}

/**
 * The draft with its books brought up to date after a save, and what there is to count: the current step begun, and every step that is valid for the
 * first time. `isNew` drafts have no time to tell: nobody knows when the first step was begun.
 */
export function countProgress(flow: Flow, draft: Draft, step: number, nowMs: number, isNew: boolean): { draft: Draft; counts: Count[] } {
  const name = counterOf(flow)
  const current = stepOf(flow, step).id
  const valid = validSteps(flow, draft.steps).map((number) => stepOf(flow, number).id)
  const done = valid.filter((id) => !draft.completed.includes(id))
  const begun = [...new Set([...done, current])].filter((id) => !draft.begun.includes(id))
  const [timed] = isNew || done.length !== 1 ? [] : done
  const counts: Count[] = [
    ...begun.map((id): Count => [name, `started:${id}`]),
    ...done.map((id): Count => [name, `completed:${id}`]),
    ...(timed === undefined ? [] : [[name, `time:${timed}:${bucketOf(nowMs - draft.stepSinceMs)}`] as const]),
  ]
  const stepSinceMs = done.length > 0 || begun.length > 0 ? nowMs : draft.stepSinceMs
  return { draft: { ...draft, begun: [...draft.begun, ...begun], completed: [...draft.completed, ...done], stepSinceMs }, counts }
}

function bucketOf(durationMs: number): number {
  const at = timeBuckets.findIndex((bound) => durationMs <= bound * SECOND_MS)
  return at === -1 ? timeBuckets.length : at
}

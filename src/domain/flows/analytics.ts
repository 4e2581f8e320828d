// Reads what was counted of flows: how many began, came through or stopped at which step, and how long a step takes.
import type { FlowAnalytics } from '../../contracts/flow.ts'
import { flowKinds, type FlowStep } from '../../contracts/flow-definition.ts'
import { AppError } from '../../errors.ts'
import { counterOf, timeBuckets } from './counters.ts'
import type { FlowDeps } from './deps.ts'
import type { Flow } from './flow.ts'

type AnalyticsDeps = Pick<FlowDeps, 'states' | 'catalogue'>
type Counts = ReadonlyMap<string, number>

/** How long steps take. */
export type StepTimes = { secondsOf(step: FlowStep): number }

/** With fewer than this, the time that the definition expects is the better guess. */
const leastSamples = 5

/** The median of what was measured of each step, else what its definition expects. */
export async function readStepTimes({ states }: Pick<FlowDeps, 'states'>, flow: Flow): Promise<StepTimes> {
  const counts = await states.counted(counterOf(flow))
  return { secondsOf: (step) => medianOf(counts, step.id, leastSamples) ?? step.expectedSeconds }
}

/** The numbers of every flow, in all its versions. */
export async function readAllAnalytics(deps: AnalyticsDeps): Promise<FlowAnalytics[]> {
  return Promise.all(flowKinds.flatMap((kind) => deps.catalogue.list(kind)).map((flow) => analyticsOf(deps, flow)))
}

/** The numbers of one flow. Throws `not_found`. */
export async function readAnalytics(deps: AnalyticsDeps, definition: string): Promise<FlowAnalytics> {
  const flow = flowKinds.map((kind) => deps.catalogue.newest(kind, definition)).find((found) => found !== null)
  if (!flow) throw new AppError('not_found', { detail: 'There is no such flow.' })
  return analyticsOf(deps, flow)
}

async function analyticsOf({ states }: AnalyticsDeps, flow: Flow): Promise<FlowAnalytics> {
  const counts = await states.counted(counterOf(flow))
  const count = (field: string): number => counts.get(field) ?? 0
  return {
    definition: flow.id,
    kind: flow.kind,
    title: flow.title,
    version: flow.version,
    started: count('started'),
    completed: count('completed'),
    abandoned: count('abandoned'),
    discarded: count('discarded'),
    steps: flow.steps.map(({ id, title }, at) => ({
      step: at + 1,
      id,
      title,
      started: count(`started:${id}`),
      completed: count(`completed:${id}`),
      abandoned: count(`abandoned:${id}`),
      medianSeconds: medianOf(counts, id, 1),
    })),
  }
}

/** The median, in seconds, as exact as its bucket is narrow: the place within the bucket is interpolated. Null with too few samples. */
function medianOf(counts: Counts, stepId: string, least: number): number | null {
  const samples = [...timeBuckets, Infinity].map((_, at) => counts.get(`time:${stepId}:${at}`) ?? 0)
  const total = samples.reduce((sum, count) => sum + count, 0)
  if (total < least) return null
  let before = 0
  for (const [at, count] of samples.entries()) {
    if (before + count < total / 2) {
      before += count
      continue
    }
    const low = timeBuckets[at - 1] ?? 0
    const high = timeBuckets[at] ?? low
    return Math.round((low + ((total / 2 - before) / count) * (high - low)) * 10) / 10
  }
  return null
}

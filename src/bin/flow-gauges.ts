// What Prometheus sees of flows: the same numbers that the analytics call answers with.
import { readAllAnalytics } from '../domain/flows/analytics.ts'
import type { FlowDeps } from '../domain/flows/deps.ts'
import type { ProcessTelemetry, Sample } from '../telemetry.ts'

const outcomes = ['started', 'completed', 'abandoned', 'discarded'] as const
const stepOutcomes = ['started', 'completed', 'abandoned'] as const

/** Gauges over what Redis has counted; every API process tells the same. */
export function registerFlowGauges(telemetry: ProcessTelemetry, deps: Pick<FlowDeps, 'states' | 'catalogue'>): void {
  telemetry.registerGauge({
    name: 'flow_drafts',
    help: 'Drafts since the first one, by flow and what became of them.',
    labels: ['flow', 'outcome'],
    measure: async () =>
      (await readAllAnalytics(deps)).flatMap((flow) =>
        outcomes.map((outcome): Sample => ({ labels: { flow: flow.definition, outcome }, value: flow[outcome] })),
      ),
  })
  telemetry.registerGauge({
    name: 'flow_steps',
    help: 'Steps since the first one, by flow, step and what became of them.',
    labels: ['flow', 'step', 'outcome'],
    measure: async () =>
      (await readAllAnalytics(deps)).flatMap(({ definition, steps }) =>
        steps.flatMap((step) =>
          stepOutcomes.map((outcome): Sample => ({ labels: { flow: definition, step: step.id, outcome }, value: step[outcome] })),
        ),
      ),
  })
  telemetry.registerGauge({
    name: 'flow_step_median_seconds',
    help: 'Median time that a step takes, by flow and step.',
    labels: ['flow', 'step'],
    measure: async () =>
      (await readAllAnalytics(deps)).flatMap(({ definition, steps }) =>
        steps.flatMap(({ id, medianSeconds }): Sample[] =>
          medianSeconds === null ? [] : [{ labels: { flow: definition, step: id }, value: medianSeconds }],
        ),
      ),
  })
}

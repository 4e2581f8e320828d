// How well the store of temporary state serves, as metrics: what it holds, and the rates whose goals are in docs/pending-operations.md.
import { kind } from '../domain/pending-operations/operation.ts'
import type { StateNumbers, StateStatistics } from '../domain/state-ports.ts'
import type { Clock } from '../lib/clock.ts'
import type { ProcessTelemetry } from '../telemetry.ts'

/** Measured on each scrape, of the last 24 hours; a rate of nothing is left out. */
export function registerStateGauges(telemetry: Pick<ProcessTelemetry, 'registerGauge'>, statistics: StateStatistics, clock: Clock): void {
  const read = (): Promise<StateNumbers> => statistics.read(kind, clock.nowMs())
  telemetry.registerGauge({
    name: 'state_records',
    help: 'Pending operations in Redis, by status.',
    labels: ['kind', 'status'],
    measure: async () => {
      const { total, active, expiringSoon } = await read()
      const counts = { active: active - expiringSoon, expiring_soon: expiringSoon, consumed: total - active }
      return Object.entries(counts).map(([status, value]) => ({ labels: { kind, status }, value: Math.max(0, value) }))
    },
  })
  telemetry.registerGauge({
    name: 'state_hit_ratio',
    help: 'Of what was asked for by id or token, the share that was there. Goal: over 0.9.',
    labels: ['kind'],
    measure: async () => {
      const { found, missing } = await read()
      return found + missing === 0 ? [] : [{ labels: { kind }, value: found / (found + missing) }]
    },
  })
  telemetry.registerGauge({
    name: 'state_error_ratio',
    help: 'Of all that was asked of the store, the share that failed. Goal: under 0.001.',
    labels: ['kind'],
    measure: async () => {
      const { found, missing, failed } = await read()
      const asked = found + missing + failed
      return asked === 0 ? [] : [{ labels: { kind }, value: failed / asked }]
    },
  })
}

// What /metrics says of the queues and of Redis, measured when somebody looks.
import { SECOND_MS } from '../lib/durations.ts'
import type { QueueDepth } from '../queues/bullmq.ts'
import type { RedisState } from '../stores/redis/fitness-gate.ts'
import type { ProcessTelemetry } from '../telemetry.ts'

export function registerQueueGauges(
  telemetry: Pick<ProcessTelemetry, 'registerGauge'>,
  sources: { depths: () => Promise<QueueDepth[]>; redis: () => RedisState },
): void {
  telemetry.registerGauge({
    name: 'queue_jobs',
    help: 'Jobs, by queue, partition and state.',
    labels: ['queue', 'partition', 'state'],
    measure: async () =>
      (await sources.depths()).flatMap(({ queue, partition, counts }) =>
        Object.entries(counts).map(([state, value]) => ({ labels: { queue, partition: String(partition), state }, value })),
      ),
  })
  telemetry.registerGauge({
    name: 'queue_oldest_waiting_seconds',
    help: 'How long the job that has waited longest has waited, by queue and partition.',
    labels: ['queue', 'partition'],
    measure: async () =>
      (await sources.depths()).map(({ queue, partition, oldestWaitingMs }) => ({
        labels: { queue, partition: String(partition) },
        value: oldestWaitingMs / SECOND_MS,
      })),
  })
  const ofRedis = (name: string, help: string, value: (state: RedisState) => number | undefined) =>
    telemetry.registerGauge({
      name,
      help,
      measure: () => {
        const measured = value(sources.redis())
        return measured === undefined ? [] : [{ value: measured }]
      },
    })
  ofRedis('redis_up', 'Whether Redis answers and is fit.', (state) => (state.kind === 'fit' ? 1 : 0))
  ofRedis('redis_memory_bytes', 'Memory that Redis uses.', (state) => (state.kind === 'fit' ? state.facts.usedBytes : undefined))
  ofRedis('redis_connections', 'Clients connected to Redis.', (state) => (state.kind === 'fit' ? state.facts.clients : undefined))
  ofRedis('redis_clock_skew_seconds', 'How far the clocks are apart, at least.', (state) =>
    state.kind === 'fit' ? state.facts.skewMs / SECOND_MS : undefined,
  )
}

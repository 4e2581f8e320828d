// The loops of a worker that carry events on: both drains, the outbox, the deliveries that are owed, the checkpoints; and what they measure.
import type { Config } from '../config.ts'
import { drainNames, type StreamEvent, type WebhookStore } from '../domain/event-ports.ts'
import type { UpkeepStore } from '../domain/ports.ts'
import { deliveryId, wants } from '../domain/webhooks/plan.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { SECOND_MS } from '../lib/durations.ts'
import type { Log } from '../log.ts'
import type { JobProducer } from '../queues/bullmq.ts'
import { createOutboxStore } from '../stores/postgres/events.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import { createEventStreams } from '../stores/redis/event-drain.ts'
import type { ScriptRunner } from '../stores/redis/run-script.ts'
import type { ProcessTelemetry } from '../telemetry.ts'
import { startAuditCheckpoints } from '../workers/loops/audit-checkpoints.ts'
import { startEventDrain, startOutbox } from '../workers/loops/event-drain.ts'
import type { Loop } from '../workers/loops/every.ts'
import { startWebhooksOwed } from '../workers/loops/webhooks-owed.ts'
import { auditFolder, createAuditParts, createSinks } from './event-parts.ts'

export type EventLoopOptions = {
  config: Config
  pool: Pool
  upkeepRunner: ScriptRunner
  upkeep: UpkeepStore
  producer: JobProducer
  webhooks: WebhookStore
  telemetry: ProcessTelemetry
  log: Log
  owner: string
}

/** Starts them all; close each to stop. */
export async function startEventLoops({
  config,
  pool,
  upkeepRunner,
  upkeep,
  producer,
  webhooks,
  telemetry,
  log,
  owner,
}: EventLoopOptions): Promise<Loop[]> {
  const partitions = config.QUEUE_PARTITIONS
  const streams = createEventStreams(upkeepRunner)
  const sinks = createSinks(pool, config.MASTER_KEYS)
  const folder = auditFolder(config)
  if (folder === null) log.warn('AUDIT_DIR is missing: no audit checkpoints are kept, and a cut tail of the trail cannot be told')
  const parts = await createAuditParts(pool, folder, config.PROOF_KEY)
  let broken = 0
  telemetry.registerGauge({
    name: 'audit_broken',
    help: 'Whether the last look at the new part of the audit trail found it broken.',
    measure: () => [{ value: broken }],
  })
  telemetry.registerGauge({
    name: 'event_drain_lag_seconds',
    help: 'The age of the oldest event that a drain has not stored, by drain.',
    labels: ['drain'],
    measure: () =>
      Promise.all(
        drainNames.map(async (drain) => {
          const lags = await Promise.all(
            Array.from({ length: partitions }, (_, partition) => streams.lagMs(partition, drain, clock.nowMs())),
          )
          return { labels: { drain }, value: Math.max(0, ...lags) / SECOND_MS }
        }),
      ),
  })
  return [
    startEventDrain({ name: 'audit', streams, sink: sinks.audit, partitions, log }),
    startEventDrain({
      name: 'webhooks',
      streams,
      sink: sinks.webhooks,
      partitions,
      log,
      onStored: (events) => queueFirstTries(events, webhooks, producer),
    }),
    startOutbox({ outbox: createOutboxStore(pool), streams, log }),
    startWebhooksOwed({ webhooks, jobs: producer, clock, log }),
    ...(folder === null ? [] : [startAuditCheckpoints({ ...parts, clock, upkeep, owner, log, onBroken: () => (broken = 1) })]),
  ]
}

/** So that a first try need not wait for the loop over what is owed; a job too many finds nothing to do. */
async function queueFirstTries(events: readonly StreamEvent[], webhooks: WebhookStore, producer: JobProducer): Promise<void> {
  const { endpoints } = await webhooks.list(undefined, 1_000)
  const enabled = endpoints.filter(({ disabledReason }) => disabledReason === null)
  const pairs = events.flatMap(({ id, type }) =>
    enabled.filter((endpoint) => wants(endpoint.events, type)).map((endpoint) => deliveryId(id, endpoint.id)),
  )
  await Promise.all(pairs.map((id) => producer.add({ name: 'webhook.deliver', payload: { deliveryId: id, attempt: 1 } }).catch(() => {})))
}

// A worker process: settings → parts → consumer and the loops beside it; stops taking jobs, finishes or gives back what runs, closes.
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createMetricsApp } from '../api/app.ts'
import { endUploadsOfSession } from '../domain/uploads/session-files.ts'
import { systemClock } from '../lib/clock.ts'
import { SECOND_MS } from '../lib/durations.ts'
import { projectRoot } from '../lib/run-file.ts'
import { createLog } from '../log.ts'
import { createInspector } from '../providers/inspector.ts'
import { createSmtpMail } from '../providers/mail/smtp.ts'
import { createClamdScanner, createNoScanner } from '../providers/scanner/clamd.ts'
import { createTwilioSms } from '../providers/sms/twilio.ts'
import { createSniffer } from '../providers/sniffer.ts'
import { createTemplates } from '../providers/templates.ts'
import { JobProducer } from '../queues/bullmq.ts'
import type { QueueName } from '../queues/define.ts'
import { queueNames } from '../queues/registry.ts'
import { createPool } from '../stores/postgres/pool.ts'
import { createSessionUuidBook } from '../stores/postgres/user-sessions.ts'
import { createSubmissionStore } from '../stores/postgres/submissions.ts'
import { createDocumentResults } from '../stores/postgres/document-results.ts'
import { createDocumentRows } from '../stores/postgres/documents.ts'
import { createStoredUploads } from '../stores/postgres/uploads.ts'
import { closeRedis, openRedis } from '../stores/redis/connections.ts'
import { createEventLog } from '../stores/redis/event-log.ts'
import { EventTail } from '../stores/redis/event-tail.ts'
import { lookAtRedis } from '../stores/redis/fitness-gate.ts'
import { partitionTag } from '../stores/redis/keys.ts'
import { createSessionUuidStore } from '../stores/redis/session-uuids.ts'
import { createSessionStore } from '../stores/redis/sessions.ts'
import { ScriptRunner } from '../stores/redis/run-script.ts'
import { RedisStateStore } from '../stores/redis/states.ts'
import { createUpkeepStore } from '../stores/redis/upkeep.ts'
import { createDocumentStore } from '../stores/redis/documents.ts'
import { createUploadStore } from '../stores/redis/uploads.ts'
import { RedisVerificationStore } from '../stores/redis/verifications.ts'
import { createWorkerMetricsStore } from '../stores/redis/worker-metrics.ts'
import { createTelemetry } from '../telemetry.ts'
import { every } from '../workers/loops/every.ts'
import { startHandOver } from '../workers/loops/hand-over.ts'
import { startOwed } from '../workers/loops/owed.ts'
import { startReconciler } from '../workers/loops/reconciler.ts'
import { startScheduler } from '../workers/loops/scheduler.ts'
import { startWatchdog } from '../workers/loops/watchdog.ts'
import { processors } from '../workers/processors.ts'
import { Consumer } from '../workers/run.ts'
import { createWebhookParts } from './event-parts.ts'
import { startEventLoops } from './event-loops.ts'
import { disabledMail, disabledSms } from './disabled-channels.ts'
import { policyOf } from './parts.ts'
import { onceEach, requireConfig, stopWhenAsked } from './process.ts'
import { documentParts } from './document-parts.ts'
import { noticeParts, startNoticesOwed } from './notice-parts.ts'
import { complianceParts, startChecksOwed } from './compliance-parts.ts'
import { createEnvelopes } from './envelope-parts.ts'
import { retentionParts } from './retention-parts.ts'
import { sealParts } from './seal-parts.ts'
import { requireSealingKey } from './sealing-key.ts'
import { openBlobs, uploadKeeping } from './upload-parts.ts'

process.title = 'sallyport-worker'
const config = requireConfig()
const log = createLog('worker', config.LOG_LEVEL)
const sealingKey = requireSealingKey(config, log)
const clock = systemClock
const partitions = config.QUEUE_PARTITIONS
const name = `worker-${process.pid}`
/** The longest send takes ten seconds. */
const graceMs = 12 * SECOND_MS

const queues = (config.WORKER_QUEUES ?? queueNames).map((queue): QueueName => {
  const known = queueNames.find((candidate) => candidate === queue)
  if (known) return known
  console.error(`WORKER_QUEUES: there is no queue "${queue}"; there are ${queueNames.join(', ')}`)
  return process.exit(78)
})

// BullMQ's own connection and ours are patient; what must not block behind a blocking read has a connection of its own.
const jobConnection = openRedis(config.REDIS_URL, 'patient', name, onceEach(log, 'redis'))
const redis = openRedis(config.REDIS_URL, 'patient', `${name}-state`, onceEach(log, 'redis'))
const upkeepRedis = openRedis(config.REDIS_URL, 'impatient', `${name}-upkeep`, onceEach(log, 'redis'))
const runner = new ScriptRunner(redis, Infinity)
const upkeepRunner = new ScriptRunner(upkeepRedis, 2 * SECOND_MS)
const producer = new JobProducer(upkeepRedis, partitions, partitionTag)
const telemetry = createTelemetry({ name })
const mail =
  config.SMTP_URL && config.MAIL_FROM !== undefined ? createSmtpMail({ url: config.SMTP_URL, from: config.MAIL_FROM }) : disabledMail
const sms =
  config.TWILIO_ACCOUNT_SID !== undefined && config.TWILIO_AUTH_TOKEN
    ? createTwilioSms({
        accountSid: config.TWILIO_ACCOUNT_SID,
        authToken: config.TWILIO_AUTH_TOKEN,
        ...(config.TWILIO_PHONE_NUMBER === undefined ? {} : { from: config.TWILIO_PHONE_NUMBER }),
        ...(config.TWILIO_MESSAGING_SERVICE_SID === undefined ? {} : { messagingServiceSid: config.TWILIO_MESSAGING_SERVICE_SID }),
        ...(config.TWILIO_BASE_URL === undefined ? {} : { baseUrl: config.TWILIO_BASE_URL }),
      })
    : disabledSms

const first = await lookAtRedis(upkeepRedis, config.ALLOW_UNSAFE)
if (first.kind === 'unfit') {
  for (const fault of first.faults) console.error(`Redis is not fit: ${fault.sentence} (ALLOW_UNSAFE=${fault.check} waives this)`)
  process.exit(78)
}

const pool = createPool(config.DATABASE_URL, onceEach(log, 'postgres'), 4)
const submissions = createSubmissionStore(pool)
const blobs = openBlobs(config)
const uploads = createUploadStore(runner, { partitions, keeping: uploadKeeping })
const inspector = createInspector()
const envelopes = createEnvelopes(pool, config.MASTER_KEYS)
// Drains hold a connection while they read from Redis, and a burst of deliveries takes many: neither keeps the other parts waiting.
const eventPool = createPool(config.DATABASE_URL, onceEach(log, 'postgres (events)'), 8)
const { refuseUrl: _refuseUrl, ...webhookParts } = createWebhookParts(eventPool, config)

const consumer = new Consumer({
  connection: jobConnection,
  queues,
  partitions,
  prefixOf: partitionTag,
  concurrency: config.WORKER_CONCURRENCY,
  name,
  processors,
  telemetry,
  log,
  deps: {
    clock,
    telemetry,
    keyring: config.MASTER_KEYS,
    policy: policyOf(config),
    verifications: new RedisVerificationStore(runner, new EventTail(() => redis, 0), { partitions, isReplicated: false }),
    sms,
    mail,
    templates: createTemplates(join(projectRoot, 'templates')),
    states: new RedisStateStore(runner, partitions),
    submissions,
    events: createEventLog(runner),
    meters: telemetry,
    sessionStore: createSessionStore(runner, partitions),
    sessionUuids: createSessionUuidStore(runner, partitions),
    sessionUuidBook: createSessionUuidBook(pool),
    sessionFiles: {
      removeAbandoned: (uuid) => endUploadsOfSession({ clock, keyring: config.MASTER_KEYS, uploads, blobs }, uuid, partitions),
    },
    sessionTelemetry: telemetry,
    ...webhookParts,
    uploads,
    storedUploads: createStoredUploads(pool),
    blobs,
    sniffer: createSniffer(inspector),
    envelopes,
    documents: createDocumentStore(runner),
    documentRows: createDocumentRows(pool),
    documentResults: createDocumentResults(pool),
    enqueue: (job, delayMs) => producer.add(job, delayMs),
    ...documentParts(config, blobs, inspector),
    sealingKey,
    ...sealParts(inspector),
    ...noticeParts(pool, config),
    ...(await complianceParts(pool, config, inspector)),
    ...retentionParts(pool, log, telemetry),
    scanner:
      config.CLAMD_URL === undefined ? createNoScanner() : createClamdScanner({ url: config.CLAMD_URL, maxBytes: config.CLAMD_MAX_BYTES }),
    isUnscannedAllowed: config.ALLOW_UNSCANNED,
    uploadMeters: telemetry,
  },
})

const workerMetrics = createWorkerMetricsStore(upkeepRunner)
const upkeep = createUpkeepStore(upkeepRunner)
const loops = [
  startReconciler({
    upkeep,
    uploads: createUploadStore(upkeepRunner, { partitions, keeping: uploadKeeping }),
    documents: createDocumentStore(upkeepRunner),
    jobs: producer,
    clock,
    telemetry,
    log,
    partitions,
    owner: name,
  }),
  startHandOver({
    upkeep,
    jobs: producer,
    clock,
    telemetry,
    log,
    owner: name,
    states: new RedisStateStore(upkeepRunner, partitions),
    submissions,
  }),
  ...(await startEventLoops({
    config,
    pool: eventPool,
    upkeepRunner,
    upkeep,
    producer,
    webhooks: webhookParts.webhooks,
    telemetry,
    log,
    owner: name,
  })),
  startOwed('envelopes', { owed: (limit, nowMs, againMs) => envelopes.owed(limit, nowMs, againMs), jobs: producer, clock, log }),
  startNoticesOwed(pool, producer, log),
  startChecksOwed(pool, producer, log),
  startScheduler({ add: (job) => producer.add(job), clock, log, partitions }),
  startWatchdog({
    oldestWaitingMs: async () => {
      const depths = await producer.depths()
      return Math.max(0, ...depths.filter(({ queue }) => queues.includes(queue)).map(({ oldestWaitingMs }) => oldestWaitingMs))
    },
    consumer,
    onStuck: () => process.exit(70),
    log,
  }),
  every(
    5 * SECOND_MS,
    async () => workerMetrics.publish(name, await telemetry.snapshot(), clock.nowMs()),
    () => {},
  ),
]

async function readiness() {
  const state = await lookAtRedis(upkeepRedis, config.ALLOW_UNSAFE)
  return { ready: state.kind === 'fit', parts: { redis: { ready: state.kind === 'fit', detail: state.kind } } }
}

const server = createServer(createMetricsApp({ metrics: () => telemetry.metrics(), readiness, log }))
if (config.WORKER_METRICS_PORT !== undefined) server.listen(config.WORKER_METRICS_PORT)

stopWhenAsked(log, async () => {
  await Promise.all([consumer.close(graceMs), ...loops.map((loop) => loop.close())])
  server.close()
  mail.close()
  await producer.close()
  for (const connection of [jobConnection, redis, upkeepRedis]) closeRedis(connection)
  await Promise.all([pool.end(), eventPool.end()])
})
log.info({ queues }, 'taking jobs')
process.send?.({ ready: true })

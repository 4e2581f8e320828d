// The API process: settings → parts → app → listen; stops taking requests, finishes those under way, closes its connections.
import type { Server } from 'node:http'
import { join } from 'node:path'
import { keyPatienceMs, rememberKeys } from '../api/api-key-cache.ts'
import { createApp, createMetricsApp } from '../api/app.ts'
import type { ApiDeps } from '../api/deps.ts'
import { createHttpServer } from '../api/http-server.ts'
import type { ReadinessReport } from '../contracts/health.ts'
import { systemClock } from '../lib/clock.ts'
import { projectRoot } from '../lib/run-file.ts'
import { createLog } from '../log.ts'
import { createConsoleSessions } from '../providers/tokens/console-session.ts'
import { createJwtVerifier } from '../providers/tokens/jwt-verifier.ts'
import { createProofSigner } from '../providers/tokens/proof-signer.ts'
import { fetchThrough } from '../providers/tokens/shared-key-set.ts'
import { createStateTokens } from '../providers/tokens/state-tokens.ts'
import { createSignerTexts } from '../providers/signer-texts.ts'
import { JobProducer } from '../queues/bullmq.ts'
import { queueNames } from '../queues/registry.ts'
import { createApiKeyStore } from '../stores/postgres/api-keys.ts'
import { pendingMigrations } from '../stores/postgres/migrate.ts'
import { createPool } from '../stores/postgres/pool.ts'
import { createSubmissionStore } from '../stores/postgres/submissions.ts'
import { createDocumentResults } from '../stores/postgres/document-results.ts'
import { createDocumentRows } from '../stores/postgres/documents.ts'
import { createStoredUploads } from '../stores/postgres/uploads.ts'
import { closeRedis, openRedis } from '../stores/redis/connections.ts'
import { createEndedSessions } from '../stores/redis/ended-sessions.ts'
import { createEventLog } from '../stores/redis/event-log.ts'
import { EventTail } from '../stores/redis/event-tail.ts'
import { FitnessGate } from '../stores/redis/fitness-gate.ts'
import { createIdempotencyStore } from '../stores/redis/idempotency.ts'
import { partitionTag } from '../stores/redis/keys.ts'
import { createRateLimitStore } from '../stores/redis/rate-limits.ts'
import { ScriptRunner } from '../stores/redis/run-script.ts'
import { createSpentIds } from '../stores/redis/spent-ids.ts'
import { createStateFeed } from '../stores/redis/state-feed.ts'
import { createStateStatistics } from '../stores/redis/state-statistics.ts'
import { RedisStateStore } from '../stores/redis/states.ts'
import { createDocumentStore } from '../stores/redis/documents.ts'
import { createUploadStore } from '../stores/redis/uploads.ts'
import { RedisVerificationStore } from '../stores/redis/verifications.ts'
import { createWorkerMetricsStore } from '../stores/redis/worker-metrics.ts'
import { createTelemetry } from '../telemetry.ts'
import { auditFolder, createAuditParts, createWebhookParts } from './event-parts.ts'
import { checkParts } from './compliance-parts.ts'
import { createEnvelopes, envelopePatienceMs } from './envelope-parts.ts'
import { requireCatalogue } from './flow-catalogue.ts'
import { registerFlowGauges } from './flow-gauges.ts'
import { noticeStores } from './notice-parts.ts'
import { evidenceParts } from './retention-parts.ts'
import { fetchOutbox } from './outbox.ts'
import { policyOf } from './parts.ts'
import { onceEach, requireConfig, stopWhenAsked } from './process.ts'
import { createSessionParts } from './session-parts.ts'
import { registerQueueGauges } from './queue-gauges.ts'
import { createDatabaseProbe } from './readiness.ts'
import { requireSealingKey } from './sealing-key.ts'
import { openBlobs, uploadKeeping, uploadPolicyOf } from './upload-parts.ts'
import { registerStateGauges } from './state-gauges.ts'

process.title = 'sallyport-api'
const config = requireConfig()
const log = createLog('api', config.LOG_LEVEL)
const sealingKey = requireSealingKey(config, log)
const clock = systemClock
const partitions = config.QUEUE_PARTITIONS
/** The contract allows a second; the rest is for the answer. */
const redisPatienceMs = 700

const redis = openRedis(config.REDIS_URL, 'impatient', 'api', onceEach(log, 'redis'))
const tail = new EventTail(() => openRedis(config.REDIS_URL, 'tail', 'api-tail', onceEach(log, 'redis tail')), partitions)
const pool = createPool(config.DATABASE_URL, onceEach(log, 'postgres'))
// Its own few connections: callers with junk keys keep nobody else waiting, and a Postgres that hangs keeps none of them for long.
const keyPool = createPool(config.DATABASE_URL, onceEach(log, 'postgres (keys)'), 4, keyPatienceMs)
// Signers wait in front of a page that asks several times in a row.
const envelopePool = createPool(config.DATABASE_URL, onceEach(log, 'postgres (envelopes)'), 10, envelopePatienceMs)
const stopping = new AbortController()
const runner = new ScriptRunner(redis, redisPatienceMs)
const producer = new JobProducer(redis, partitions, partitionTag)
const telemetry = createTelemetry({ name: `api-${process.pid}` })
const workerMetrics = createWorkerMetricsStore(runner)
const proofs = await createProofSigner({ key: config.PROOF_KEY, issuer: config.PUBLIC_URL, clock })
const database = createDatabaseProbe(() => pendingMigrations(config.DATABASE_URL))

const gate = new FitnessGate(redis, config.ALLOW_UNSAFE, {
  onFit: ({ skewMs }) => runner.followClock(skewMs),
  onUnfit: (faults) => {
    for (const fault of faults)
      log.fatal({ fault: fault.check }, `Redis is not fit: ${fault.sentence} (ALLOW_UNSAFE=${fault.check} waives this)`)
    end('Redis is not fit', 78)
  },
})

async function readiness(): Promise<ReadinessReport> {
  const [state, postgres] = await Promise.all([gate.look(), database.check()])
  const redisPart = state.kind === 'fit' ? { ready: true } : { ready: false, detail: state.kind }
  return { ready: redisPart.ready && postgres.ready, parts: { redis: redisPart, postgres } }
}

const sessionParts = createSessionParts({ runner, pool, tail, partitions, clock, keyring: config.MASTER_KEYS, telemetry })

const deps: ApiDeps = {
  clock,
  log,
  config,
  telemetry,
  keyring: config.MASTER_KEYS,
  policy: policyOf(config),
  verifications: new RedisVerificationStore(runner, tail, { partitions, isReplicated: config.DURABILITY === 'replicated' }),
  idempotency: createIdempotencyStore(runner, partitions),
  limits: createRateLimitStore(runner, partitions),
  listingsPerMinute: config.LISTING_LIMIT_PER_MINUTE,
  states: new RedisStateStore(runner, partitions),
  stateStatistics: createStateStatistics(runner, partitions),
  stateFeed: createStateFeed(tail),
  stateTokens: createStateTokens({ keyring: config.MASTER_KEYS, name: 'sallyport' }),
  spentIds: createSpentIds(runner),
  events: createEventLog(runner),
  catalogue: requireCatalogue(),
  submissions: createSubmissionStore(pool),
  uploadPolicy: uploadPolicyOf(config),
  uploads: createUploadStore(runner, { partitions, keeping: uploadKeeping }),
  storedUploads: createStoredUploads(pool),
  documents: createDocumentStore(runner),
  documentRows: createDocumentRows(pool),
  documentResults: createDocumentResults(pool),
  blobs: openBlobs(config),
  envelopes: createEnvelopes(envelopePool, config.MASTER_KEYS),
  ...checkParts(pool),
  sealingKey,
  ...(await createAuditParts(pool, auditFolder(config), config.PROOF_KEY)),
  ...createWebhookParts(pool, config),
  apiKeyBook: createApiKeyStore(pool),
  failedJobs: {
    list: (queue, limit) => producer.failed(queue, limit),
    count: (queue) => producer.failedCount(queue),
    retry: (job) => producer.retryFailed(job),
  },
  queueNames,
  deliverSoon: ({ id: deliveryId, attempt }) => producer.add({ name: 'webhook.deliver', payload: { deliveryId, attempt } }),
  enqueue: (job, delayMs) => producer.add(job, delayMs),
  proofs,
  jwks: proofs.jwks,
  verifyJwt: createJwtVerifier({
    secret: config.JWT_SECRET,
    jwksUrl: config.JWKS_URL,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    fetchKeySet: fetchThrough(sessionParts.cache),
  }),
  ...sessionParts,
  apiKeys: rememberKeys(createApiKeyStore(keyPool), clock),
  sessions: createConsoleSessions({ keyring: config.MASTER_KEYS, clock, ended: createEndedSessions(runner) }),
  ...noticeStores(pool),
  ...(await evidenceParts(pool, config)),
  signerTexts: createSignerTexts(join(projectRoot, 'templates')),
  stopping: stopping.signal,
  readiness,
  metrics: async () => telemetry.metrics(await workerMetrics.read(clock.nowMs()).catch(() => [])),
  boardQueues: producer.queues,
  outbox: config.OUTBOX_URL === undefined ? undefined : fetchOutbox(config.OUTBOX_URL),
}

registerFlowGauges(telemetry, deps)
registerStateGauges(telemetry, deps.stateStatistics, clock)
telemetry.registerGauge({
  name: 'sessions_active',
  help: 'Sessions that live.',
  measure: async () => [{ value: await sessionParts.sessionStore.countActive(clock.nowMs()) }],
})
registerQueueGauges(telemetry, { depths: () => producer.depths(), redis: () => gate.state })
const observers = { log, requested: telemetry.requested }
const servers: Server[] = [createHttpServer(createApp(deps), observers)]
const end = stopWhenAsked(log, async () => {
  gate.close()
  stopping.abort()
  await Promise.all(servers.map(closeServer))
  await tail.close()
  await producer.close()
  closeRedis(redis)
  await Promise.all([pool.end(), keyPool.end(), envelopePool.end()])
})

await gate.look()
await listen(servers[0], config.PORT, 'PORT')
if (config.METRICS_PORT !== undefined) {
  const server = createHttpServer(createMetricsApp(deps), observers)
  servers.push(server)
  await listen(server, config.METRICS_PORT, 'METRICS_PORT')
}
process.send?.({ ready: true })

function listen(server: Server | undefined, port: number, setting: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server?.once('error', (error) => {
    const isBusy = 'code' in error && error.code === 'EADDRINUSE'
    if (!isBusy) return reject(error)
    console.error(`port ${port} is taken: stop what listens there, or choose another with ${setting}`)
    process.exit(1)
  })
  server?.listen(port, () => {
    const address = server.address()
    log.info({ setting, port: typeof address === 'object' ? address?.port : port }, 'listening')
    resolve()
  })
  return promise
}

/** Refuses new connections, lets requests under way finish (waits have ended by themselves), ends each connection when it is idle. */
function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  server.close(() => {
    clearInterval(idle)
    resolve()
  })
  setTimeout(() => server.closeAllConnections(), 5_000).unref()
  return promise
}

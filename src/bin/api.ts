// The API process: settings → parts → app → listen; stops taking requests, finishes those under way, closes its connections.
import { createServer, type Server } from 'node:http'
import { createApp, createMetricsApp } from '../api/app.ts'
import type { ApiDeps } from '../api/deps.ts'
import type { ReadinessReport } from '../contracts/health.ts'
import { systemClock } from '../lib/clock.ts'
import { createLog } from '../log.ts'
import { createConsoleSessions } from '../providers/tokens/console-session.ts'
import { createJwtVerifier } from '../providers/tokens/jwt-verifier.ts'
import { createProofSigner } from '../providers/tokens/proof-signer.ts'
import { JobProducer } from '../queues/bullmq.ts'
import { createApiKeyStore } from '../stores/postgres/api-keys.ts'
import { pendingMigrations } from '../stores/postgres/migrate.ts'
import { createPool } from '../stores/postgres/pool.ts'
import { closeRedis, openRedis } from '../stores/redis/connections.ts'
import { EventTail } from '../stores/redis/event-tail.ts'
import { FitnessGate } from '../stores/redis/fitness-gate.ts'
import { createIdempotencyStore } from '../stores/redis/idempotency.ts'
import { partitionTag } from '../stores/redis/keys.ts'
import { createRateLimitStore } from '../stores/redis/rate-limits.ts'
import { ScriptRunner } from '../stores/redis/run-script.ts'
import { RedisVerificationStore } from '../stores/redis/verifications.ts'
import { createWorkerMetricsStore } from '../stores/redis/worker-metrics.ts'
import { createTelemetry } from '../telemetry.ts'
import { fetchOutbox } from './outbox.ts'
import { policyOf } from './parts.ts'
import { onceEach, requireConfig, stopWhenAsked } from './process.ts'
import { registerQueueGauges } from './queue-gauges.ts'
import { createDatabaseProbe } from './readiness.ts'

process.title = 'sallyport-api'
const config = requireConfig()
const log = createLog('api', config.LOG_LEVEL)
const clock = systemClock
const partitions = config.QUEUE_PARTITIONS
/** The contract allows a second; the rest is for the answer. */
const redisPatienceMs = 700

const redis = openRedis(config.REDIS_URL, 'impatient', 'api', onceEach(log, 'redis'))
const tail = new EventTail(() => openRedis(config.REDIS_URL, 'tail', 'api-tail', onceEach(log, 'redis tail')), partitions)
const pool = createPool(config.DATABASE_URL, onceEach(log, 'postgres'))
const runner = new ScriptRunner(redis, redisPatienceMs)
const producer = new JobProducer(redis, partitions, partitionTag)
const telemetry = createTelemetry({ name: `api-${process.pid}` })
const workerMetrics = createWorkerMetricsStore(runner)
const proofs = await createProofSigner({ key: config.PROOF_KEY, issuer: config.PUBLIC_URL, clock })
const database = createDatabaseProbe(() => pendingMigrations(config.DATABASE_URL))

const gate = new FitnessGate(redis, config.ALLOW_UNSAFE, (faults) => {
  for (const fault of faults)
    log.fatal({ fault: fault.check }, `Redis is not fit: ${fault.sentence} (ALLOW_UNSAFE=${fault.check} waives this)`)
  end('Redis is not fit', 78)
})

async function readiness(): Promise<ReadinessReport> {
  const [state, postgres] = await Promise.all([gate.look(), database.check()])
  const redisPart = state.kind === 'fit' ? { ready: true } : { ready: false, detail: state.kind }
  return { ready: redisPart.ready && postgres.ready, parts: { redis: redisPart, postgres } }
}

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
  enqueue: (job) => producer.add(job),
  proofs,
  jwks: proofs.jwks,
  verifyJwt: createJwtVerifier({
    secret: config.JWT_SECRET,
    jwksUrl: config.JWKS_URL,
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
  }),
  apiKeys: createApiKeyStore(pool),
  sessions: createConsoleSessions({ keyring: config.MASTER_KEYS, clock }),
  readiness,
  metrics: async () => telemetry.metrics(await workerMetrics.read(clock.nowMs()).catch(() => [])),
  boardQueues: producer.queues,
  outbox: config.OUTBOX_URL === undefined ? undefined : fetchOutbox(config.OUTBOX_URL),
}

registerQueueGauges(telemetry, { depths: () => producer.depths(), redis: () => gate.state })
const servers: Server[] = [createServer(createApp(deps))]
const end = stopWhenAsked(log, async () => {
  gate.close()
  await Promise.all(servers.map(closeServer))
  await tail.close()
  await producer.close()
  closeRedis(redis)
  await pool.end()
})

await gate.look()
await listen(servers[0], config.PORT, 'PORT')
if (config.METRICS_PORT !== undefined) {
  const server = createServer(createMetricsApp(deps))
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

/** Refuses new connections, ends idle ones, lets requests under way finish (long waits are cut by the deadline of the stop). */
function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeIdleConnections()
  setTimeout(() => server.closeAllConnections(), 5_000).unref()
  return promise
}

// Connections to Redis, in the three tempers that the parts need. The measured reasons for every option are in docs/adr/0004.
import { Cluster, Redis, type RedisOptions } from 'ioredis'

export type RedisConnection = Redis | Cluster

/** Replies keep the shapes of RESP2, which BullMQ and our readers expect. */
type Options = Omit<RedisOptions, 'replyMapping'>

/**
 * `impatient` (API): fails at once when Redis is away and never sends a command twice, since a repeated count would be a wrong one.
 * `patient` (workers): waits for Redis to come back. `tail`: one that blocks on a stream.
 */
export type Temper = 'impatient' | 'patient' | 'tail'

const tempers: Record<Temper, Options> = {
  impatient: { maxRetriesPerRequest: 0, enableOfflineQueue: false, socketTimeout: 5_000 },
  patient: { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 12_000 },
  tail: { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 12_000 },
}

/** What every connection shares. A demoted master keeps the socket open and answers READONLY: reconnect then. */
const shared = {
  connectTimeout: 2_000,
  enableReadyCheck: true,
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  retryStrategy: (tries: number) => Math.min(50 * 2 ** Math.min(tries, 10), 2_000) + Math.random() * 200,
} satisfies Options

/**
 * Opens a connection for `REDIS_URL`: `redis://`, `rediss://`, several hosts with commas (Cluster), or
 * `redis+sentinel://[user:password@]host:port,host:port/name` (also `rediss+sentinel`). It connects by itself and reconnects for ever; errors are given to `onError`
 * (repeated ones too), never thrown.
 */
export function openRedis(url: string, temper: Temper, name: string, onError: (error: Error) => void): RedisConnection {
  const options: Options = { ...shared, ...tempers[temper], connectionName: `sallyport-${name}` }
  const connection = connect(url, options)
  connection.on('error', onError)
  return connection
}

function connect(url: string, options: Options): RedisConnection {
  if (/^rediss?\+sentinel:/.test(url)) return new Redis({ ...options, ...sentinelOptions(url) })
  if (url.includes(',')) return new Cluster(clusterNodes(url), clusterOptions(url, options))
  return new Redis(url, options)
}

function sentinelOptions(url: string): Options {
  const isTls = url.startsWith('rediss')
  const rest = url.slice(url.indexOf('://') + 3)
  const [authority = '', master = 'mymaster'] = rest.split('/', 2)
  const at = authority.lastIndexOf('@')
  const [username = '', password = ''] = at < 0 ? [] : authority.slice(0, at).split(':', 2).map(decodeURIComponent)
  return {
    sentinels: authority
      .slice(at + 1)
      .split(',')
      .map((host) => hostAndPort(host, 26_379)),
    name: master,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(isTls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
    sentinelRetryStrategy: (tries: number) => Math.min(100 * tries, 2_000),
    sentinelReconnectStrategy: () => 2_000,
    failoverDetector: true,
  }
}

function clusterNodes(url: string): { host: string; port: number }[] {
  const rest = url.slice(url.indexOf('://') + 3)
  return (
    rest
      .slice(rest.lastIndexOf('@') + 1)
      .split('/')[0]
      ?.split(',')
      .map((host) => hostAndPort(host, 6_379)) ?? []
  )
}

function clusterOptions(url: string, redisOptions: Options) {
  const first = new URL(url.split(',')[0] ?? url)
  const { maxRetriesPerRequest, enableOfflineQueue, ...perNode } = redisOptions
  return {
    enableOfflineQueue: enableOfflineQueue ?? false,
    slotsRefreshTimeout: 3_000,
    clusterRetryStrategy: shared.retryStrategy,
    redisOptions: {
      ...perNode,
      maxRetriesPerRequest: maxRetriesPerRequest ?? null,
      ...(first.username ? { username: decodeURIComponent(first.username) } : {}),
      ...(first.password ? { password: decodeURIComponent(first.password) } : {}),
      ...(url.startsWith('rediss') ? { tls: {} } : {}),
    },
  }
}

function hostAndPort(text: string, fallbackPort: number): { host: string; port: number } {
  const [host = '', port] = text.split(':', 2)
  return { host, port: port ? Number(port) : fallbackPort }
}

/** Closes without waiting for anything: pending commands are rejected. */
export function closeRedis(connection: RedisConnection): void {
  connection.disconnect()
}

// Whether a Redis may be trusted with what is begun but not yet committed. Whether an unfit one is refused is the caller's decision.
import type { Redis } from 'ioredis'
import type { RedisConnection } from './connections.ts'

/** `check` is the name by which ALLOW_UNSAFE waives it; a replica is never waived, since it takes no writes. */
export type RedisFault = { check: 'eviction' | 'no-aof' | 'clock-skew' | 'old-redis' | 'replica'; sentence: string }

const leastVersion = 6.2
const maxSkewMs = 2_000

export type RedisReport = { version: string; skewMs: number; usedBytes: number; clients: number; faults: RedisFault[] }

/** The facts that an operator wants to see, and every fault. Rejects when Redis does not answer. A Cluster is as unfit as its worst master. */
export async function examineRedis(connection: RedisConnection): Promise<RedisReport> {
  const nodes = 'nodes' in connection ? connection.nodes('master') : [connection]
  const reports = await Promise.all(nodes.map(examineNode))
  const first = reports[0]
  if (!first) throw new Error('the Cluster shows no master')
  return { ...first, faults: [...new Map(reports.flatMap(({ faults }) => faults).map((fault) => [fault.check, fault])).values()] }
}

async function examineNode(node: Redis): Promise<RedisReport> {
  const facts = new Map<string, string>()
  for (const section of ['server', 'clients', 'memory', 'persistence', 'replication']) {
    for (const line of (await node.info(section)).split('\r\n')) {
      const at = line.indexOf(':')
      if (at > 0) facts.set(line.slice(0, at), line.slice(at + 1))
    }
  }
  const skewMs = await measureSkewMs(node)
  const version = facts.get('redis_version') ?? 'unknown'
  const faults: RedisFault[] = []
  const expect = (isFine: boolean, check: RedisFault['check'], sentence: string): void => {
    if (!isFine) faults.push({ check, sentence })
  }
  const policy = facts.get('maxmemory_policy')
  expect(Number.parseFloat(version) >= leastVersion, 'old-redis', `Redis is ${version}; ${leastVersion} or later is needed`)
  expect(
    policy === 'noeviction',
    'eviction',
    `maxmemory-policy is ${policy}: with anything but noeviction Redis drops work that was accepted`,
  )
  expect(facts.get('aof_enabled') === '1', 'no-aof', 'appendonly is off: a restart of Redis would lose work that was accepted')
  expect(Math.abs(skewMs) <= maxSkewMs, 'clock-skew', `the clocks of Redis and this machine differ by ${Math.round(skewMs)} ms`)
  expect(facts.get('role') === 'master', 'replica', 'this Redis is a replica and takes no writes')
  return { version, skewMs, usedBytes: Number(facts.get('used_memory') ?? 0), clients: Number(facts.get('connected_clients') ?? 0), faults }
}

/** Redis's clock minus ours, at the middle of the round trip. */
async function measureSkewMs(node: Redis): Promise<number> {
  const askedMs = Date.now()
  const [seconds, microseconds] = await node.time()
  const middleMs = (askedMs + Date.now()) / 2
  return Number(seconds) * 1_000 + Number(microseconds) / 1_000 - middleMs
}

// A Redis Cluster of one node that serves every slot: enough to find a script that touches two, which a single Redis would let pass.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { findFreePort } from '../../../src/lib/ports.ts'
import { spawnGuarded } from '../../../src/lib/guarded-process.ts'
import { askRedis, until } from '../../support/infra.ts'

const password = 'only-for-this-test'

/** Starts it and gives the REDIS_URL by which our parts take it for a Cluster; it ends with the test file. */
export async function startClusterNode(): Promise<string> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-cluster-'))
  const port = await findFreePort()
  const server = await spawnGuarded('redis-server', ['-'], { cwd: dataDir, input: configuration(dataDir, port, await findFreePort()) })
  afterAll(async () => {
    await server.kill()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const url = `redis://:${password}@127.0.0.1:${port}`
  await until(async () => (await askRedis(url, ['PING'])).includes('+PONG'))
  await askRedis(url, ['CLUSTER ADDSLOTSRANGE 0 16383'])
  await until(async () => (await askRedis(url, ['CLUSTER INFO'])).some((line) => line.endsWith('cluster_state:ok')))
  return `${url},127.0.0.1:${port}`
}

function configuration(dataDir: string, port: number, clusterPort: number): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `cluster-port ${clusterPort}`,
    `requirepass ${password}`,
    `dir ${dataDir}`,
    'cluster-enabled yes',
    // A node that never met another does not know its own address, and the client passes over nodes without one.
    'cluster-announce-ip 127.0.0.1',
    'save ""',
    '',
  ].join('\n')
}

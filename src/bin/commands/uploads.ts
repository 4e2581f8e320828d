// Uploads from the command line: what lies in storage without an owner. It only tells; what to do about it is a person's to say.
import { loadConfig } from '../../config.ts'
import { findOrphans } from '../../domain/uploads/sweep.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { createPool } from '../../stores/postgres/pool.ts'
import { createStoredUploads } from '../../stores/postgres/uploads.ts'
import { closeRedis, openRedis } from '../../stores/redis/connections.ts'
import { ScriptRunner } from '../../stores/redis/run-script.ts'
import { createUploadStore } from '../../stores/redis/uploads.ts'
import { openBlobs, uploadKeeping } from '../upload-parts.ts'

const redisPatienceMs = 5_000

/** Prints a line for each object: place, bytes, when it changed, key. */
export async function runUploads(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (args[0] !== 'orphans') throw new Error('usage: uploads orphans')
  const config = loadConfig(env)
  const redis = openRedis(config.REDIS_URL, 'patient', 'cli-uploads', () => {})
  const pool = createPool(config.DATABASE_URL, () => {}, 2)
  const uploads = createUploadStore(new ScriptRunner(redis, redisPatienceMs), {
    partitions: config.QUEUE_PARTITIONS,
    keeping: uploadKeeping,
  })
  let count = 0
  try {
    for await (const { place, key, bytes, changedAtMs } of findOrphans({
      clock,
      uploads,
      storedUploads: createStoredUploads(pool),
      blobs: openBlobs(config),
    })) {
      console.log(`${place.padEnd(7)}${String(bytes).padStart(14)}  ${new Date(changedAtMs).toISOString()}  ${key}`)
      count++
    }
    console.error(count === 0 ? 'every object has an owner' : `${count} objects without an owner`)
  } finally {
    closeRedis(redis)
    await pool.end()
  }
}

// A process that starts a Redis and then waits to be killed: for the test that nothing is left of it.
import { startRedis } from '../../src/standins/redis.ts'

const { TEST_DATA_DIR = '', TEST_PORT = '' } = process.env
const redis = await startRedis({ dataDir: TEST_DATA_DIR, port: Number(TEST_PORT), password: 'secret' })
console.log(`redis ${redis.pid}`)

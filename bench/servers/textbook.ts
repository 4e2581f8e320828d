// The textbook way: a random code into Redis with SETEX, the provider called inside the request. The provider answers after 150 ms.
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import express from 'express'
import { Redis } from 'ioredis'

const [redisUrl = ''] = process.argv.slice(2)
const providerMs = 150
const redis = new Redis(redisUrl)
const app = express()
app.set('etag', false)
app.use(express.json())
app.post('/v1/verifications', async (req, res) => {
  const id = randomUUID()
  await redis.setex(`otp:${id}`, 600, String(randomInt(0, 1_000_000)).padStart(6, '0'))
  await wait(providerMs)
  res.status(200).json({ id, to: (req.body as { to: string }).to })
})
const server = app.listen(0, () => {
  const address = server.address()
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : 0}\n`)
})
process.on('disconnect', () => process.exit())

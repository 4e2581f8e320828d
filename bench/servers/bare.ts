// The 100 % line: Express 5, express.json and Queue.add, nothing else.
import { randomUUID } from 'node:crypto'
import { Queue } from 'bullmq'
import express from 'express'
import { Redis } from 'ioredis'

const [redisUrl = ''] = process.argv.slice(2)
const queue = new Queue('bare', { connection: new Redis(redisUrl, { maxRetriesPerRequest: null }) })
const app = express()
app.set('etag', false)
app.use(express.json())
app.post('/v1/verifications', async (req, res) => {
  const id = randomUUID()
  await queue.add('send', { id }, { jobId: id })
  res.status(202).json({ id, to: (req.body as { to: string }).to })
})
const server = app.listen(0, () => {
  const address = server.address()
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : 0}\n`)
})
process.on('disconnect', () => process.exit())

// The 100 % line of uploads: Node's own server, the request's stream piped to a file, nothing else. With `sync` the file is made durable before the answer.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const [folder = '', mode = ''] = process.argv.slice(2)
const server = createServer((req, res) => {
  const id = randomUUID()
  if (req.method === 'POST') {
    res.writeHead(201, { location: `/files/${id}` }).end()
    return
  }
  void pipeline(req, createWriteStream(join(folder, id), { flush: mode === 'sync' })).then(() => res.writeHead(204).end())
})
server.listen(0, () => {
  const address = server.address()
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : 0}\n`)
})
process.on('disconnect', () => process.exit())

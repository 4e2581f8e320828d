// @tus/server with its file store as it ships.
import { createServer } from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [folder = ''] = process.argv.slice(2)
const tus = new Server({ path: '/files', datastore: new FileStore({ directory: folder }), relativeLocation: true })
const server = createServer((req, res) => void tus.handle(req, res))
server.listen(0, () => {
  const address = server.address()
  process.stdout.write(`listening on ${typeof address === 'object' ? address?.port : 0}\n`)
})
process.on('disconnect', () => process.exit())

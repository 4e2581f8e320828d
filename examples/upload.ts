// Uploads a file with tus-js-client, shows the progress, and follows it until it is stored. Run beside `npm start`:
//   TOKEN=$(npm run -s token -- --sub alice) npx node examples/upload.ts README.md
// Without a TOKEN the upload belongs to a session of its own. Break the connection or the API in between: it goes on.
import { randomUUID } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Upload } from 'tus-js-client'

const { SALLYPORT_URL: url = 'http://localhost:3000', TOKEN: token = '' } = process.env
const [file = 'README.md'] = process.argv.slice(2)
const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` }
const { size } = statSync(file)

function show(sent: number): void {
  const width = 40
  const done = size === 0 ? width : Math.floor((sent / size) * width)
  process.stdout.write(
    `\r${'█'.repeat(done)}${'░'.repeat(width - done)} ${((sent / (size || 1)) * 100).toFixed(1).padStart(5)} %  ${(sent / 1_048_576).toFixed(1)} MiB`,
  )
}

const address = await new Promise<string>((resolve, reject) => {
  const upload = new Upload(createReadStream(file), {
    endpoint: `${url}/v1/uploads`,
    uploadSize: size,
    chunkSize: 8 * 1_048_576,
    headers,
    metadata: { filename: basename(file), sessionId: randomUUID() },
    retryDelays: [0, 500, 1_000, 2_000, 5_000, 5_000],
    onProgress: show,
    onError: reject,
    onSuccess: () => resolve(upload.url ?? ''),
  })
  upload.start()
})
show(size)
console.log(`\n${address}`)

// The bytes are there; a worker now looks at them.
let last = ''
for (;;) {
  const answer = await fetch(`${address}/session`, { headers })
  const session = (await answer.json()) as { status: string; reason?: string; sha256?: string; scan?: string }
  if (session.status !== last) console.log(`${session.status}${session.reason ? ` (${session.reason})` : ''}`)
  last = session.status
  if (['stored', 'rejected', 'failed', 'expired'].includes(last)) {
    if (session.sha256) console.log(`sha256 ${session.sha256}, ${session.scan}`)
    process.exitCode = last === 'stored' ? 0 : 1
    break
  }
  await wait(200)
}

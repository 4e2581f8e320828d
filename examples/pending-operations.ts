// A registration that survives a refresh and is finished exactly once, with the package as a library and a Redis of one's own.
// REDIS_URL=redis://… node examples/pending-operations.ts (within this repository; elsewhere import from 'sallyport').
import { randomBytes } from 'node:crypto'
import { createRegistrationStore } from '../src/library.ts'

type Registration = { name: string; email: string; passwordHash: string; newsletter?: boolean }

const store = createRegistrationStore<Registration>({
  redis: process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379',
  // In earnest: from a vault, the same in every process, the newest first.
  keys: `k1:${randomBytes(32).toString('base64')}`,
  backend: 'auto',
  defaultExpiration: '2h',
})

const { token, expiresAt, backend } = await store.create({
  data: { name: 'Ada', email: 'ada@example.com', passwordHash: '$argon2id$…' },
  recipient: 'ada@example.com',
})
console.log(`begun in ${backend} until ${expiresAt}; the token goes into the mail`)

// Any number of times, on any device: looking consumes nothing.
const open = await store.verify(token)
console.log(`still open for ${open?.data.name}`)
if (backend === 'redis') await store.update(token, { newsletter: true })

// Two clicks on the same link: one of them creates the account.
const clicks = await Promise.allSettled([store.consume(token), store.consume(token)])
console.log(clicks.map((click) => (click.status === 'fulfilled' ? `creates ${click.value.data.email}` : click.reason.code)))
await store.close()

// What is done on the board is in the audit trail before it is done.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NewEvent } from '../../src/domain/ports.ts'
import { AppError } from '../../src/errors.ts'
import { adminKey, startApi, type Harness } from './harness.ts'

let api: Harness
const written: { event: NewEvent; actor: string }[] = []
let isAway = false

beforeAll(async () => {
  api = await startApi({ BOARD_WRITE: true })
  api.deps.events = {
    append: (_partition, events, { actor }) => {
      if (isAway) return Promise.reject(new AppError('service_degraded'))
      for (const event of 'type' in events ? [events] : events) written.push({ event, actor })
      return Promise.resolve()
    },
  }
})
afterAll(() => api.close())

const sameOrigin = { 'sec-fetch-site': 'same-origin' }
const headers = { authorization: `Bearer ${adminKey}` }
const clean = () => api.fetch('/admin/queues/api/queues/otp/clean/failed', { method: 'PUT', headers })

test('a change on the board is an entry, by whom; looking is none', async () => {
  await api.fetch('/admin/queues/api/queues', { headers })
  expect(written).toEqual([])
  await clean()
  expect(written).toMatchObject([
    { event: { type: 'board.used', subject: 'board', data: { method: 'PUT', path: '/api/queues/otp/clean/failed' } } },
  ])
  expect(written[0]?.actor).toMatch(/^[\w-]{22}$/)
})

test('a sign-in to the console is an entry, and without its entry there is none', async () => {
  const signIn = () => api.fetch('/sign-in', { method: 'POST', headers: sameOrigin, body: new URLSearchParams({ credential: adminKey }) })
  written.length = 0
  expect((await signIn()).status).toBe(303)
  expect(written).toMatchObject([{ event: { type: 'console.signed_in', subject: 'console' } }])
  isAway = true
  const refused = await signIn()
  isAway = false
  expect(refused.headers.get('set-cookie')).toBeNull()
})

test('without its entry there is no change', async () => {
  isAway = true
  expect((await clean()).status).toBe(503)
})

// Who is told of what, and when it is tried again.
import { expect, test } from 'vitest'
import type { StreamEvent } from '../../../src/domain/event-ports.ts'
import { maxBodyBytes, planEvent, wants } from '../../../src/domain/webhooks/plan.ts'
import { mostTries, waitAfter } from '../../../src/domain/webhooks/schedule.ts'

const event: StreamEvent = {
  id: 'evt_00000000000000000000000000000000',
  partition: 0,
  position: '1-1',
  type: 'verification.approved',
  subject: 'verification:ver_1',
  sequence: 4,
  atMs: 1_700_000_000_000,
  requestId: 'r',
  actor: 'a',
  data: { status: 'approved' },
}
const endpoints = [
  { id: 'whe_a', events: ['verification.*'] },
  { id: 'whe_b', events: ['verification.sent', 'upload.stored'] },
  { id: 'whe_c', events: ['*'] },
]

test.each([
  [['*'], 'verification.approved', true],
  [['verification.*'], 'verification.approved', true],
  [['verification.*'], 'verifications.approved', false],
  [['verification.approved'], 'verification.approved', true],
  [['verification'], 'verification.approved', false],
  [['upload.stored', 'session.ended'], 'session.ended', true],
] as const)('%j wants %s: %s', (patterns, type, expected) => {
  expect(wants(patterns, type)).toBe(expected)
})

test('every endpoint that wants it gets the same body; the same event gives the same deliveries', () => {
  const planned = planEvent(event, endpoints)
  expect(planned?.deliveries.map(({ endpointId }) => endpointId)).toEqual(['whe_a', 'whe_c'])
  expect(new Set(planned?.deliveries.map(({ id }) => id)).size).toBe(2)
  expect(planEvent(event, endpoints)).toEqual(planned)
  expect(JSON.parse(planned?.body ?? '')).toEqual({
    type: 'verification.approved',
    timestamp: '2023-11-14T22:13:20.000Z',
    data: { subject: 'verification:ver_1', status: 'approved' },
    sequence: 4,
  })
})

test('nobody is told of what happens to webhooks themselves, and a body stays small', () => {
  expect(planEvent({ ...event, type: 'webhook_delivery.dead' }, endpoints)).toBeNull()
  const large = planEvent({ ...event, data: { text: 'x'.repeat(30_000) } }, endpoints)
  expect(Buffer.byteLength(large?.body ?? '')).toBeLessThan(maxBodyBytes)
  expect(JSON.parse(large?.body ?? '')).toMatchObject({ data: { subject: 'verification:ver_1', truncated: true } })
})

test('ten tries take about three days, with jitter, and a Retry-After is not undercut', () => {
  const waits = Array.from({ length: mostTries - 1 }, (_, at) => waitAfter(at + 1, undefined, 0, () => 0) ?? 0)
  const days = waits.reduce((sum, ms) => sum + ms, 0) / 86_400_000
  expect(days).toBeGreaterThan(3)
  expect(days).toBeLessThan(3.5)
  expect(waitAfter(mostTries, undefined, 0)).toBeNull()
  expect(waitAfter(1, undefined, 0, () => 1)).toBe(6_000)
  expect(waitAfter(1, '120', 0, () => 0)).toBe(120_000)
  expect(waitAfter(1, new Date(90_000).toUTCString(), 30_000, () => 0)).toBe(60_000)
  expect(waitAfter(1, '999999999', 0, () => 0)).toBe(86_400_000)
  expect(waitAfter(3, '1', 0, () => 0)).toBe(1_800_000)
})

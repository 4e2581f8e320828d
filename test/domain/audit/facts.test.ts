// What enters the trail: nothing personal, and nothing that could stop it.
import { expect, test } from 'vitest'
import { factsOf } from '../../../src/domain/audit/facts.ts'
import type { StreamEvent } from '../../../src/domain/event-ports.ts'
import { canonicalJson } from '../../../src/lib/canonical-json.ts'
import { Keyring } from '../../../src/lib/keyring.ts'

const keyring = Keyring.parse(`k1:${Buffer.alloc(32, 7).toString('base64')}`)

const event = (data: Record<string, unknown>): StreamEvent => ({
  id: 'evt_1',
  partition: 0,
  position: '1-1',
  type: 'verification.queued',
  subject: 'verification:ver_1',
  sequence: 1,
  atMs: 0,
  requestId: 'r',
  actor: 'a',
  data,
})

test('personal data is there as keyed digests only, masked data not at all', () => {
  const personal = {
    to: 'ada@example.com',
    note: 'write to ada@example.com',
    phone: '+14155550101',
    seen: ['203.0.113.9', '2001:db8::1'],
    mask: '+1•••••0101',
    name: 'Ada',
  }
  const { data } = factsOf(
    keyring,
    event({ ...personal, status: 'queued', count: 3, facts: { email: 'ada@example.com', type: 'registration' } }),
  )
  const text = JSON.stringify(data)
  for (const secret of ['ada', 'Ada', '4155550101', '203.0.113', '2001:db8', '0101']) expect(text).not.toContain(secret)
  expect(data).toMatchObject({ status: 'queued', count: 3, facts: { type: 'registration' } })
  expect((data['facts'] as Record<string, string>)['email']).toBe(data['to'])
  expect(data['to']).toMatch(/^digest:[\w-]{22}$/)
})

test('texts that no store could hold and values nested without end still become an entry', () => {
  const deep: Record<string, unknown> = {}
  let inner = deep
  for (let depth = 0; depth < 100; depth++) inner = inner['in'] = {}
  const facts = factsOf(keyring, event({ half: '\ud800', nul: 'a\0b', deep }))
  expect(() => canonicalJson(facts)).not.toThrow()
  expect(JSON.stringify(facts)).not.toContain('\\u0000')
})

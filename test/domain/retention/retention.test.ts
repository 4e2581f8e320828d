// Classes and legal holds: who may set them, and that time is not taken away from what is kept.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import type { EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { assignRetention } from '../../../src/domain/retention/assign.ts'
import {
  isRetentionClass,
  minimumEnd,
  retentionClasses,
  retentionEnd,
  type RetentionClassName,
} from '../../../src/domain/retention/classes.ts'
import { liftHold, placeHold, readRetention } from '../../../src/domain/retention/hold.ts'
import { refusal } from '../../support/domain.ts'
import { sender } from '../../support/envelopes.ts'
import { createTestEvidence, type TestEvidence } from '../../support/evidence.ts'

const context = { requestId: 'req-retention' }
const admin: Caller = { kind: 'user', subject: 'root', roles: ['admin'] }
const stranger: Caller = { kind: 'user', subject: 'stranger', roles: [] }
const dayMs = 86_400_000

let it: TestEvidence
let record: EnvelopeRecord

beforeAll(async () => {
  it = await createTestEvidence()
  record = await it.complete()
})

const events = async (id: string): Promise<string[]> => {
  await it.drain()
  const { rows } = await it.pool.query<{ action: string }>('select action from audit_entries where subject = $1 order by sequence', [
    `retention:${id}`,
  ])
  return rows.map(({ action }) => action)
}

describe('classes', () => {
  test.for([
    ['transient', '2026-01-31T10:00:00.000Z', '2026-03-02T10:00:00.000Z'],
    ['standard', '2026-06-15T00:00:00.000Z', '2031-06-15T00:00:00.000Z'],
    ['extended', '2024-02-29T12:00:00.000Z', '2031-03-01T12:00:00.000Z'],
    ['long', '2026-12-31T23:59:59.999Z', '2036-12-31T23:59:59.999Z'],
  ] as const)('%s from %s on ends at %s', ([name, from, end]) => {
    expect(new Date(retentionEnd(name, Date.parse(from)) ?? 0).toISOString()).toBe(end)
  })

  test('permanent never ends, and every end is at least what policy asks', () => {
    expect(retentionEnd('permanent', 0)).toBeNull()
    expect(minimumEnd('permanent', 0)).toBeNull()
    for (const name of Object.keys(retentionClasses) as RetentionClassName[])
      for (const year of [1970, 2024, 2026, 2096, 2098])
        expect(retentionEnd(name, Date.UTC(year, 1, 28)) ?? Infinity).toBeGreaterThanOrEqual(minimumEnd(name, Date.UTC(year, 1, 28)) ?? 0)
  })

  test('only names of classes are classes', () => {
    expect(isRetentionClass('standard')).toBe(true)
    for (const name of ['', 'toString', '__proto__', 'Standard']) expect(isRetentionClass(name)).toBe(false)
  })
})

test('a completed envelope has its class from its completion on, and a document none', async () => {
  const view = await readRetention(it.keeping, sender, record.id)
  const startsAt = new Date(record.endedAtMs ?? 0).toISOString()
  expect(view).toEqual({
    subject: record.id,
    class: 'standard',
    startsAt,
    endsAt: expect.any(String),
    legalHold: null,
    version: 1,
    purgedAt: null,
  })
  const document = await it.document()
  expect(await readRetention(it.keeping, sender, document.id)).toMatchObject({ class: null, endsAt: null, version: 0 })
})

test('the owner may lengthen, only an admin may shorten, and the time runs from its first day', async () => {
  const { id } = await it.complete()
  const first = await readRetention(it.keeping, sender, id)
  it.clock.advance(10 * dayMs)
  const longer = await assignRetention(it.keeping, sender, id, 'long', context)
  expect(longer).toMatchObject({ class: 'long', startsAt: first.startsAt, version: 2 })
  expect(await refusal(assignRetention(it.keeping, sender, id, 'standard', context))).toMatchObject({ code: 'retention_shorter' })
  expect(await assignRetention(it.keeping, sender, id, 'permanent', context)).toMatchObject({ class: 'permanent', endsAt: null })
  expect(await refusal(assignRetention(it.keeping, sender, id, 'long', context))).toMatchObject({ code: 'retention_shorter' })
  expect(await assignRetention(it.keeping, admin, id, 'standard', context)).toMatchObject({ class: 'standard', endsAt: first.endsAt })
  expect(await events(id)).toEqual(Array.from({ length: 4 }, () => 'retention.assigned'))
})

test('an unknown class, somebody else’s thing and an envelope under way are refused', async () => {
  const open = await it.ready()
  const assign = (who: Caller, id: string, name: string) => refusal(assignRetention(it.keeping, who, id, name, context))
  expect(await assign(sender, record.id, 'eternal')).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/class' }] })
  expect(await assign(stranger, record.id, 'long')).toMatchObject({ code: 'envelope_not_found' })
  expect(await assign(stranger, (await it.document()).id, 'long')).toMatchObject({ code: 'document_not_found' })
  expect(await assign(sender, 'upl_nothing', 'long')).toMatchObject({ code: 'envelope_not_found' })
  expect(await assign(sender, open.id, 'long')).toMatchObject({ code: 'step_not_open' })
})

test('two first classes at once are one after the other: the longer one stays', async () => {
  const { id } = await it.document()
  const wishes = ['long', 'transient', 'standard', 'long', 'transient'].map((name) =>
    assignRetention(it.keeping, sender, id, name, context).catch(() => null),
  )
  await Promise.all(wishes)
  expect(await readRetention(it.keeping, sender, id)).toMatchObject({ class: 'long' })
})

test('a hold says why to admins only, and nothing of it is in clear anywhere', async () => {
  const { id } = await it.complete()
  const held = await placeHold(it.keeping, admin, id, 'Case of Maria Nangolo', context)
  expect(held.legalHold).toMatchObject({ reason: 'Case of Maria Nangolo' })
  expect((await readRetention(it.keeping, sender, id)).legalHold).toMatchObject({ reason: null })
  await it.drain()
  for (const table of ['retention', 'audit_entries', 'event_outbox']) {
    const { rows } = await it.pool.query(`select * from ${table}`)
    expect(JSON.stringify(rows)).not.toContain('Nangolo')
  }
  expect((await liftHold(it.keeping, admin, id, context)).legalHold).toBeNull()
  await liftHold(it.keeping, admin, id, context)
  expect(await events(id)).toEqual(['retention.assigned', 'legal_hold.placed', 'legal_hold.lifted'])
})

test('what has no class is kept for good when it is held, until it gets one', async () => {
  const { id } = await it.document()
  expect(await placeHold(it.keeping, admin, id, 'because', context)).toMatchObject({ class: 'permanent', endsAt: null })
  const open = await it.ready()
  expect(await placeHold(it.keeping, admin, open.id, 'because', context)).toMatchObject({ class: 'permanent' })
})

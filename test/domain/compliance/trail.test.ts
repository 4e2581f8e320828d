// The trail as a check follows it: each way in which somebody could have changed it, on a real trail in Postgres.
import { beforeAll, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contracts/audit.ts'
import { chainBehind } from '../../../src/domain/audit/chain.ts'
import { latestCheckpoint, writeCheckpoint } from '../../../src/domain/audit/checkpoints.ts'
import { rotateAudit } from '../../../src/domain/audit/rotate.ts'
import { documentTrail, entriesOf, envelopeTrail, withoutOvertaken } from '../../../src/domain/compliance/gather-trail.ts'
import { verifyActs } from '../../../src/domain/envelopes/acts.ts'
import type { EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { createEventLog } from '../../../src/stores/redis/event-log.ts'
import { createTestEvidence, type TestEvidence } from '../../support/evidence.ts'

let t: TestEvidence
beforeAll(async () => {
  t = await createTestEvidence()
}, 60_000)

const look = async (record: EnvelopeRecord) => {
  const own = await entriesOf(t.evidence, record.id)
  const { facts } = await envelopeTrail(t.evidence, own, await t.acts(record.id), record.createdAtMs)
  return facts
}
const sequences = async ({ id }: EnvelopeRecord): Promise<number[]> => (await entriesOf(t.evidence, id)).map(({ sequence }) => sequence)
const checkpoint = async () => writeCheckpoint(t.evidence, await latestCheckpoint(t.evidence))

it('is whole from the first act to now, whatever others did in between, and a checkpoint says so', async () => {
  const record = await t.complete()
  await t.noise(20)
  expect(await look(record)).toMatchObject({ state: 'whole', checkpointed: null })
  await checkpoint()
  const facts = await look(record)
  expect(facts.state).toBe('whole')
  expect(facts.checkpointed).toBeGreaterThan(facts.last?.sequence ?? Infinity)
  expect(facts.entries).toBeGreaterThanOrEqual(20)
})

it('is broken by an entry that was edited, removed or put elsewhere, and whole again without that', async () => {
  const record = await t.complete()
  await t.noise(3)
  const [, second = 0, third = 0] = await sequences(record)

  await t.tamper(`update audit_entries set actor = 'x' || actor where sequence = $1`, [second])
  expect(await look(record)).toMatchObject({ state: 'broken', detail: `entry ${second} is edited` })
  await t.tamper(`update audit_entries set actor = substr(actor, 2) where sequence = $1`, [second])
  expect(await look(record)).toMatchObject({ state: 'whole' })

  const swap = async () => {
    await t.tamper('update audit_entries set sequence = -1 where sequence = $1', [second])
    await t.tamper('update audit_entries set sequence = $1 where sequence = $2', [second, third])
    await t.tamper('update audit_entries set sequence = $1 where sequence = -1', [third])
  }
  await swap()
  expect(await look(record)).toMatchObject({ state: 'broken' })
  await swap()
  expect(await look(record)).toMatchObject({ state: 'whole' })

  await t.tamper('update audit_entries set sequence = -sequence where sequence = $1', [third])
  expect(await look(record)).toMatchObject({ state: 'broken' })
  await t.tamper('update audit_entries set sequence = -sequence where sequence = $1', [-third])
  expect(await look(record)).toMatchObject({ state: 'whole' })
})

it('is broken when its first entry was taken away, and when an act was changed with a hash that fits', async () => {
  const record = await t.complete()
  const [first = 0] = await sequences(record)
  await t.tamper('update audit_entries set sequence = -sequence where sequence = $1', [first])
  expect(await look(record)).toMatchObject({ state: 'broken' })
  await t.tamper('update audit_entries set sequence = -sequence where sequence = $1', [-first])

  const acts = await t.acts(record.id)
  expect(verifyActs(acts, record)).toBeNull()
  await t.tamper(`update envelope_acts set facts = facts || '{"method":"drawn"}' where envelope_id = $1 and type = 'envelope.signed'`, [
    record.id,
  ])
  expect(verifyActs(await t.acts(record.id), record)).toMatchObject({ reason: 'edited' })
  await t.tamper(`update envelope_acts set hash = repeat('0', 64) where envelope_id = $1 and sequence = 3`, [record.id])
  expect(await look(record)).toMatchObject({ state: 'broken', detail: expect.stringContaining('does not carry act 3') as string })
})

it('of which the end was cut off is broken where a checkpoint speaks of it, and behind where none does', async () => {
  const record = await t.complete()
  const last = (await sequences(record)).at(-1) ?? 0
  const hide = () => t.tamper('update audit_entries set sequence = -sequence where sequence >= $1', [last])
  const show = () => t.tamper('update audit_entries set sequence = -sequence where sequence < 0')
  await hide()
  expect(await look(record)).toMatchObject({ state: 'behind' })
  await show()
  await checkpoint()
  await hide()
  expect(await look(record)).toMatchObject({ state: 'broken', detail: expect.stringContaining('cut off') as string })
  await show()
  expect(await look(record)).toMatchObject({ state: 'whole' })
})

it('that was hashed anew from an edited entry on is told by a checkpoint', async () => {
  const record = await t.complete()
  await t.noise(2)
  await checkpoint()
  const [, second = 0] = await sequences(record)
  const before = (await t.evidence.audit.read(second - 2, 1))[0]
  const rest = await t.evidence.audit.read(second - 1, 1_000)
  const facts = rest.map(({ sequence: _sequence, previousHash: _previous, hash: _hash, ...fact }) => fact)
  const forged = chainBehind({ sequence: second - 1, hash: before?.hash ?? '' }, [{ ...facts[0]!, actor: 'forged' }, ...facts.slice(1)])
  const write = async (entries: readonly AuditEntry[]) => {
    for (const { sequence, actor, previousHash, hash } of entries)
      await t.tamper('update audit_entries set actor = $2, previous_hash = $3, hash = $4 where sequence = $1', [
        sequence,
        actor,
        Buffer.from(previousHash, 'hex'),
        Buffer.from(hash, 'hex'),
      ])
  }
  await write(forged)
  expect(await look(record)).toMatchObject({ state: 'broken', detail: expect.stringContaining('signed checkpoint') as string })
  await write(rest)
  expect(await look(record)).toMatchObject({ state: 'whole' })
})

it('of which everything was taken out is broken where others go on behind it, and by the gap where something stood before', async () => {
  await t.noise(1)
  t.clock.advance(3_600_000)
  const record = await t.complete()
  const taken = await sequences(record)
  const last = taken.at(-1) ?? 0
  const hide = (sequence: number) => t.tamper('update audit_entries set sequence = -sequence where sequence = $1', [sequence])
  for (const sequence of taken) await hide(sequence)
  await t.noise(1)
  expect(await look(record)).toMatchObject({ state: 'broken', detail: expect.stringContaining('removed') as string })
  for (const sequence of taken) await hide(-sequence)
  expect(await look(record)).toMatchObject({ state: 'whole' })
  expect((await sequences(record)).at(-1)).toBe(last)
})

it('is behind while the events of the last acts are on their way', async () => {
  const { id } = await t.ready()
  const record = await t.read(id)
  expect(await look(record)).toMatchObject({ state: 'behind', detail: 'no act has an entry' })
  await t.drain()
  await t.signer(id, 1).all()
  expect(await look(await t.read(id))).toMatchObject({ state: 'behind' })
  await t.drain()
  expect(await look(await t.read(id))).toMatchObject({ state: 'whole' })
})

it('of which a part, or all, lies in an archive says so', async () => {
  const { id } = await t.ready()
  await t.drain()
  t.clock.advance(60_000)
  const betweenMs = t.clock.nowMs() - 1
  await t.signer(id, 1).all()
  await t.drain()
  expect(await look(await t.read(id))).toMatchObject({ state: 'whole' })
  const rotate = (beforeMs: number) =>
    rotateAudit({ audit: t.evidence.audit, vault: vaultOf(), clock: t.clock }, beforeMs, { requestId: 'r', actor: '' })
  await rotate(betweenMs)
  expect(await look(await t.read(id))).toMatchObject({ state: 'archived' })
  await rotate(t.clock.nowMs() + 1)
  expect(await look(await t.read(id))).toMatchObject({ state: 'archived' })
})

/** An archive that is kept in memory. */
function vaultOf() {
  const files = new Map<string, string[]>()
  return {
    write: async (name: string, lines: AsyncIterable<string>) => {
      const kept: string[] = []
      for await (const line of lines) kept.push(line)
      files.set(name, kept)
    },
    read: async function* (name: string) {
      yield* files.get(name) ?? []
    },
  }
}

it('of a document without an envelope is its own entries', async () => {
  await t.noise(1)
  const own = await t.evidence.audit.read(0, 1, {})
  expect((await documentTrail(t.evidence, own, 0)).facts.state).toBe('whole')
  expect((await documentTrail(t.evidence, [], Date.now() + 1e9)).facts.state).toBe('none')
})

// The last one: an entry of a later time keeps archives from taking anything.
it('that has taken what happened long after an act without an entry is broken once that was waited for', async () => {
  t.clock.advance(60_000)
  const { id } = await t.ready()
  const found = async () => {
    const record = await t.read(id)
    return envelopeTrail(t.evidence, await entriesOf(t.evidence, id), await t.acts(id), record.createdAtMs)
  }
  const waiting = await found()
  expect([waiting.isOvertaken, withoutOvertaken(waiting).facts.state]).toEqual([false, 'behind'])
  const laterMs = t.clock.nowMs() + 3_600_000
  const event = { type: 'thing.happened', subject: 'other', sequence: 1 }
  await createEventLog(t.domain.runner).append(0, event, { requestId: 'r', actor: 'somebody' }, laterMs)
  // Only the streams are drained: the acts' own events are still in the outbox.
  await t.drainStreams()
  const overtaken = await found()
  expect([overtaken.facts.state, withoutOvertaken(overtaken).facts.state]).toEqual(['behind', 'broken'])
  await t.drain()
  expect(withoutOvertaken(await found()).facts.state).toBe('whole')
})

// The chain: every way to spoil it is found and named with the entry that it began with.
import { describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../../src/contracts/audit.ts'
import { ChainCheck, chainBehind, genesis, hashOf, type Break } from '../../../src/domain/audit/chain.ts'

const facts = Array.from({ length: 10 }, (_, at) => ({
  id: `evt_${at}`,
  at: new Date(1_700_000_000_000 + at).toISOString(),
  action: 'verification.queued',
  actor: 'someone',
  subject: `verification:${at}`,
  subjectSequence: 1,
  requestId: 'r',
  data: { at },
}))

const whole = (): AuditEntry[] => chainBehind(genesis, facts)

function check(entries: readonly AuditEntry[]): Break | null {
  const chain = new ChainCheck()
  for (const entry of entries) {
    const broken = chain.take(entry)
    if (broken) return broken
  }
  return null
}

function changed(entries: AuditEntry[], sequence: number, change: Partial<AuditEntry>): AuditEntry[] {
  return entries.map((entry) => (entry.sequence === sequence ? { ...entry, ...change } : entry))
}

describe('a chain', () => {
  it('that nobody touched is whole, also when it was written in several pieces', () => {
    expect(check(whole())).toBeNull()
    const first = chainBehind(genesis, facts.slice(0, 4))
    const last = first.at(-1)
    expect([...first, ...chainBehind({ sequence: 4, hash: last?.hash ?? '' }, facts.slice(4))]).toEqual(whole())
  })

  it.each([
    ['its data', { data: { at: 99 } }],
    ['its time', { at: '2020-01-01T00:00:00.000Z' }],
    ['who did it', { actor: 'somebody else' }],
    ['its hash', { hash: 'f'.repeat(64) }],
  ])('with an entry edited in %s is broken there', (_what, change) => {
    expect(check(changed(whole(), 5, change))).toEqual({ sequence: 5, reason: 'edited' })
  })

  it('with an entry edited and hashed anew is broken there', () => {
    const [entry] = whole().filter(({ sequence }) => sequence === 5)
    const edited = { ...entry, data: { at: 99 } } as AuditEntry
    expect(check(changed(whole(), 5, { ...edited, hash: hashOf(edited) }))).toEqual({ sequence: 5, reason: 'replaced' })
  })

  it('with an entry removed is broken there, also when the others close ranks', () => {
    const without = whole().filter(({ sequence }) => sequence !== 5)
    expect(check(without)).toEqual({ sequence: 5, reason: 'removed' })
    expect(check(without.map((entry) => (entry.sequence > 5 ? { ...entry, sequence: entry.sequence - 1 } : entry)))).toMatchObject({
      sequence: 5,
    })
  })

  it('with two entries exchanged is broken at the first', () => {
    const entries = whole().map((entry) => ({ ...entry, sequence: entry.sequence === 5 ? 6 : entry.sequence === 6 ? 5 : entry.sequence }))
    expect(check(entries.toSorted((one, other) => one.sequence - other.sequence))).toEqual({ sequence: 5, reason: 'reordered' })
  })

  it('with an entry put in is broken there', () => {
    const entries = whole()
    const invented = { ...entries[4], sequence: 6 } as AuditEntry
    expect(
      check([...entries.slice(0, 5), invented, ...entries.slice(5).map((entry) => ({ ...entry, sequence: entry.sequence + 1 }))]),
    ).toMatchObject({ sequence: 6 })
  })
})

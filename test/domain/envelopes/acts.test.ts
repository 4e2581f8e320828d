// The chain of acts: it verifies as it was written, and every edit, removal, reordering and cut is told.
import { describe, expect, it } from 'vitest'
import type { Act, EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { actsGenesis, appendActs, hashOfAct, verifyActs } from '../../../src/domain/envelopes/acts.ts'
import { createEnvelopeId } from '../../../src/domain/envelopes/id.ts'

const trace = { requestId: 'req', actor: 'actor' }
const empty = { id: createEnvelopeId(3, 7), sequence: 0, actsHead: actsGenesis } as EnvelopeRecord

const chain = () => {
  const begun = appendActs(
    empty,
    [{ type: 'envelope.sent', facts: { signers: 2, isSigned: false } }, { type: 'envelope.prepared' }],
    trace,
    1_000,
  )
  const signed = appendActs(begun.record, [{ type: 'envelope.signed', signer: 1, personal: { typedName: 'Ada' } }], trace, 2_000)
  return { record: signed.record, acts: [...begun.acts, ...signed.acts], events: [...begun.events, ...signed.events] }
}

describe('appending', () => {
  it('numbers the acts, links each to the one before, and moves the head of the record', () => {
    const { record, acts } = chain()
    expect(acts.map(({ sequence, signer, at }) => [sequence, signer, at])).toEqual([
      [1, null, '1970-01-01T00:00:01.000Z'],
      [2, null, '1970-01-01T00:00:01.000Z'],
      [3, 1, '1970-01-01T00:00:02.000Z'],
    ])
    expect(acts.map(({ previousHash }) => previousHash)).toEqual([actsGenesis, acts[0]?.hash, acts[1]?.hash])
    expect([record.sequence, record.actsHead]).toEqual([3, acts[2]?.hash])
    expect(verifyActs(acts, record)).toBeNull()
  })

  it('gives each act an event that carries its hash and nothing personal, in the partition of the envelope', () => {
    const { record, acts, events } = chain()
    expect(events.map(({ type, subject, sequence, data, partition }) => ({ type, subject, sequence, data, partition }))).toEqual(
      acts.map(({ type, sequence, hash, signer }) => ({
        type,
        subject: record.id,
        sequence,
        data: { hash, ...(signer === null ? {} : { signer: String(signer) }) },
        partition: 3,
      })),
    )
    expect(JSON.stringify(events)).not.toContain('Ada')
  })

  it('salts what is personal: the same act twice has two hashes, and a hash alone confirms no guess', () => {
    const [one, two] = [chain().acts[2], chain().acts[2]] as [Act, Act]
    expect(one.hash).not.toBe(two.hash)
    expect(one.personal).toEqual({ typedName: 'Ada', salt: expect.stringMatching(/^[\w-]{22}$/) })
    expect(chain().acts[0]?.hash).toBe(chain().acts[0]?.hash)
  })

  it('hashes whatever order the members come back in from a database', () => {
    const [act] = chain().acts as [Act]
    const turned = { ...act, facts: Object.fromEntries(Object.entries(act.facts).toReversed()) }
    expect(hashOfAct(turned)).toBe(act.hash)
  })
})

describe('verifying', () => {
  const edited = (at: number, change: Partial<Act>): Act[] => chain().acts.map((act, index) => (index === at ? { ...act, ...change } : act))
  it.for<[string, () => Act[], object]>([
    ['a fact that was edited', () => edited(0, { facts: { signers: 3, isSigned: false } }), { sequence: 1, reason: 'edited' }],
    ['a typed name that was edited', () => edited(2, { personal: { typedName: 'Eve' } }), { sequence: 3, reason: 'edited' }],
    ['a time that was edited', () => edited(1, { at: '1971-01-01T00:00:00.000Z' }), { sequence: 2, reason: 'edited' }],
    ['another signer', () => edited(2, { signer: 2 }), { sequence: 3, reason: 'edited' }],
    ['an act that was removed', () => chain().acts.toSpliced(1, 1), { sequence: 2, reason: 'missing' }],
    ['the first act removed', () => chain().acts.slice(1), { sequence: 1, reason: 'missing' }],
    ['acts that changed places', () => chain().acts.toReversed(), { sequence: 1, reason: 'missing' }],
    ['an act there twice', () => [...chain().acts, ...chain().acts.slice(2)], { sequence: 4, reason: 'missing' }],
    ['an act of another envelope', () => edited(1, { envelopeId: 'env_x' }), { sequence: 2, reason: 'missing' }],
    ['an erased act where nothing was purged', () => edited(2, { personal: {}, isErased: true }), { sequence: 3, reason: 'edited' }],
  ])('tells %s', ([, acts, fault]) => {
    expect(verifyActs(acts())).toEqual(fault)
  })

  it('tells an act that was edited and hashed anew', () => {
    const acts = edited(0, { facts: { signers: 9, isSigned: false } })
    const [first, ...rest] = acts as [Act, ...Act[]]
    expect(verifyActs([{ ...first, hash: hashOfAct(first) }, ...rest])).toEqual({ sequence: 2, reason: 'unlinked' })
  })

  it('tells a cut end by the head of the record, and an act behind it', () => {
    const { record, acts } = chain()
    expect(verifyActs(acts.slice(0, 2), record)).toEqual({ sequence: 3, reason: 'cut' })
    expect(verifyActs(acts.slice(0, 2))).toBeNull()
    expect(verifyActs(acts, { sequence: 2, actsHead: acts[1]?.hash ?? '' })).toEqual({ sequence: 3, reason: 'added' })
    expect(verifyActs([], record)).toEqual({ sequence: 1, reason: 'cut' })
  })

  const erased = (acts: readonly Act[]): Act[] => acts.map((act) => (act.sequence === 3 ? { ...act, personal: {}, isErased: true } : act))

  it('takes erased acts at their word once a later act of a purged record says so; their links still count', () => {
    const { record, acts } = chain()
    const purged = appendActs({ ...record, purgedAtMs: 3_000 }, [{ type: 'envelope.purged' }], trace, 3_000)
    const all = erased([...acts, ...purged.acts])
    expect(verifyActs(all, purged.record)).toBeNull()
    const forged = all.map((act) => (act.sequence === 3 ? { ...act, hash: actsGenesis } : act))
    expect(verifyActs(forged, purged.record)).toEqual({ sequence: 4, reason: 'unlinked' })
  })

  it('does not take the word of a purge that somebody put behind the last act', () => {
    const { record, acts } = chain()
    const purged = appendActs(record, [{ type: 'envelope.purged' }], trace, 3_000)
    const all = erased([...acts, ...purged.acts])
    expect(verifyActs(all, record)).toEqual({ sequence: 3, reason: 'edited' })
    expect(verifyActs(all, { ...record, purgedAtMs: 3_000 })).toEqual({ sequence: 3, reason: 'edited' })
    expect(verifyActs([...acts, ...purged.acts], record)).toEqual({ sequence: 4, reason: 'added' })
    // Not even within the chain, of a record that was not purged.
    expect(verifyActs(all, purged.record)).toEqual({ sequence: 3, reason: 'edited' })
  })
})

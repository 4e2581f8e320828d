// Verifying a real trail in a real Postgres, spoiled in every way by somebody who may do everything there: each is found and named.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createCheckpointSigner } from '../../../src/providers/tokens/checkpoint-signer.ts'
import { chainBehind, genesis, hashOf } from '../../../src/domain/audit/chain.ts'
import { latestCheckpoint, writeCheckpoint, type CheckpointOutcome } from '../../../src/domain/audit/checkpoints.ts'
import { rotateAudit } from '../../../src/domain/audit/rotate.ts'
import { verifyTrail } from '../../../src/domain/audit/verify.ts'
import { systemClock as clock } from '../../../src/lib/clock.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { generateSecrets } from '../../../src/standins/dev-secrets.ts'
import { createTrail, type TestTrail } from '../../support/trail.ts'

const trace = { requestId: 'r', actor: 'a' }

async function wholeTrail(entries = 50): Promise<TestTrail> {
  const trail = await createTrail()
  await trail.write(entries)
  await trail.drain()
  return trail
}

const checkpoint = async (trail: TestTrail): Promise<CheckpointOutcome> =>
  writeCheckpoint({ ...trail, clock }, await latestCheckpoint(trail))
const verdict = async (trail: TestTrail) => (await verifyTrail(trail)).verification

describe('a trail', () => {
  it('that nobody touched is whole, and its checkpoints agree', async () => {
    const trail = await wholeTrail()
    expect(await checkpoint(trail)).toMatchObject({ kind: 'written', checkpoint: { sequence: 50 } })
    expect(await checkpoint(trail)).toEqual({ kind: 'nothing_new' })
    await trail.write(3)
    await trail.drain()
    expect(await checkpoint(trail)).toMatchObject({ kind: 'written', checkpoint: { sequence: 53 } })
    expect(await verdict(trail)).toEqual({ ok: true, entries: 53, checkpoints: 2, checkpointed: 53 })
  })

  it('without a single entry is whole', async () => {
    expect(await verdict(await createTrail())).toEqual({ ok: true, entries: 0, checkpoints: 0, checkpointed: 0 })
  })

  it('refuses every change, also in bulk', async () => {
    const { pool } = await wholeTrail(2)
    for (const sql of [
      `update audit_entries set actor = 'nobody'`,
      'delete from audit_entries where sequence = 2',
      'truncate audit_entries',
      'truncate audit_archives, audit_entries',
    ])
      await expect(pool.query(sql)).rejects.toThrow('the audit trail is only ever added to')
  })

  it.each([
    ['edited', `update audit_entries set data = '{"n":"0"}' where sequence = 20`, { sequence: 20, reason: 'edited' }],
    ['removed', 'delete from audit_entries where sequence = 20', { sequence: 20, reason: 'removed' }],
    [
      'reordered',
      'update audit_entries set sequence = case sequence when 20 then -21 when 21 then -20 end where sequence in (20, 21); update audit_entries set sequence = -sequence where sequence < 0',
      { sequence: 20, reason: 'reordered' },
    ],
    ['cut at its end', 'delete from audit_entries where sequence > 40', { sequence: 41, reason: 'cut', through: 50 }],
    ['emptied', 'delete from audit_entries', { sequence: 1, reason: 'cut', through: 50 }],
  ])('that was %s is found broken, and where', async (_how, sql, firstBroken) => {
    const trail = await wholeTrail()
    await checkpoint(trail)
    for (const statement of sql.split(';')) await trail.tamper(statement)
    expect(await verdict(trail)).toMatchObject({ ok: false, firstBroken })
  })

  it('that was hashed anew from an edit on is found by the checkpoint behind it, and no further one is signed over it', async () => {
    const trail = await wholeTrail()
    await checkpoint(trail)
    await trail.write(10)
    await trail.drain()
    await checkpoint(trail)
    const entries = await trail.audit.read(0, 100)
    const facts = entries.map(({ sequence, previousHash: _previous, hash: _hash, ...fact }) =>
      sequence === 55 ? { ...fact, actor: 'nobody' } : fact,
    )
    for (const entry of chainBehind(genesis, facts).filter(({ sequence }) => sequence >= 55)) {
      expect(hashOf(entry)).toBe(entry.hash)
      await trail.tamper('update audit_entries set actor = $2, previous_hash = $3, hash = $4 where sequence = $1', [
        entry.sequence,
        entry.actor,
        Buffer.from(entry.previousHash, 'hex'),
        Buffer.from(entry.hash, 'hex'),
      ])
    }
    expect(await verdict(trail)).toMatchObject({
      ok: false,
      firstBroken: { sequence: 51, reason: 'rewritten', through: 60 },
      checkpointed: 50,
    })
    await trail.write(1)
    await trail.drain()
    expect(await checkpoint(trail)).toMatchObject({ kind: 'broken' })
  })

  it('that was cut is told by the next checkpoint as well', async () => {
    const trail = await wholeTrail()
    await checkpoint(trail)
    await trail.tamper('delete from audit_entries where sequence > 45')
    expect(await checkpoint(trail)).toEqual({ kind: 'broken', at: { sequence: 46, reason: 'cut', through: 50 } })
  })

  it('believes no checkpoint that another key signed', async () => {
    const trail = await wholeTrail()
    const forger = await createCheckpointSigner(new Secret(generateSecrets().PROOF_KEY))
    const forged = { sequence: 50, hash: 'f'.repeat(64), at: new Date().toISOString() }
    await trail.checkpoints.append(forged, await forger.sign(forged))
    await trail.checkpoints.append(forged, 'no JWS at all')
    expect(await verdict(trail)).toEqual({ ok: true, entries: 50, checkpoints: 0, checkpointed: 0 })
  })

  it('can be verified in pieces', async () => {
    const trail = await wholeTrail(5_000)
    await checkpoint(trail)
    const first = await verifyTrail(trail, { patienceMs: 0 })
    expect(first.place).toMatchObject({ sequence: 500 })
    const rest = await verifyTrail(trail, { from: first.place })
    expect(rest.verification).toMatchObject({ ok: true, entries: 4_500, checkpoints: 1, checkpointed: 5_000 })
  })
})

describe('rotation', () => {
  it('moves old entries to a compressed file that still verifies with the rest', async () => {
    const trail = await wholeTrail(120)
    await checkpoint(trail)
    await trail.pool.query('select 1')
    expect(await rotateAudit({ ...trail, clock }, Date.now() + 1_000, trace)).toMatchObject({ firstSequence: 1, lastSequence: 120 })
    expect(await rotateAudit({ ...trail, clock }, Date.now() + 1_000, trace)).toBeNull()
    expect(await trail.audit.read(0, 10)).toEqual([])
    await trail.write(30)
    await trail.drain()
    expect(await checkpoint(trail)).toMatchObject({ kind: 'written', checkpoint: { sequence: 150 } })
    expect(await verdict(trail)).toEqual({ ok: true, entries: 150, checkpoints: 2, checkpointed: 150 })
    await rotateAudit({ ...trail, clock }, Date.now() + 1_000, trace)
    await trail.write(5)
    await trail.drain()
    expect(await verdict(trail)).toMatchObject({ ok: true, entries: 155 })
    const [file] = readdirSync(join(trail.folder, 'archives'))
    rmSync(join(trail.folder, 'archives', file ?? ''))
    expect(await verdict(trail)).toMatchObject({ ok: false, firstBroken: { sequence: 1, reason: 'archive_missing', through: 120 } })
  })

  it('puts nothing away that is broken', async () => {
    const trail = await wholeTrail()
    await trail.tamper(`update audit_entries set actor = 'nobody' where sequence = 7`)
    await expect(rotateAudit({ ...trail, clock }, Date.now() + 1_000, trace)).rejects.toThrow('entry 7 is edited')
    expect(await trail.audit.archives()).toEqual([])
    expect(readdirSync(join(trail.folder, 'archives'))).toEqual([])
  })
})

// Checkpoints: each minute the end of the chain is signed and kept elsewhere, after what was added since the last one has been verified.
import type { Clock } from '../../lib/clock.ts'
import type { AuditStore, Checkpoint, CheckpointSigner, CheckpointSink } from '../event-ports.ts'
import { ChainCheck, genesis, type Break } from './chain.ts'

export type CheckpointDeps = { audit: AuditStore; checkpoints: CheckpointSink; checkpointSigner: CheckpointSigner; clock: Clock }

export type CheckpointOutcome = { kind: 'written'; checkpoint: Checkpoint } | { kind: 'nothing_new' } | { kind: 'broken'; at: Break }

const batch = 2_000

/** The newest checkpoint that our key signed. */
export async function latestCheckpoint({
  checkpoints,
  checkpointSigner,
}: Pick<CheckpointDeps, 'checkpoints' | 'checkpointSigner'>): Promise<Checkpoint | null> {
  for await (const signed of checkpoints.newest()) {
    const checkpoint = await checkpointSigner.read(signed)
    if (checkpoint) return checkpoint
  }
  return null
}

/**
 * Signs the end of the chain, unless a checkpoint speaks of it already. What does not follow from `last` is not signed over but told: from then on every call
 * tells it, until somebody has looked.
 */
export async function writeCheckpoint(deps: CheckpointDeps, last: Checkpoint | null): Promise<CheckpointOutcome> {
  const check = new ChainCheck(last ?? genesis, last?.sequence)
  const archived = (await deps.audit.archives()).at(-1)
  // What was archived since was verified when it was.
  const start =
    archived && archived.lastSequence > check.head.sequence ? { sequence: archived.lastSequence, hash: archived.lastHash } : null
  const follow = start ? new ChainCheck(start) : check
  for (;;) {
    const entries = await deps.audit.read(follow.head.sequence, batch)
    if (entries.length === 0) break
    for (const entry of entries) {
      const broken = follow.take(entry)
      if (broken) return { kind: 'broken', at: broken }
    }
  }
  if (last && !start) {
    const head = await deps.audit.head()
    if (head.sequence < last.sequence) return { kind: 'broken', at: { sequence: head.sequence + 1, reason: 'cut', through: last.sequence } }
  }
  if (follow.head.sequence === (last?.sequence ?? 0)) return { kind: 'nothing_new' }
  const checkpoint = { ...follow.head, at: new Date(deps.clock.nowMs()).toISOString() }
  await deps.checkpoints.append(checkpoint, await deps.checkpointSigner.sign(checkpoint))
  return { kind: 'written', checkpoint }
}

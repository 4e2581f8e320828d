// Verifying the trail: archives first, then the table, each entry against the one before and each signed checkpoint against its entry.
import type { AuditEntry, AuditVerification } from '../../contracts/audit.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { ArchiveVault, AuditStore, ChainHead, Checkpoint, CheckpointSigner, CheckpointSink } from '../event-ports.ts'
import { ChainCheck, genesis, type Break } from './chain.ts'

export type VerifyDeps = { audit: AuditStore; vault: ArchiveVault; checkpoints: CheckpointSink; checkpointSigner: CheckpointSigner }

/** Where a verification that stopped early goes on. */
export type VerifiedPlace = ChainHead & { checkpointed: number }

/** `place` is there when the verification stopped before the end. */
export type VerifyResult = { verification: AuditVerification; place?: VerifiedPlace }

const batch = 500

/**
 * Reads the whole trail once, in constant memory; names the first entry that is not as it was written. Stops without a verdict on the rest after `patienceMs`.
 * Throws `service_degraded` when Postgres is away.
 */
export async function verifyTrail(
  deps: VerifyDeps,
  { from, patienceMs = Infinity }: { from?: VerifiedPlace | undefined; patienceMs?: number } = {},
): Promise<VerifyResult> {
  const check = new ChainCheck(from ?? genesis, from?.checkpointed)
  const checkpoints = new CheckpointReader(deps)
  const giveUpAtMs = performance.now() + patienceMs
  const verdict = (firstBroken: Break | null): VerifyResult => ({
    verification: {
      ok: firstBroken === null,
      entries: check.entries,
      ...(firstBroken ? { firstBroken } : {}),
      checkpoints: check.checkpoints,
      checkpointed: check.checkpointed,
    },
  })
  await checkpoints.skipTo(check.head.sequence)
  for await (const entries of everyEntry(deps, check.head.sequence)) {
    if (!Array.isArray(entries)) return verdict(entries)
    for (const entry of entries) {
      const broken = check.take(entry) ?? (await compareAll(check, checkpoints))
      if (broken) return verdict(broken)
    }
    if (performance.now() > giveUpAtMs) return { ...verdict(null), place: { ...check.head, checkpointed: check.checkpointed } }
  }
  const later = checkpoints.next
  return verdict(later ? check.missing(later) : null)
}

/** An entry that is gone from the end of a table looks like one that was never there: only a checkpoint tells. */
async function compareAll(check: ChainCheck, checkpoints: CheckpointReader): Promise<Break | null> {
  let broken: Break | null = null
  while (!broken && checkpoints.next?.sequence === check.head.sequence) {
    broken = check.compare(checkpoints.next)
    await checkpoints.advance()
  }
  return broken
}

/** Batches of entries from archives and table in one order; a Break when an archive cannot be read. */
async function* everyEntry({ audit, vault }: VerifyDeps, after: number): AsyncGenerator<AuditEntry[] | Break> {
  let last = after
  for (const archive of await audit.archives()) {
    if (archive.lastSequence <= last) continue
    const lines = inBatches(vault.read(archive.name))
    try {
      for await (const texts of lines) {
        const entries = texts.map((text) => JSON.parse(text) as AuditEntry).filter(({ sequence }) => sequence > after)
        if (entries.length > 0) yield entries
      }
    } catch {
      return yield { sequence: Math.max(archive.firstSequence, last + 1), reason: 'archive_missing', through: archive.lastSequence }
    }
    last = archive.lastSequence
  }
  for (;;) {
    const entries = await audit.read(last, batch)
    if (entries.length === 0) return
    yield entries
    last = entries.at(-1)?.sequence ?? last
  }
}

async function* inBatches(lines: AsyncIterable<string>): AsyncGenerator<string[]> {
  let texts: string[] = []
  for await (const line of lines) {
    texts.push(line)
    if (texts.length < batch) continue
    yield texts
    texts = []
  }
  if (texts.length > 0) yield texts
}

/** The checkpoints that we signed, one at a time, in the order of what they speak of. */
class CheckpointReader {
  /** The next one that was not compared. */
  next: Checkpoint | undefined
  readonly #signer: CheckpointSigner
  readonly #signed: AsyncIterator<string>

  constructor({ checkpoints, checkpointSigner }: VerifyDeps) {
    this.#signer = checkpointSigner
    this.#signed = checkpoints.all()[Symbol.asyncIterator]()
  }

  async advance(): Promise<void> {
    const before = this.next?.sequence ?? 0
    for (;;) {
      const { done, value } = await this.#signed.next()
      if (done) return void (this.next = undefined)
      const checkpoint = await this.#signer.read(value)
      // What an older key signed says nothing any more; the ones after it speak for the same entries.
      if (checkpoint && checkpoint.sequence >= before) return void (this.next = checkpoint)
    }
  }

  async skipTo(sequence: number): Promise<void> {
    await this.advance()
    while (this.next && this.next.sequence <= sequence) await this.advance()
  }
}

/** How long one request verifies before it says where to go on. */
export const requestPatienceMs = 20 * SECOND_MS

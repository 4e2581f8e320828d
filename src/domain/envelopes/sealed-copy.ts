// The sealed copy of a completed envelope, for those who may see the envelope.
import { AppError } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { EnvelopeDeps } from './deps.ts'
import { openEnvelope } from './personal.ts'
import { accessibleEnvelope } from './read.ts'

/** Where its bytes lie, and what they are. */
export type SealedCopy = { key: string; bytes: number; sha256: string; filename: string; sealedAtMs: number }

/** Throws `envelope_not_found`, `envelope_not_sealed` before the envelope is completed (or when it ended otherwise), `envelope_purged` when its time is over. */
export async function sealedCopy(deps: Pick<EnvelopeDeps, 'keyring' | 'envelopes'>, caller: Caller, id: string): Promise<SealedCopy> {
  const { record } = await accessibleEnvelope(deps, caller, id)
  if (record.purgedAtMs !== undefined) throw new AppError('envelope_purged')
  const { sealedKey: key, bytes, sha256, sealedAtMs = record.createdAtMs } = record.seal ?? {}
  if (record.status !== 'completed' || key === undefined || bytes === undefined || sha256 === undefined)
    throw new AppError('envelope_not_sealed')
  const title = openEnvelope(deps.keyring, record.id, record.sealed)?.title ?? record.id
  return { key, bytes, sha256, filename: `${title.replaceAll(/[\p{Cc}/\\]/gu, ' ').trim()} (sealed).pdf`, sealedAtMs }
}

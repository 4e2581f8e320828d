// Signs and reads checkpoints of the audit trail: compact JWS by Ed25519 under PROOF_KEY, of a type of their own. Anybody can check them by the published key.
import { CompactSign, compactVerify } from 'jose'
import type { Checkpoint, CheckpointSigner } from '../../domain/event-ports.ts'
import type { Secret } from '../../lib/secret.ts'
import { readSigningKey, signatureAlgorithm } from './signing-key.ts'

const type = 'audit-checkpoint'

/** Imports PROOF_KEY once. Throws an Error that names the setting (never the key) when it is no Ed25519 private JWK. */
export async function createCheckpointSigner(key: Secret): Promise<CheckpointSigner> {
  const { privateKey, publicKey, kid } = await readSigningKey(key)
  const header = { alg: signatureAlgorithm, typ: type, kid }
  return {
    sign: ({ sequence, hash, at }) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify({ sequence, hash, at }))).setProtectedHeader(header).sign(privateKey),
    read: async (signed) => {
      try {
        const { payload, protectedHeader } = await compactVerify(signed, publicKey, { algorithms: [signatureAlgorithm] })
        if (protectedHeader.typ !== type) return null
        return checkpointOf(JSON.parse(new TextDecoder().decode(payload)))
      } catch {
        return null
      }
    },
  }
}

function checkpointOf(value: unknown): Checkpoint | null {
  const { sequence, hash, at } = value as Readonly<Record<string, unknown>>
  if (!Number.isSafeInteger(sequence) || typeof hash !== 'string' || typeof at !== 'string') return null
  return { sequence: Number(sequence), hash, at }
}

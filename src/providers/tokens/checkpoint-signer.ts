// Signs and reads checkpoints of the audit trail: compact JWS by Ed25519 under PROOF_KEY, of a type of their own. Anybody can check them by the published key.
import { calculateJwkThumbprint, CompactSign, compactVerify, exportJWK, importJWK, type JWK } from 'jose'
import { createPublicKey } from 'node:crypto'
import type { Checkpoint, CheckpointSigner } from '../../domain/event-ports.ts'
import type { Secret } from '../../lib/secret.ts'

const algorithm = 'EdDSA'
const type = 'audit-checkpoint'

/** Imports PROOF_KEY once. Throws an Error that names the setting (never the key) when it is no Ed25519 private JWK. */
export async function createCheckpointSigner(key: Secret): Promise<CheckpointSigner> {
  const { privateKey, publicKey, kid } = await readKey(key)
  const header = { alg: algorithm, typ: type, kid }
  return {
    sign: ({ sequence, hash, at }) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify({ sequence, hash, at }))).setProtectedHeader(header).sign(privateKey),
    read: async (signed) => {
      try {
        const { payload, protectedHeader } = await compactVerify(signed, publicKey, { algorithms: [algorithm] })
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

async function readKey(key: Secret) {
  try {
    const jwk = JSON.parse(key.reveal()) as JWK
    if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.d !== 'string') throw new TypeError('not an Ed25519 private key')
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const { kty, crv, x } = await exportJWK(publicKey)
    const kid = await calculateJwkThumbprint({ kty: String(kty), crv: String(crv), x: String(x) })
    return { privateKey: await importJWK(jwk, algorithm), publicKey, kid }
  } catch {
    // Without a cause: the parser's message would quote the key.
    throw new Error('PROOF_KEY must be an Ed25519 private key as JWK')
  }
}

// Signs the manifest of an evidence bundle: compact JWS by Ed25519 under PROOF_KEY, of a type of its own. The bundle's verify.ts checks it by the key beside it.
import { CompactSign } from 'jose'
import type { EvidenceSigner } from '../../domain/evidence-ports.ts'
import type { Secret } from '../../lib/secret.ts'
import { readSigningKey, signatureAlgorithm } from './signing-key.ts'

/** Imports PROOF_KEY once. Throws an Error that names the setting (never the key) when it is no Ed25519 private JWK. */
export async function createEvidenceSigner(key: Secret): Promise<EvidenceSigner> {
  const { privateKey, publicJwk, kid } = await readSigningKey(key)
  const header = { alg: signatureAlgorithm, typ: 'evidence-manifest', kid }
  return {
    sign: (manifest) => new CompactSign(new TextEncoder().encode(manifest)).setProtectedHeader(header).sign(privateKey),
    keySet: () => ({ keys: [{ ...publicJwk, kid, use: 'sig', alg: signatureAlgorithm }] }),
  }
}

// PROOF_KEY as a key to sign with: whoever signs something of a type of their own reads it by this.
import { calculateJwkThumbprint, exportJWK, importJWK, type JWK } from 'jose'
import { createPublicKey } from 'node:crypto'
import type { Secret } from '../../lib/secret.ts'

export const signatureAlgorithm = 'EdDSA'

/** Throws an Error that names the setting (never the key) when it is no Ed25519 private JWK. `kid` is the thumbprint (RFC 7638). */
export async function readSigningKey(key: Secret) {
  try {
    const jwk = JSON.parse(key.reveal()) as JWK
    if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.d !== 'string') throw new TypeError('not an Ed25519 private key')
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const { kty, crv, x } = await exportJWK(publicKey)
    const publicJwk = { kty: String(kty), crv: String(crv), x: String(x) }
    return { privateKey: await importJWK(jwk, signatureAlgorithm), publicKey, publicJwk, kid: await calculateJwkThumbprint(publicJwk) }
  } catch {
    // Without a cause: the parser's message would quote the key.
    throw new Error('PROOF_KEY must be an Ed25519 private key as JWK')
  }
}

// Signs and reads proofs: compact JWS by Ed25519, whose signatures are deterministic. That a proof is used once is the store's to say.
import { calculateJwkThumbprint, errors, exportJWK, importJWK, jwtVerify, SignJWT, type JWK, type JWTPayload } from 'jose'
import { createPublicKey } from 'node:crypto'
import { channels, purposes } from '../../contracts/verification.ts'
import type { ProofClaims, ProofSigner } from '../../domain/ports.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Secret } from '../../lib/secret.ts'

/** The `aud` of every proof; its `iss` is PUBLIC_URL. */
export const proofAudience = 'sallyport-proof'
export const proofLifetimeSeconds = 300

const algorithm = 'EdDSA'
const type = 'proof+jwt'

/** The public half, as `/.well-known/jwks.json` serves it. */
export type PublicKeySet = { keys: readonly Record<string, unknown>[] }

/** Imports PROOF_KEY once. Throws an Error that names the setting (never the key) when it is no Ed25519 private JWK. */
export async function createProofSigner(options: {
  key: Secret
  issuer: string
  clock: Clock
}): Promise<ProofSigner & { jwks: () => PublicKeySet }> {
  const { privateKey, publicKey, publicJwk } = await readKey(options.key)
  const header = { alg: algorithm, typ: type, kid: publicJwk.kid }
  return {
    sign: (claims) => new SignJWT(toPayload(claims, options.issuer)).setProtectedHeader(header).sign(privateKey),
    verify: async (proof) => {
      try {
        const { payload } = await jwtVerify(proof, publicKey, {
          algorithms: [algorithm],
          typ: type,
          issuer: options.issuer,
          audience: proofAudience,
          requiredClaims: ['jti', 'sub', 'exp', 'iat'],
          currentDate: new Date(options.clock.nowMs()),
        })
        const claims = fromPayload(payload)
        return claims ? { kind: 'valid', claims } : { kind: 'invalid' }
      } catch (error) {
        return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' }
      }
    },
    jwks: () => ({ keys: [publicJwk] }),
  }
}

async function readKey(key: Secret) {
  try {
    const jwk = JSON.parse(key.reveal()) as JWK
    if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || typeof jwk.d !== 'string') throw new TypeError('not an Ed25519 private key')
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
    const { kty, crv, x } = await exportJWK(publicKey)
    const kid = await calculateJwkThumbprint({ kty: String(kty), crv: String(crv), x: String(x) })
    return { privateKey: await importJWK(jwk, algorithm), publicKey, publicJwk: { kty, crv, x, kid, use: 'sig', alg: algorithm } }
  } catch {
    // Without a cause: the parser's message would quote the key.
    throw new Error('PROOF_KEY must be an Ed25519 private key as JWK')
  }
}

/** The order of the members is part of the promise that the same claims give the same proof. */
function toPayload(claims: ProofClaims, issuer: string): JWTPayload {
  const issuedAtSeconds = Math.floor(claims.approvedAtMs / 1_000)
  return {
    iss: issuer,
    aud: proofAudience,
    jti: claims.proofId,
    sub: claims.verificationId,
    purpose: claims.purpose,
    channel: claims.channel,
    to: claims.maskedTo,
    to_sha256: claims.toSha256,
    user_id: claims.userId,
    started_by: claims.startedBy,
    approved_at: new Date(claims.approvedAtMs).toISOString(),
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + proofLifetimeSeconds,
  }
}

const starters = ['anonymous', 'user', 'server'] as const

function fromPayload(payload: JWTPayload): ProofClaims | null {
  const purpose = purposes.find((known) => known === payload.purpose)
  const channel = channels.find((known) => known === payload.channel)
  const { jti, sub, to, to_sha256: toSha256, user_id: userId, approved_at: approvedAt } = payload
  const startedBy = starters.find((known) => known === payload['started_by'])
  const approvedAtMs = typeof approvedAt === 'string' ? Date.parse(approvedAt) : Number.NaN
  if (
    !purpose ||
    !channel ||
    !startedBy ||
    !jti ||
    !sub ||
    typeof to !== 'string' ||
    typeof toSha256 !== 'string' ||
    Number.isNaN(approvedAtMs)
  )
    return null
  return {
    proofId: jti,
    verificationId: sub,
    purpose,
    channel,
    maskedTo: to,
    toSha256,
    userId: typeof userId === 'string' ? userId : null,
    startedBy,
    approvedAtMs,
  }
}

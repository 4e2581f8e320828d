// Reads the JWTs that callers bring: by a shared secret (HS256) or by a published key set. What the claims allow is the API's to say.
import { createHash } from 'node:crypto'
import { createRemoteJWKSet, customFetch, errors, jwtVerify, type FetchImplementation, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { TokenClaims, TokenReader } from '../../domain/session-ports.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Secret } from '../../lib/secret.ts'

/** Where keys come from and what a token must say. Without `issuer` or `audience` that claim is not compared (development only). */
export type JwtRules = {
  secret?: Secret | undefined
  jwksUrl?: string | undefined
  issuer?: string | undefined
  audience?: string | undefined
  /** How the key set is fetched, when not by the platform's own `fetch`. */
  fetchKeySet?: FetchImplementation | undefined
}

const keySetAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519']
const keySetTimeoutMs = 2 * SECOND_MS
const retryAfterMs = 5 * SECOND_MS
const clockToleranceSeconds = 5

/**
 * A function from a compact JWT to its claims. It throws `unauthenticated` for anything that is not a valid token (without saying why: the
 * bearer may be an attacker), and `service_degraded` when the key set cannot be reached, at once for 5 s after a failure.
 */
export function createJwtVerifier(rules: JwtRules): TokenReader {
  const secretKey = rules.secret ? new TextEncoder().encode(rules.secret.reveal()) : undefined
  const keySet = rules.jwksUrl ? reachableKeySet(rules.jwksUrl, rules.fetchKeySet) : undefined
  const expected = {
    requiredClaims: ['exp', 'sub'],
    clockTolerance: clockToleranceSeconds,
    ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
    ...(rules.audience === undefined ? {} : { audience: rules.audience }),
  }
  return async (token) => {
    try {
      // Each algorithm is tied to its own kind of key, so that a public key can never serve as an HMAC secret.
      if (secretKey && (!keySet || isHmac(token))) {
        return readClaims(token, (await jwtVerify(token, secretKey, { ...expected, algorithms: ['HS256'] })).payload)
      }
      if (keySet) return readClaims(token, (await jwtVerify(token, keySet, { ...expected, algorithms: keySetAlgorithms })).payload)
    } catch (error) {
      if (error instanceof AppError) throw error
      throw new AppError('unauthenticated', {}, { cause: error })
    }
    throw new AppError('unauthenticated')
  }
}

function isHmac(token: string): boolean {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0] ?? '', 'base64url').toString())
    return typeof header === 'object' && header !== null && 'alg' in header && header.alg === 'HS256'
  } catch {
    return false
  }
}

/** The key set, with its unreachability told apart from a token that no key fits. */
function reachableKeySet(url: string, fetchKeySet: FetchImplementation | undefined): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: keySetTimeoutMs,
    ...(fetchKeySet ? { [customFetch]: fetchKeySet } : {}),
  })
  let failedAtMs = -Infinity
  return async (header, token) => {
    if (performance.now() - failedAtMs < retryAfterMs) throw new AppError('service_degraded', { retryAfterMs })
    try {
      return await keys(header, token)
    } catch (error) {
      if (
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported
      ) {
        throw error
      }
      failedAtMs = performance.now()
      throw new AppError('service_degraded', { retryAfterMs }, { cause: error })
    }
  }
}

function readClaims(token: string, payload: JWTPayload): TokenClaims {
  const { sub, roles, email, phone_number: phoneNumber, jti, sid, iat, exp } = payload
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > 255) throw new AppError('unauthenticated')
  return {
    subject: sub,
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [],
    ...(typeof email === 'string' && payload.email_verified === true ? { email } : {}),
    ...(typeof phoneNumber === 'string' && payload.phone_number_verified === true ? { phoneNumber } : {}),
    tokenId: typeof jti === 'string' && jti !== '' ? `jti ${jti}` : `sha256 ${signedPartDigest(token)}`,
    issuedAtMs: (iat ?? 0) * SECOND_MS,
    expiresAtMs: (exp ?? 0) * SECOND_MS,
    ...(typeof sid === 'string' ? { sessionId: sid } : {}),
  }
}

/** Not of the whole token: some signatures can be rewritten into others that are as good, and the token would then have another name. */
function signedPartDigest(token: string): string {
  return createHash('sha256')
    .update(token.slice(0, token.lastIndexOf('.')))
    .digest('base64url')
}

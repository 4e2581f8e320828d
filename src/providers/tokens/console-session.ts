// The session cookie of the console and of Bull Board: a short signed token; only those that were ended early are kept anywhere. Who may
// sign in is the API's to say.
import { randomBytes } from '../../lib/random.ts'
import { jwtVerify, SignJWT, type JWTHeaderParameters, type JWTPayload } from 'jose'
import type { EndedSessions } from '../../domain/ports.ts'
import type { Clock } from '../../lib/clock.ts'
import { HOUR_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'

export const consoleSessionLifetimeMs = 8 * HOUR_MS

/** `keyHash` is the SHA-256 (base64url) of the API key by which the session was got, `token` what names the JWT: it counts no longer than that. */
export type ConsoleSession = {
  subject: string
  roles: readonly string[]
  keyHash?: string
  token?: { tokenId: string; issuedAtMs: number; expiresAtMs: number; sessionId?: string }
}

/**
 * `issue`: at most eight hours, and not beyond `notAfterMs`. `read` answers null for anything that is not a living session, and rejects
 * with `service_degraded` when it cannot be known whether one was ended. `end` of what is no session does nothing.
 */
export type ConsoleSessions = {
  issue(session: ConsoleSession & { notAfterMs?: number }): Promise<string>
  read(token: string): Promise<ConsoleSession | null>
  end(token: string): Promise<void>
}

const type = 'console+jwt'

/** Sessions signed under the writing key of the ring; any key of the ring reads them. */
export function createConsoleSessions({
  keyring,
  clock,
  ended,
}: {
  keyring: Keyring
  clock: Clock
  ended: EndedSessions
}): ConsoleSessions {
  const key = (tag: number): Buffer => {
    const secret = keyring.mac(tag, 'console session', 'HS256')
    if (!secret) throw new RangeError('the key has left the ring')
    return secret
  }
  const open = async (token: string): Promise<(JWTPayload & { jti: string; exp: number }) | null> => {
    try {
      const options = { algorithms: ['HS256'], typ: type, requiredClaims: ['exp', 'sub', 'jti'], currentDate: new Date(clock.nowMs()) }
      const { payload } = await jwtVerify(token, (header: JWTHeaderParameters) => key(Number(header.kid)), options)
      return { ...payload, jti: payload.jti ?? '', exp: payload.exp ?? 0 }
    } catch {
      return null
    }
  }
  return {
    issue: ({ subject, roles, keyHash, token, notAfterMs = Infinity }) => {
      const issuedAtSeconds = Math.floor(clock.nowMs() / 1_000)
      return new SignJWT({ roles: [...roles], ...(keyHash === undefined ? {} : { key: keyHash }), ...(token ? { token } : {}) })
        .setProtectedHeader({ alg: 'HS256', typ: type, kid: String(keyring.writingTag) })
        .setSubject(subject)
        .setJti(randomBytes(16).toString('base64url'))
        .setIssuedAt(issuedAtSeconds)
        .setExpirationTime(Math.min(issuedAtSeconds + consoleSessionLifetimeMs / 1_000, Math.floor(notAfterMs / 1_000)))
        .sign(key(keyring.writingTag))
    },
    read: async (token) => {
      const payload = await open(token)
      if (!payload || (await ended.isEnded(payload.jti))) return null
      const roles = Array.isArray(payload.roles) ? payload.roles.map(String) : []
      return {
        subject: payload.sub ?? '',
        roles,
        ...(typeof payload.key === 'string' ? { keyHash: payload.key } : {}),
        // Signed by us, so it has the shape that we gave it.
        ...(payload.token ? { token: payload.token as NonNullable<ConsoleSession['token']> } : {}),
      }
    },
    end: async (token) => {
      const payload = await open(token)
      if (payload) await ended.end(payload.jti, payload.exp * 1_000)
    },
  }
}

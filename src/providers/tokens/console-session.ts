// The session cookie of the console and of Bull Board: a short signed token, held by no store. Who may sign in is the API's to say.
import { jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../../lib/clock.ts'
import { HOUR_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'

export const consoleSessionLifetimeMs = 8 * HOUR_MS

export type ConsoleSession = { subject: string; roles: readonly string[] }

/** `read` answers null for anything that is not a living session; it never throws. */
export type ConsoleSessions = { issue(session: ConsoleSession): Promise<string>; read(token: string): Promise<ConsoleSession | null> }

const type = 'console+jwt'

/** Sessions of eight hours, signed under the writing key of the ring; any key of the ring reads them. */
export function createConsoleSessions({ keyring, clock }: { keyring: Keyring; clock: Clock }): ConsoleSessions {
  const key = (tag: number): Buffer => {
    const secret = keyring.mac(tag, 'console session', 'HS256')
    if (!secret) throw new RangeError('the key has left the ring')
    return secret
  }
  return {
    issue: ({ subject, roles }) => {
      const issuedAtSeconds = Math.floor(clock.nowMs() / 1_000)
      return new SignJWT({ roles: [...roles] })
        .setProtectedHeader({ alg: 'HS256', typ: type, kid: String(keyring.writingTag) })
        .setSubject(subject)
        .setIssuedAt(issuedAtSeconds)
        .setExpirationTime(issuedAtSeconds + consoleSessionLifetimeMs / 1_000)
        .sign(key(keyring.writingTag))
    },
    read: async (token) => {
      try {
        const { payload } = await jwtVerify(token, (header) => key(Number(header.kid)), {
          algorithms: ['HS256'],
          typ: type,
          requiredClaims: ['exp', 'sub'],
          currentDate: new Date(clock.nowMs()),
        })
        return { subject: payload.sub ?? '', roles: Array.isArray(payload.roles) ? payload.roles.map(String) : [] }
      } catch {
        return null
      }
    },
  }
}

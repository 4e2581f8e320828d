// A JWT for development: what a caller's own identity provider issues elsewhere.
import { parseArgs } from 'node:util'
import { SignJWT } from 'jose'
import { givenSettings } from '../../config.ts'

const maxTtlSeconds = 365 * 24 * 3_600

/** Prints one HS256 JWT and nothing else on standard output. Its e-mail and phone number count as verified. Refused in production. */
export async function runToken(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({ args, options: { sub: text, email: text, phone: text, roles: text, sid: text, ttl: text } })
  const { JWT_SECRET, JWT_ISSUER = 'sallyport-dev', JWT_AUDIENCE = 'sallyport', NODE_ENV } = givenSettings(env)
  if (NODE_ENV === 'production') throw new Error('tokens of production come from your identity provider')
  if (!JWT_SECRET) throw new Error('JWT_SECRET is missing: run npm start, or set it')
  const ttlSeconds = Number(values.ttl ?? 3_600)
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > maxTtlSeconds) throw new Error('--ttl is a number of seconds')
  const claims = {
    roles:
      values.roles
        ?.split(',')
        .map((role) => role.trim())
        .filter(Boolean) ?? [],
    ...(values.email === undefined ? {} : { email: values.email, email_verified: true }),
    ...(values.sid === undefined ? {} : { sid: values.sid }),
    ...(values.phone === undefined ? {} : { phone_number: values.phone, phone_number_verified: true }),
  }
  const nowSeconds = Math.floor(Date.now() / 1_000)
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(values.sub ?? values.email ?? 'developer')
    .setIssuer(JWT_ISSUER)
    .setAudience(JWT_AUDIENCE)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + ttlSeconds)
    .setJti(crypto.randomUUID())
    .sign(new TextEncoder().encode(JWT_SECRET))
  console.log(jwt)
}

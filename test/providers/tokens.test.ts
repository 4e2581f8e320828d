import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose'
import { describe, expect, it } from 'vitest'
import type { ProofClaims } from '../../src/domain/ports.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createConsoleSessions } from '../../src/providers/tokens/console-session.ts'
import { createJwtVerifier } from '../../src/providers/tokens/jwt-verifier.ts'
import { createProofSigner, proofAudience } from '../../src/providers/tokens/proof-signer.ts'

const secretText = 'a secret that is long enough for tests'
const secret = new Secret(secretText)
const key = new TextEncoder().encode(secretText)
const token = (claims: Record<string, unknown> = {}, header: JWTHeaderParameters = { alg: 'HS256' }) =>
  new SignJWT(claims).setProtectedHeader(header).setSubject('alice').setIssuer('iss').setAudience('aud').setExpirationTime('5m')

describe('a JWT', () => {
  const verify = createJwtVerifier({ secret, issuer: 'iss', audience: 'aud' })

  it('gives subject and roles, and addresses only when they are verified', async () => {
    const claims = {
      roles: ['admin', 7],
      email: 'a@example.com',
      email_verified: true,
      phone_number: '+14155552671',
      phone_number_verified: 'true',
    }
    const read = await verify(await token(claims).sign(key))
    expect(read).toMatchObject({ subject: 'alice', roles: ['admin'], email: 'a@example.com' })
    expect(read).not.toHaveProperty('phoneNumber')
  })

  it.each([
    ['of another issuer', () => token().setIssuer('other').sign(key)],
    ['for another audience', () => token().setAudience('other').sign(key)],
    ['that expired', () => token().setExpirationTime('-1m').sign(key)],
    [
      'without an end',
      () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setSubject('a').setIssuer('iss').setAudience('aud').sign(key),
    ],
    [
      'without a subject',
      () => new SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setIssuer('iss').setAudience('aud').setExpirationTime('5m').sign(key),
    ],
    ['under another secret', () => token().sign(new TextEncoder().encode('another secret that is long enough too'))],
    ['by another algorithm', () => token({}, { alg: 'HS512' }).sign(randomBytes(64))],
    [
      'without a signature',
      async () => new UnsecuredJWT({}).setSubject('alice').setIssuer('iss').setAudience('aud').setExpirationTime('5m').encode(),
    ],
    ['that is none', async () => 'a.b.c'],
  ])('%s is unauthenticated', async (_name, make) => {
    await expect(verify(await make())).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('is checked against a published key set, whose keys never serve as secrets', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'ES256' }
    const server = createServer((_req, res) => res.end(JSON.stringify({ keys: [jwk] })))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
    try {
      const verifyByKeySet = createJwtVerifier({ jwksUrl, issuer: 'iss', audience: 'aud' })
      expect((await verifyByKeySet(await token({}, { alg: 'ES256', kid: 'k1' }).sign(pair.privateKey))).subject).toBe('alice')
      const confused = token({}, { alg: 'HS256', kid: 'k1' }).sign(new TextEncoder().encode(JSON.stringify(jwk)))
      await expect(verifyByKeySet(await confused)).rejects.toMatchObject({ code: 'unauthenticated' })
      const unknown = token({}, { alg: 'ES256', kid: 'k2' }).sign(pair.privateKey)
      await expect(verifyByKeySet(await unknown)).rejects.toMatchObject({ code: 'unauthenticated' })
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  it('cannot be judged while the key set is unreachable', async () => {
    const verifyByKeySet = createJwtVerifier({ jwksUrl: 'http://127.0.0.1:1/jwks' })
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const good = await token({}, { alg: 'ES256', kid: 'k1' }).sign(pair.privateKey)
    await expect(verifyByKeySet(good)).rejects.toMatchObject({ code: 'service_degraded' })
    await expect(verifyByKeySet(good)).rejects.toMatchObject({ code: 'service_degraded', details: { retryAfterMs: 5_000 } })
  })
})

describe('a proof', () => {
  const proofKey = () => new Secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })))
  const issuer = 'https://sallyport.example.com'
  const claims: ProofClaims = {
    proofId: 'p1',
    verificationId: 'ver_1',
    purpose: 'email_verification',
    channel: 'email',
    maskedTo: 'a•••@example.com',
    startedBy: 'server',
    toSha256: 'ab'.repeat(32),
    userId: null,
    approvedAtMs: Date.parse('2026-11-20T19:17:00.123Z'),
  }

  it('is the same for the same claims and reads back in full', async () => {
    const signer = await createProofSigner({ key: proofKey(), issuer, clock: { nowMs: () => claims.approvedAtMs + 1_000 } })
    const proof = await signer.sign(claims)
    expect(await signer.sign(claims)).toBe(proof)
    expect(await signer.verify(proof)).toEqual({ kind: 'valid', claims })
  })

  it('can be checked offline with the published keys, which hold nothing private', async () => {
    const signer = await createProofSigner({ key: proofKey(), issuer, clock: { nowMs: () => claims.approvedAtMs } })
    const proof = await signer.sign(claims)
    expect(JSON.stringify(signer.jwks())).not.toContain('"d"')
    expect(decodeProtectedHeader(proof)).toMatchObject({ alg: 'EdDSA', typ: 'proof+jwt' })
    const keys = createLocalJWKSet(signer.jwks() as unknown as JSONWebKeySet)
    const { payload } = await jwtVerify(proof, keys, {
      issuer,
      audience: proofAudience,
      typ: 'proof+jwt',
      currentDate: new Date(claims.approvedAtMs),
    })
    expect(payload).toMatchObject({ sub: 'ver_1', jti: 'p1', to: 'a•••@example.com', user_id: null })
  })

  it('expires after five minutes, and is invalid when altered or signed by another', async () => {
    let nowMs = claims.approvedAtMs
    const clock = { nowMs: () => nowMs }
    const signer = await createProofSigner({ key: proofKey(), issuer, clock })
    const other = await createProofSigner({ key: proofKey(), issuer, clock })
    const proof = await signer.sign(claims)
    expect(await other.verify(proof)).toEqual({ kind: 'invalid' })
    expect(await signer.verify(`${proof.slice(0, -2)}AA`)).toEqual({ kind: 'invalid' })
    expect(await signer.verify('nonsense')).toEqual({ kind: 'invalid' })
    nowMs += 300_000
    expect(await signer.verify(proof)).toEqual({ kind: 'expired' })
  })

  it('needs an Ed25519 key, and the refusal does not quote what it got', async () => {
    const clock = { nowMs: () => 0 }
    for (const text of ['not json: s3cret', '{"kty":"OKP","crv":"X25519","x":"s3cret","d":"s3cret"}']) {
      const refusal = createProofSigner({ key: new Secret(text), issuer, clock })
      await expect(refusal).rejects.toThrow(/^PROOF_KEY must be an Ed25519 private key as JWK$/)
    }
  })
})

describe('a console session', () => {
  const endedIds = new Set<string>()
  const ended = { end: async (id: string) => void endedIds.add(id), isEnded: async (id: string) => endedIds.has(id) }

  it('ends with the credential by which it was got, and when it is ended, for all that hold it', async () => {
    let nowMs = Date.parse('2026-11-20T19:17:00Z')
    const sessions = createConsoleSessions({
      keyring: Keyring.parse(`k1:${randomBytes(32).toString('base64')}`),
      clock: { nowMs: () => nowMs },
      ended,
    })
    const short = await sessions.issue({ subject: 'alice', roles: ['admin'], notAfterMs: nowMs + 60_000 })
    const long = await sessions.issue({ subject: 'key:key_1', roles: ['admin'], keyHash: 'hash' })
    expect(await sessions.read(long)).toEqual({ subject: 'key:key_1', roles: ['admin'], keyHash: 'hash' })
    await sessions.end(long)
    await sessions.end('nonsense')
    expect(await sessions.read(long)).toBeNull()
    expect(await sessions.read(short)).toEqual({ subject: 'alice', roles: ['admin'] })
    nowMs += 60_000
    expect(await sessions.read(short)).toBeNull()
  })

  it('lives eight hours, survives a key rotation, and is worth nothing elsewhere', async () => {
    let nowMs = Date.parse('2026-11-20T19:17:00Z')
    const clock = { nowMs: () => nowMs }
    const [old, next] = [`k1:${randomBytes(32).toString('base64')}`, `k2:${randomBytes(32).toString('base64')}`]
    const session = await createConsoleSessions({ keyring: Keyring.parse(old), clock, ended }).issue({ subject: 'alice', roles: ['admin'] })
    const rotated = createConsoleSessions({ keyring: Keyring.parse(`${next},${old}`), clock, ended })
    expect(await rotated.read(session)).toEqual({ subject: 'alice', roles: ['admin'] })
    expect(await createConsoleSessions({ keyring: Keyring.parse(next), clock, ended }).read(session)).toBeNull()
    expect(await rotated.read('')).toBeNull()
    nowMs += 8 * 3_600_000
    expect(await rotated.read(session)).toBeNull()
  })
})

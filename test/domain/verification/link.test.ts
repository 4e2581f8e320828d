// Links in mails: looking changes nothing, confirming approves once.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { confirmLink, inspectLink } from '../../../src/domain/verification/link.ts'
import { getVerification } from '../../../src/domain/verification/read.ts'
import { deriveLinkToken } from '../../../src/domain/verification/secrets.ts'
import { createDomain, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain()
const day = 86_400_000
const starter: Caller = { ...someone, binding: 'the-browser-that-began' }
const other: Caller = { kind: 'anonymous', network: '203.0.113.5', binding: 'another-browser' }
/** Behind the same address as the starter, in another browser. */
const neighbour: Caller = { ...someone, binding: 'a-neighbour' }

async function startLink(request: Record<string, unknown> = {}, caller: Caller = starter): Promise<{ id: string; token: string }> {
  const { verification } = await domain.start({ channel: 'email', method: 'link', ...request }, caller)
  return { id: verification.id, token: deriveLinkToken(domain.keyring, verification.id) ?? '' }
}
const confirm = (token: string, caller: Caller = other) => confirmLink(domain.accept, caller, token, { requestId: 'r' })
const inspect = (token: string, caller: Caller = other) => inspectLink(domain.accept, caller, token)
const stored = (id: string) => domain.redis.hgetall(`{p0}:ver:${id}`)

describe('looking at a link', () => {
  it('shows what a page needs, and changes nothing however often it is done', async () => {
    const { id, token } = await startLink({ redirect: 'shop', locale: 'de' })
    const before = await stored(id)
    for (let at = 0; at < 10; at++) {
      expect(await inspect(token)).toEqual({
        state: 'open',
        verificationId: id,
        linkMode: 'button',
        purpose: 'email_verification',
        maskedTo: expect.stringContaining('•'),
        isStarter: false,
        expiresAt: new Date(domain.clock.nowMs() + day).toISOString(),
        locale: 'de',
        redirectUrl: 'https://shop.example/welcome',
      })
    }
    expect(await stored(id)).toEqual(before)
    expect(await inspect(token, starter)).toMatchObject({ isStarter: true })
  })

  it('tells used, canceled and expired ones apart', async () => {
    const [used, canceled, expired] = [await startLink(), await startLink(), await startLink()]
    await confirm(used.token)
    await cancelVerification(domain.accept, someone, canceled.id, { requestId: 'r' })
    expect(await inspect(used.token)).toMatchObject({ state: 'used' })
    expect(await inspect(canceled.token)).toMatchObject({ state: 'canceled' })
    domain.clock.advance(day)
    expect(await inspect(expired.token)).toMatchObject({ state: 'expired' })
  })

  it('of a verification by code there is nothing to see', async () => {
    const { verification } = await domain.start({ channel: 'email' })
    const token = deriveLinkToken(domain.keyring, verification.id) ?? ''
    expect(await inspect(token)).toEqual({ state: 'invalid' })
    expect(await refusal(confirm(token))).toMatchObject({ code: 'token_invalid' })
  })
})

describe('confirming a link', () => {
  it('approves once; somebody else then learns that it was used', async () => {
    const { id, token } = await startLink()
    expect((await confirm(token)).verification).toMatchObject({ id, status: 'approved' })
    expect(await refusal(confirm(token, someone))).toMatchObject({ code: 'token_used' })
    domain.clock.advance(60_001)
    expect(await refusal(confirm(token))).toMatchObject({ code: 'token_used' })
  })

  it('after its time, after its end, and with a token that is none, says so', async () => {
    const [late, canceled, good] = [await startLink(), await startLink(), await startLink()]
    await cancelVerification(domain.accept, someone, canceled.id, { requestId: 'r' })
    expect(await refusal(confirm(canceled.token))).toMatchObject({ code: 'verification_canceled' })
    const last = good.token.at(-1) === 'A' ? 'B' : 'A'
    for (const bad of ['', 'x', `${good.token}A`, good.token.slice(0, -1), good.token.slice(0, -1) + last, good.token.toUpperCase()]) {
      expect(await refusal(confirm(bad))).toMatchObject({ code: 'token_invalid' })
    }
    domain.clock.advance(day)
    expect(await refusal(confirm(late.token))).toMatchObject({ code: 'token_expired' })
  })

  it('counts no wrong codes, and works after some', async () => {
    const { id, token } = await startLink()
    for (let at = 0; at < 2; at++) await refusal(domain.check(id, domain.wrongCode(id)))
    expect((await confirm(token)).valid).toBe(true)
  })

  it('is no way around a verification whose attempts are used up', async () => {
    const { id, token } = await startLink()
    for (let at = 0; at < 3; at++) await refusal(domain.check(id, domain.wrongCode(id)))
    expect(await refusal(confirm(token))).toMatchObject({ code: 'max_attempts_reached' })
  })
})

describe('a bound link', () => {
  it('is confirmed only where it was started; the code from the same mail works anywhere', async () => {
    const { id, token } = await startLink({ linkMode: 'bound' })
    for (const caller of [other, neighbour, someone])
      expect(await refusal(confirm(token, caller))).toMatchObject({ code: 'binding_mismatch' })
    expect((await getVerification(domain.accept, someone, id)).status).toBe('queued')
    expect((await domain.check(id, domain.code(id), other)).valid).toBe(true)
  })

  it('gives its proof to the browser that started it, and to no neighbour afterwards', async () => {
    const { token } = await startLink({ linkMode: 'bound' })
    const { proof } = await confirm(token, starter)
    expect((await confirm(token, starter)).proof).toBe(proof)
    expect(await refusal(confirm(token, neighbour))).toMatchObject({ code: 'token_used' })
  })

  it('is confirmed by the credential that started it', async () => {
    const user: Caller = { kind: 'user', subject: 'u1', roles: [] }
    const { token } = await startLink({ linkMode: 'bound' }, user)
    expect(await refusal(confirm(token, { kind: 'user', subject: 'u2', roles: [] }))).toMatchObject({ code: 'binding_mismatch' })
    expect((await confirm(token, user)).valid).toBe(true)
  })

  it('keeps only a fingerprint of the cookie', async () => {
    const { id } = await startLink({ linkMode: 'bound' })
    expect(JSON.stringify(await stored(id))).not.toContain('the-browser-that-began')
  })
})

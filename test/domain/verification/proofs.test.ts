// Spending a proof, and whose verification is whose.
import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { verifyProof } from '../../../src/domain/verification/proofs.ts'
import { getVerification, listAttempts } from '../../../src/domain/verification/read.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { checkVerification } from '../../../src/domain/verification/check.ts'
import { createDomain, newAddress, newPhone, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain()
const context = { requestId: 'r1' }
const server: Caller = { kind: 'api-key', keyId: 'key_1', scopes: [] }
const user = (subject: string, more: object = {}): Caller => ({ kind: 'user', subject, roles: [], ...more })

async function approved(request: Record<string, unknown> = {}, caller: Caller = someone): Promise<{ id: string; proof: string }> {
  const { verification } = await domain.start(request, caller)
  return { id: verification.id, proof: (await domain.check(verification.id, domain.code(verification.id), caller)).proof }
}

describe('a proof', () => {
  it('tells a server what was verified, in full and once', async () => {
    const to = newPhone()
    const { id, proof } = await approved({ to, userId: 'u1' })
    const approvedAt = new Date(domain.clock.nowMs()).toISOString()
    expect(await verifyProof(domain.accept, server, proof, randomUUID(), context)).toEqual({
      verificationId: id,
      purpose: 'phone_verification',
      channel: 'sms',
      to,
      userId: 'u1',
      startedBy: 'anonymous',
      approvedAt,
    })
    expect(await refusal(verifyProof(domain.accept, server, proof, randomUUID(), context))).toMatchObject({ code: 'proof_used' })
  })

  it('is spent by the first use, whose repeat is the same use', async () => {
    const { proof } = await approved({})
    const useId = randomUUID()
    const first = await verifyProof(domain.accept, server, proof, useId, context)
    expect(await verifyProof(domain.accept, server, proof, useId, context)).toEqual(first)
    expect(await refusal(verifyProof(domain.accept, server, proof, randomUUID(), context))).toMatchObject({ code: 'proof_used' })
  })

  it('leaves an event by whom it was spent, once', async () => {
    const { id, proof } = await approved({})
    const useId = randomUUID()
    await verifyProof(domain.accept, server, proof, useId, context)
    await verifyProof(domain.accept, server, proof, useId, context)
    const entries = await domain.redis.xrevrange('{p0}:events', '+', '-', 'COUNT', 2)
    const used = entries.map(([, fields]) => fields).filter((fields) => fields.includes('proof.used'))
    expect(used).toHaveLength(1)
    expect(used[0]?.at(-1)).toContain(id)
  })

  it('is spent once, also when twenty try at once', async () => {
    const { proof } = await approved()
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, () => verifyProof(domain.accept, server, proof, randomUUID(), context)),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('holds for five minutes', async () => {
    const { proof } = await approved()
    domain.clock.advance(300_001)
    expect(await refusal(verifyProof(domain.accept, server, proof, randomUUID(), context))).toMatchObject({ code: 'proof_expired' })
  })

  it('that was touched is none', async () => {
    const { proof } = await approved()
    const [head = '', body = '', signature = ''] = proof.split('.')
    const forged = Buffer.from(Buffer.from(body, 'base64url').toString().replace('phone_verification', 'password_reset')).toString(
      'base64url',
    )
    for (const bad of ['', 'x.y.z', `${head}.${forged}.${signature}`, `${head}.${body}.`]) {
      expect(await refusal(verifyProof(domain.accept, server, bad, randomUUID(), context))).toMatchObject({
        code: 'invalid_request',
        faults: [{ pointer: '/proof' }],
      })
    }
  })

  it("of a user's verification is that user's and any server's, and is not spent by others", async () => {
    const { proof } = await approved({ userId: 'u1' })
    expect(await refusal(verifyProof(domain.accept, user('u2'), proof, randomUUID(), context))).toMatchObject({
      code: 'verification_not_found',
    })
    expect((await verifyProof(domain.accept, user('u1'), proof, randomUUID(), context)).userId).toBe('u1')
  })
})

describe('where an id alone is no key', () => {
  const closed = { ...domain.accept, policy: { ...domain.accept.policy, isPublic: false } }
  const calls = (caller: Caller, id: string) => [
    () => getVerification(closed, caller, id),
    () => listAttempts(closed, caller, id),
    () => resendVerification(closed, caller, id, undefined, { requestId: 'r' }),
    () => checkVerification(closed, caller, id, '123456', { requestId: 'r' }),
    () => cancelVerification(closed, caller, id, { requestId: 'r' }),
  ]

  it("somebody else's verification is not there, whatever is called, and nothing is counted", async () => {
    const { verification } = await domain.start({ userId: 'u1' }, server)
    for (const call of calls(user('u2'), verification.id)) expect(await refusal(call())).toMatchObject({ code: 'verification_not_found' })
    expect(await getVerification(closed, server, verification.id)).toEqual(verification)
  })

  it.each([
    ['its user', { userId: 'u1' }, user('u1')],
    [
      'whose verified address it is, however the token spells it',
      { channel: 'email', to: 'Ada.L@Example.com' },
      user('u3', { email: 'ADA.L@example.com' }),
    ],
    ['whose verified number it is', { to: '+14155557777' }, user('u4', { phoneNumber: '+14155557777' })],
    ['an admin', {}, user('u5', { roles: ['admin'] })],
    ['the system', {}, user('u6', { roles: ['system'] })],
  ])('each opens to %s', async (_who, request, caller) => {
    const { verification } = await domain.start(request, server)
    expect((await getVerification(closed, caller, verification.id)).id).toBe(verification.id)
  })

  it('an unverified address opens nothing', async () => {
    const to = newAddress()
    const { verification } = await domain.start({ channel: 'email', to }, server)
    expect(await refusal(getVerification(closed, user('u7'), verification.id))).toMatchObject({ code: 'verification_not_found' })
  })
})

// Whose a signer's verification is: nobody else's start, check or cancel reaches it; a code that is on its way can be entered, and what it opened ends after a day.
import { beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { confirmSigner, identifySigner } from '../../../src/domain/envelopes/identify.ts'
import { signerDocument } from '../../../src/domain/envelopes/signer-files.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { AppError } from '../../../src/errors.ts'
import { DAY_MS, SECOND_MS } from '../../../src/lib/durations.ts'
import { refusal, replacing } from '../../support/domain.ts'
import { createTestEnvelopes, type TestEnvelopes } from '../../support/envelopes.ts'

let kit: TestEnvelopes
beforeAll(async () => {
  kit = await createTestEnvelopes()
})

/** In the network of signer 1, without any credential. */
const neighbour: Caller = { kind: 'anonymous', network: '198.51.100.1' }
const context = { requestId: 'req-1' }
let people = 0
const oneSigner = () => ({ name: 'Ada Shikongo', email: `identify-${++people}@example.com` })

/** What anybody can ask for over HTTP: a code to the signer's address, in the signer's name. */
const outsider = async (id: string, to: string) => {
  const request = { channel: 'email', to, purpose: 'identity_verification', userId: `${id}.1` }
  return (await kit.domain.start(request, neighbour)).verification
}
const asked = async (id: string): Promise<string> => (await kit.read(id)).signers[0]?.askedVerificationId ?? ''

describe('the verification behind a signer’s code', () => {
  it('is reached by nobody else’s start: what a neighbour is given, burns and cancels is another one', async () => {
    const ada = oneSigner()
    const { id } = await kit.ready({ signers: [ada] })
    const signer = kit.signer(id, 1)
    await signer.identify()
    const theirs = await outsider(id, ada.email)
    expect(theirs.id).not.toBe(await asked(id))
    const wrong = kit.domain.wrongCode(theirs.id)
    for (let tries = 0; tries < 3; tries++) await refusal(kit.domain.check(theirs.id, wrong, neighbour))
    const again = await outsider(id, ada.email)
    await cancelVerification(kit.deps, neighbour, again.id, context)
    expect(await signer.view()).toMatchObject({ step: 'code', attemptsRemaining: 3 })
    await signer.confirm()
    expect(await signer.view()).toMatchObject({ step: 'review' })
  })

  it('is not held up by a neighbour who asked for a code to the same address first', async () => {
    const ada = oneSigner()
    const { id } = await kit.ready({ signers: [ada] })
    const theirs = await outsider(id, ada.email)
    const signer = kit.signer(id, 1)
    await signer.identify()
    expect(await asked(id)).not.toBe(theirs.id)
    expect(await signer.view()).toMatchObject({ step: 'code' })
    await signer.confirm()
  })

  it('is the signer’s own where the API is for callers with a credential, and in every network', async () => {
    const closed = await createTestEnvelopes({ policy: { isPublic: false } })
    const { id } = await closed.ready({ signers: [oneSigner()] })
    const signer = closed.signer(id, 1)
    await signer.identify()
    const verificationId = (await closed.read(id)).signers[0]?.askedVerificationId ?? ''
    const code = await signer.code()
    closed.clock.advance(31 * SECOND_MS)
    const elsewhere: Caller = { kind: 'anonymous', network: '203.0.113.9' }
    await identifySigner(closed.deps, elsewhere, signer.token, context)
    expect((await closed.read(id)).signers[0]?.askedVerificationId).toBe(verificationId)
    for (const other of [neighbour, elsewhere]) {
      expect((await refusal(closed.domain.check(verificationId, code, other))).code).toBe('verification_not_found')
      expect((await refusal(cancelVerification(closed.deps, other, verificationId, context))).code).toBe('verification_not_found')
      expect((await refusal(resendVerification(closed.deps, other, verificationId, undefined, context))).code).toBe(
        'verification_not_found',
      )
    }
    await confirmSigner(closed.deps, elsewhere, signer.token, code, context)
  })

  it('counts the requests of its visitor’s network all the same', async () => {
    const strict = await createTestEnvelopes({ policy: { requestsPerMinute: 2 } })
    const [first, second, third] = [await strict.ready(), await strict.ready(), await strict.ready()]
    const visit = (id: string) => identifySigner(strict.deps, neighbour, strict.signer(id, 1).token, context)
    await visit(first.id)
    await visit(second.id)
    expect((await refusal(visit(third.id))).code).toBe('rate_limited')
  })

  it('shows the field for its code also when the envelope did not hear of it: the code was sent a moment ago', async () => {
    const { id } = await kit.ready({ signers: [oneSigner()] })
    const signer = kit.signer(id, 1)
    const envelopes = replacing(kit.deps.envelopes, { change: () => Promise.reject(new AppError('service_degraded')) })
    expect((await refusal(identifySigner({ ...kit.deps, envelopes }, neighbour, signer.token, context))).code).toBe('service_degraded')
    expect(await signer.view()).toMatchObject({ step: 'identify' })
    expect((await refusal(signer.identify())).code).toBe('cooldown_active')
    expect(await signer.view()).toMatchObject({ step: 'code', resendAvailableAt: expect.any(String) })
    await signer.confirm()
    const types = (await kit.acts(id)).map(({ type }) => type.slice('envelope.'.length))
    expect(types.slice(3)).toEqual(['viewed', 'verified'])
  })
})

describe('what a code opened', () => {
  it('ends a day later, whatever the browser keeps; a new code opens it again', async () => {
    const { id } = await kit.ready({ signers: [oneSigner()] })
    const signer = kit.signer(id, 1)
    await signer.upToSigning()
    kit.clock.advance(DAY_MS - 1)
    expect(await signer.view()).toMatchObject({ step: 'sign' })
    ;(await signerDocument(kit.deps, signer.token, signer.cookie)).content.destroy()
    kit.clock.advance(1)
    expect(await signer.view()).toMatchObject({ state: 'open', step: 'identify', title: '', signerName: '' })
    expect((await refusal(signerDocument(kit.deps, signer.token, signer.cookie))).code).toBe('step_not_open')
    for (const step of [() => signer.sign(), () => signer.review('Ada N. Shikongo'), () => signer.decline()])
      expect((await refusal(step())).code).toBe('step_not_open')
    await signer.identify()
    await signer.confirm()
    await signer.sign()
    kit.clock.advance(DAY_MS)
    expect(await signer.view()).toMatchObject({ state: 'closed', isVerified: false, mayDownload: false })
  })
})

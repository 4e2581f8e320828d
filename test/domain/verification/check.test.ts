// Checking codes: what counts, what it counts against, and who gets the proof.
import { decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { createVerificationId } from '../../../src/domain/verification/id.ts'
import { getVerification } from '../../../src/domain/verification/read.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { createDomain, newPhone, refusal, someone, wrongCodes } from '../../support/domain.ts'

const domain = await createDomain()
const minute = 60_000
const day = 1_440 * minute
const start = async (request = {}, caller: Caller = someone) => (await domain.start(request, caller)).verification
const anybody = (at: number): Caller => ({ kind: 'anonymous', network: `192.0.2.${at}` })

describe('a right code', () => {
  it('approves, and the proof says what was verified without showing it', async () => {
    const { id } = await start({ to: '+14155552671', userId: 'user-1' })
    const { valid, proof, verification } = await domain.check(id, domain.code(id))
    expect(valid).toBe(true)
    expect(verification).toMatchObject({ id, status: 'approved', approvedAt: new Date(domain.clock.nowMs()).toISOString() })
    const claims = decodeJwt(proof)
    expect(claims).toMatchObject({ sub: id, purpose: 'phone_verification', to: '+1•••••2671', user_id: 'user-1' })
    expect(JSON.stringify(claims)).not.toContain('4155552671')
  })

  it.each([
    ['blanks', (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)}\n`],
    ['dashes', (code: string) => `${code.slice(0, 3)}–${code.slice(3)}`],
    ['full-width digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))],
    ['Arabic-Indic digits', (code: string) => code.replace(/\d/g, (digit) => String.fromCodePoint(0x0660 + Number(digit)))],
  ])('is understood with %s', async (_what, spell) => {
    const { id } = await start()
    expect((await domain.check(id, spell(domain.code(id)))).valid).toBe(true)
  })

  it('gives the same proof again for 60 s, to the same caller only', async () => {
    const { id } = await start()
    const { proof } = await domain.check(id, domain.code(id))
    domain.clock.advance(minute)
    expect((await domain.check(id, domain.code(id))).proof).toBe(proof)
    expect(await refusal(domain.check(id, domain.code(id), anybody(1)))).toMatchObject({ code: 'already_approved' })
    domain.clock.advance(1)
    expect(await refusal(domain.check(id, domain.code(id)))).toMatchObject({ code: 'already_approved' })
  })

  it('approves once when it comes from fifty callers at once', async () => {
    const { id } = await start()
    const checks = await Promise.allSettled(Array.from({ length: 50 }, (_, at) => domain.check(id, domain.code(id), anybody(at))))
    expect(checks.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('is accepted whatever has become of the message', async () => {
    const { id } = await start()
    await domain.run(id)
    expect((await domain.check(id, domain.code(id))).verification.status).toBe('approved')
  })
})

describe('a wrong code', () => {
  it.each([
    ['phone_verification', 5],
    ['two_factor', 3],
    ['identity_verification', 3],
  ])('for %s is evaluated %i times, and then no code is', async (purpose, limit) => {
    const { id } = await start({ purpose })
    const left: unknown[] = []
    for (const code of wrongCodes(domain.code(id), limit)) left.push((await refusal(domain.check(id, code))).attemptsRemaining)
    expect(left).toEqual(Array.from({ length: limit }, (_, at) => limit - 1 - at))
    expect(await refusal(domain.check(id, domain.code(id)))).toMatchObject({ code: 'max_attempts_reached', attemptsRemaining: 0 })
    expect(await getVerification(domain.accept, someone, id)).toMatchObject({ status: 'max_attempts_reached', attemptsRemaining: 0 })
  })

  it('is evaluated no more often when hundreds come at once', async () => {
    const { id } = await start()
    const checks = await Promise.all(wrongCodes(domain.code(id), 300).map((code) => refusal(domain.check(id, code))))
    expect(checks.filter(({ code }) => code === 'incorrect_code')).toHaveLength(5)
    expect(checks.filter(({ code }) => code === 'max_attempts_reached')).toHaveLength(295)
  })

  it('does not spoil the right one before the limit', async () => {
    const { id } = await start()
    await Promise.all(wrongCodes(domain.code(id), 4).map((code) => refusal(domain.check(id, code))))
    expect((await domain.check(id, domain.code(id))).valid).toBe(true)
  })

  it('of another length is a wrong code; what is no code at all is not counted', async () => {
    const { id } = await start()
    expect(await refusal(domain.check(id, `${domain.code(id)}0`))).toMatchObject({ code: 'incorrect_code', attemptsRemaining: 4 })
    for (const text of ['12345', '12345678901', 'abcdef', '12.456', '']) {
      expect(await refusal(domain.check(id, text))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/code' }] })
    }
    expect((await getVerification(domain.accept, someone, id)).attemptsRemaining).toBe(4)
  })

  it('changes the sequence, so that whoever waits sees the attempts left', async () => {
    const { id, sequence } = await start()
    await refusal(domain.check(id, domain.wrongCode(id)))
    expect(await getVerification(domain.accept, someone, id)).toMatchObject({ sequence: sequence + 1, attemptsRemaining: 4 })
  })
})

describe('wrong codes of one caller for one destination and purpose', () => {
  it('are 20 in a day, over verifications and resends, and the 21st is not evaluated', async () => {
    const to = newPhone()
    for (let round = 0; round < 4; round++) {
      const { id } = await start({ to })
      await refusal(domain.check(id, wrongCodes(domain.code(id), 1)[0] ?? ''))
      domain.clock.advance(30_000)
      await resendVerification(domain.accept, someone, id, undefined, { requestId: 'r' })
      for (const code of wrongCodes(domain.code(id), 4)) await refusal(domain.check(id, code))
      domain.clock.advance(20 * minute)
    }
    const { id } = await start({ to })
    const refused = await refusal(domain.check(id, domain.code(id)))
    expect(refused.code).toBe('max_attempts_reached')
    expect(await getVerification(domain.accept, someone, id)).toMatchObject({ status: 'queued', attemptsRemaining: 5 })
    // Others are not counted with it: another caller, another purpose.
    expect((await domain.check(id, domain.code(id), anybody(1))).valid).toBe(true)
    expect((await domain.check((await start({ to, purpose: 'two_factor' })).id, '123456').catch((error) => error)).code).toBe(
      'incorrect_code',
    )
    domain.clock.advance((refused.retryAfterMs ?? 0) - 9 * minute)
    const late = await start({ to })
    domain.clock.advance(9 * minute - 1)
    expect((await refusal(domain.check(late.id, domain.code(late.id)))).code).toBe('max_attempts_reached')
    domain.clock.advance(1)
    expect((await domain.check(late.id, domain.code(late.id))).valid).toBe(true)
  })
})

describe('wrong codes in a row, whoever sends them', () => {
  /** Five wrong ones from a caller of their own. */
  async function guess(to: string, round: number): Promise<void> {
    // No more than five starts a day, so that their own limit stays out of it.
    if (round % 4 === 0) domain.clock.advance(day)
    const caller: Caller = { kind: 'user', subject: `guesser-${round}`, roles: [] }
    const { id } = await start({ to }, caller)
    await Promise.all(wrongCodes(domain.code(id), 5).map((code) => refusal(domain.check(id, code, caller))))
  }

  it('stop the destination after 100, for every caller and purpose', async () => {
    const to = newPhone()
    for (let round = 0; round < 19; round++) await guess(to, round)
    const open = await start({ to, purpose: 'two_factor' })
    await guess(to, 19)
    expect(await refusal(domain.check(open.id, domain.code(open.id)))).toMatchObject({ code: 'max_attempts_reached' })
    expect(await refusal(domain.start({ to }, anybody(9)))).toMatchObject({ code: 'max_attempts_reached' })
    expect((await start()).status).toBe('queued')
  })

  it('begin anew after a right one', async () => {
    const to = newPhone()
    for (let round = 0; round < 19; round++) await guess(to, round)
    const right = await start({ to })
    await domain.check(right.id, domain.code(right.id))
    domain.clock.advance(day)
    await guess(to, 20)
    expect((await start({ to })).status).toBe('queued')
  })
})

describe('a check of something else', () => {
  const unknownId = (partition: number, keyTag = domain.keyring.writingTag) =>
    createVerificationId({ partition, keyTag, purpose: 'two_factor', digits: 6 })

  it.each([
    ['an id that nobody was given', () => unknownId(0)],
    ['an id of a partition that is not served', () => unknownId(200)],
    ['an id under a key that was never held', () => unknownId(0, (domain.keyring.writingTag + 1) & 0xffff)],
    ['no id', () => 'ver_0'],
  ])('finds nothing: %s', async (_what, id) => {
    const before = await domain.redis.dbsize()
    expect(await refusal(domain.check(id(), '123456'))).toMatchObject({ code: 'verification_not_found' })
    expect(await domain.redis.dbsize()).toBe(before)
  })
})

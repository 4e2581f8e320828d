// What signers do, step by step: the order is strict, twice is once, and the last signature sends the envelope to be sealed exactly once.
import { beforeAll, describe, expect, it } from 'vitest'
import { cancelEnvelopeRequest } from '../../../src/contracts/envelope.ts'
import { verifyActs } from '../../../src/domain/envelopes/acts.ts'
import { expireEnvelope } from '../../../src/domain/envelopes/expire.ts'
import { openSigner } from '../../../src/domain/envelopes/personal.ts'
import { SECOND_MS } from '../../../src/lib/durations.ts'
import { refusal } from '../../support/domain.ts'
import { createTestEnvelopes, type TestEnvelopes, type TestSigner } from '../../support/envelopes.ts'

let kit: TestEnvelopes
beforeAll(async () => {
  kit = await createTestEnvelopes()
})

const types = async (id: string): Promise<string[]> => (await kit.acts(id)).map(({ type, signer }) => `${type.slice(9)}${signer ?? ''}`)
const codeOf = async (work: Promise<unknown>): Promise<string> => (await refusal(work)).code
const steps = (n: number): string[] => ['viewed', 'verified', 'reviewed', 'consented', 'signed'].map((step) => `${step}${n}`)

describe('two signers at once', () => {
  it('sign in any order; the last one sends it to be sealed', async () => {
    const { id } = await kit.ready()
    await kit.signer(id, 2).all()
    expect(await kit.read(id)).toMatchObject({ status: 'partially_signed' })
    expect((await kit.read(id)).seal).toBeUndefined()
    await kit.signer(id, 1).all()
    const record = await kit.read(id)
    expect(record).toMatchObject({ status: 'sealing', seal: { step: 'requested', tries: 0 } })
    expect(record.signers.map(({ status }) => status)).toEqual(['signed', 'signed'])
    expect(await types(id)).toEqual(['sent', 'prepared', 'invited1', 'invited2', ...steps(2), ...steps(1), 'sealing'])
    expect(verifyActs(await kit.acts(id), record)).toBeNull()
    expect(kit.queued.at(-1)).toEqual({ name: 'envelope.seal', payload: { envelopeId: id } })
  })

  it('race to be the last one, again and again: exactly one transition to sealing', async () => {
    for (let round = 0; round < 8; round++) {
      const { id } = await kit.ready()
      const [one, two] = [kit.signer(id, 1), kit.signer(id, 2)]
      await one.upToSigning()
      await two.upToSigning()
      await Promise.all([one.sign(), two.sign(), one.sign(), two.sign()])
      const record = await kit.read(id)
      expect(record.status).toBe('sealing')
      const all = await types(id)
      expect(all.filter((type) => type === 'sealing')).toHaveLength(1)
      expect(all.filter((type) => type.startsWith('signed'))).toHaveLength(2)
      expect(verifyActs(await kit.acts(id), record)).toBeNull()
    }
  })

  it('race with the end of their time: it is signed or it has expired, never both', async () => {
    for (let round = 0; round < 8; round++) {
      const { id } = await kit.ready({ expiresIn: 600 })
      await kit.signer(id, 1).all()
      const last = kit.signer(id, 2)
      await last.upToSigning()
      // The signer is in time, the worker's clock is past the end; which of them has the row first is chance.
      const work = { ...kit.work, clock: { nowMs: () => kit.clock.nowMs() + 600 * SECOND_MS } }
      const [signed, expired] = await Promise.allSettled([last.sign(), expireEnvelope(work, id)])
      const record = await kit.read(id)
      expect(record.status).toBe(signed.status === 'fulfilled' ? 'sealing' : 'expired')
      expect(expired).toMatchObject({
        value: { outcome: record.status === 'expired' ? 'expired' : expect.stringMatching(/early|done_before/) },
      })
      expect((await types(id)).filter((type) => type === 'sealing' || type === 'expired')).toHaveLength(1)
      expect(verifyActs(await kit.acts(id), record)).toBeNull()
    }
  })
})

describe('two signers in order', () => {
  it('are asked one after the other, and the second can do nothing before the first has signed', async () => {
    const { id } = await kit.ready({ order: 'sequential' })
    const [one, two] = [kit.signer(id, 1), kit.signer(id, 2)]
    expect(await two.view()).toMatchObject({ state: 'closed', why: 'waiting' })
    expect(await codeOf(two.identify())).toBe('step_not_open')
    expect(await codeOf(two.confirm('123456'))).toBe('step_not_open')
    expect(await types(id)).toEqual(['sent', 'prepared', 'invited1'])
    await one.all()
    expect(await types(id)).toEqual(['sent', 'prepared', 'invited1', ...steps(1), 'invited2'])
    expect(await one.view()).toMatchObject({ state: 'closed', why: 'signed', isVerified: true, mayDownload: true })
    await two.all()
    expect((await kit.read(id)).status).toBe('sealing')
  })
})

describe('the steps of a signer', () => {
  let id: string
  let signer: TestSigner
  const fresh = async (request?: Record<string, unknown>): Promise<void> => {
    id = (await kit.ready(request)).id
    signer = kit.signer(id, 1)
  }

  it('come in strict order: each is refused before the one that precedes it', async () => {
    await fresh()
    const refused = async (...steps: (() => Promise<unknown>)[]): Promise<void> => {
      for (const step of steps) expect(await codeOf(step())).toBe('step_not_open')
    }
    const unknown = [() => signer.review('Ada Shikongo'), signer.consent, () => signer.sign(), () => signer.decline()]
    await refused(() => signer.confirm('123456'), ...unknown)
    await signer.identify()
    await refused(...unknown)
    await signer.confirm()
    await refused(signer.consent, () => signer.sign())
    await signer.review()
    expect(await codeOf(signer.sign())).toBe('step_not_open')
    await signer.consent()
    await signer.sign()
    expect((await kit.read(id)).status).toBe('partially_signed')
    expect((await types(id)).slice(4)).toEqual(steps(1))
  })

  it('twice are once, each of them, also at the same time', async () => {
    await fresh()
    await signer.identify()
    const code = await signer.code()
    await signer.confirm(code)
    await signer.confirm(code)
    for (const step of ['review', 'consent', 'sign'] as const) {
      await Promise.all([signer[step](), signer[step]()])
      await signer[step]()
    }
    expect((await types(id)).slice(4)).toEqual(steps(1))
  })

  it('are for the browser that was identified: no cookie, another signer’s and a made-up one are refused', async () => {
    await fresh()
    const other = kit.signer(id, 2)
    await signer.upToSigning()
    await other.upToSigning()
    const own = signer.cookie
    for (const cookie of [undefined, '', other.cookie, 'A'.repeat(43)]) {
      signer.cookie = cookie
      expect(await codeOf(signer.sign())).toBe('step_not_open')
      expect(await signer.view()).toMatchObject({ state: 'open', step: 'identify' })
    }
    signer.cookie = own
    await signer.sign()
  })

  it('go on in another browser once that was identified; then the first one is out', async () => {
    await fresh()
    await signer.identify()
    await signer.confirm()
    await signer.review()
    const elsewhere = kit.signer(id, 1)
    kit.clock.advance(31 * SECOND_MS)
    await elsewhere.identify()
    // Asking for a code disturbs nobody.
    await signer.consent()
    await elsewhere.confirm()
    expect(await codeOf(signer.sign())).toBe('step_not_open')
    await elsewhere.sign()
    expect((await types(id)).slice(4)).toEqual(['viewed1', 'verified1', 'reviewed1', 'consented1', 'verified1', 'signed1'])
  })

  it('let the name be corrected until the signature; what is typed must be that name, letter case, width and blanks aside', async () => {
    await fresh({ signers: [{ name: 'Ada Shikongo', email: 'ada.corrects@example.com' }] })
    await signer.identify()
    await signer.confirm()
    await signer.review('Ada  Nangula Shikongo ')
    await signer.review('Ada Nangula Shikongo')
    await signer.consent()
    await signer.review('Ada N. Shikongo')
    expect(await signer.view()).toMatchObject({ step: 'sign', signerName: 'Ada N. Shikongo' })
    for (const typed of ['Ada Shikongo', '', 'Ada N Shikongo', 'Ben Müller']) {
      expect(await refusal(signer.sign(typed))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/typedName' }] })
    }
    await signer.sign('  ADA n.\u00a0ＳHIKONGO')
    expect((await types(id)).slice(3)).toEqual([
      'viewed1',
      'verified1',
      'corrected1',
      'reviewed1',
      'consented1',
      'corrected1',
      'signed1',
      'sealing',
    ])
    const acts = await kit.acts(id)
    expect(acts.filter(({ type }) => type === 'envelope.corrected').map(({ personal }) => [personal['from'], personal['to']])).toEqual([
      ['Ada Shikongo', 'Ada Nangula Shikongo'],
      ['Ada Nangula Shikongo', 'Ada N. Shikongo'],
    ])
    const sealed = (await kit.read(id)).signers[0]?.sealed ?? ''
    expect(openSigner(kit.deps.keyring, id, 1, sealed)).toMatchObject({ name: 'Ada Shikongo', correctedName: 'Ada N. Shikongo' })
  })

  it('refuse a corrected name that is none', async () => {
    await fresh()
    await signer.identify()
    await signer.confirm()
    for (const name of ['', ' ', 'x'.repeat(201), 'Ada\u0000', 'Ada\u202eimal'])
      expect(await refusal(signer.review(name))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/name' }] })
  })

  it('say in the act of signing what was signed, by which words and which identification; the typed name is there, a network is not', async () => {
    await fresh()
    await signer.all()
    const record = await kit.read(id)
    const act = (await kit.acts(id)).at(-1)
    expect(act).toMatchObject({
      type: 'envelope.signed',
      signer: 1,
      facts: {
        documentSha256: record.documentSha256,
        intentVersion: 'intent-1',
        intentSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        method: 'typed',
        verificationId: record.signers[0]?.verificationId,
      },
      personal: { typedName: 'Ada Shikongo' },
    })
    expect(JSON.stringify(await kit.acts(id))).not.toContain('198.51.100')
    const verified = (await kit.acts(id)).find(({ type }) => type === 'envelope.verified')
    expect(verified).toMatchObject({ facts: { channel: 'email' }, personal: { maskedTo: expect.stringContaining('•') } })
  })
})

describe('codes', () => {
  it('are counted when they are wrong, and another one may be asked for after too many', async () => {
    const { id } = await kit.ready()
    const signer = kit.signer(id, 1)
    await signer.identify()
    const wrong = kit.domain.wrongCode((await kit.read(id)).signers[0]?.askedVerificationId ?? '')
    expect(await refusal(signer.confirm('x'))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/code' }] })
    for (const attemptsRemaining of [2, 1, 0])
      expect(await refusal(signer.confirm(wrong))).toMatchObject({ code: 'incorrect_code', attemptsRemaining })
    expect(await codeOf(signer.confirm())).toBe('max_attempts_reached')
    expect(await signer.view()).toMatchObject({ state: 'open', step: 'identify' })
    await signer.identify()
    await signer.confirm()
    expect(await signer.view()).toMatchObject({ state: 'open', step: 'review' })
  })

  it('are sent again only after a while, and the same one stays good', async () => {
    const { id } = await kit.ready()
    const signer = kit.signer(id, 1)
    await signer.identify()
    const code = await signer.code()
    expect(await codeOf(signer.identify())).toBe('cooldown_active')
    expect(await signer.view()).toMatchObject({ step: 'code', attemptsRemaining: 3, resendAvailableAt: expect.any(String) })
    kit.clock.advance(31 * SECOND_MS)
    await signer.identify()
    expect(await signer.code()).toBe(code)
    await signer.confirm(code)
    expect((await types(id)).slice(4)).toEqual(['viewed1', 'verified1'])
  })

  it('of one envelope open no other, though the person is the same', async () => {
    const signers = [{ name: 'Ada Shikongo', email: 'ada.twice@example.com' }]
    const [first, second] = [await kit.ready({ signers }), await kit.ready({ signers })]
    const [one, two] = [kit.signer(first.id, 1), kit.signer(second.id, 1)]
    await one.identify()
    await two.identify()
    const [a, b] = [await one.code(), await two.code()]
    if (a !== b) expect(await codeOf(two.confirm(a))).toBe('incorrect_code')
    await two.confirm(b)
    await one.confirm(a)
    two.cookie = one.cookie
    expect(await codeOf(two.review())).toBe('step_not_open')
  })

  it('go to the phone of a signer who has one', async () => {
    const { id } = await kit.ready({ signers: [{ name: 'Ada', email: 'ada.phone@example.com', phone: '+1 415 555 2671', locale: 'de' }] })
    const signer = kit.signer(id, 1)
    expect(await signer.view()).toMatchObject({ channel: 'sms', maskedTo: '+1•••••2671', locale: 'de' })
    await signer.identify()
    expect(kit.queued.at(-1)).toMatchObject({ name: 'otp.send' })
    await signer.confirm()
  })
})

describe('declining', () => {
  it('ends the envelope for everybody and tells the sender and whoever else was asked', async () => {
    const { id } = await kit.ready()
    const [one, two] = [kit.signer(id, 1), kit.signer(id, 2)]
    await two.upToSigning()
    await one.identify()
    await one.confirm()
    await one.decline('The rent is wrong.')
    await one.decline('again')
    expect(await kit.read(id)).toMatchObject({ status: 'declined', signers: [{ status: 'declined' }, { status: 'verified' }] })
    expect((await types(id)).at(-1)).toBe('declined1')
    expect((await kit.acts(id)).at(-1)?.personal).toMatchObject({ reason: 'The rent is wrong.' })
    expect(await codeOf(two.sign())).toBe('not_updatable')
    expect(await codeOf(two.identify())).toBe('not_updatable')
    expect(await one.view()).toMatchObject({ state: 'closed', why: 'declined', mayDownload: false })
    const notices = await kit.deps.notices.ofEnvelope(id)
    expect(notices.filter(({ kind }) => kind === 'envelope_declined').map(({ signer }) => signer)).toEqual([null, 2])
  })

  it('takes no more than 500 characters of reason', async () => {
    const { id } = await kit.ready()
    const signer = kit.signer(id, 1)
    await signer.identify()
    await signer.confirm()
    expect(await refusal(signer.decline('x'.repeat(501)))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/reason' }] })
  })

  it.each(['a\u0000b', 'a\u001bb', 'a\u202eb', 'a\u2066b', 'a\u2028b'])(
    'takes no reason that a sender could not give: %j',
    async (reason) => {
      const { id } = await kit.ready()
      const signer = kit.signer(id, 1)
      await signer.identify()
      await signer.confirm()
      expect(cancelEnvelopeRequest.safeParse({ reason }).success).toBe(false)
      expect(await refusal(signer.decline(reason))).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/reason' }] })
      await signer.decline(' The rent is wrong.\nAnd the\taddress. ')
      expect((await kit.acts(id)).at(-1)?.personal).toMatchObject({ reason: 'The rent is wrong.\nAnd the\taddress.' })
    },
  )
})

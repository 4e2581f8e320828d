// Delivering an attempt: sent once, and where nobody can know, repeated once with the same code.
import { beforeEach, describe, expect, it } from 'vitest'
import { RetryLater } from '../../../src/errors.ts'
import type { SmsProvider } from '../../../src/domain/ports.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { deliverAttempt } from '../../../src/domain/verification/deliver.ts'
import { getVerification, listAttempts } from '../../../src/domain/verification/read.ts'
import { receiveReceipt } from '../../../src/domain/verification/receipts.ts'
import { registry } from '../../../src/queues/registry.ts'
import { createDomain, newPhone, someone } from '../../support/domain.ts'

const domain = await createDomain()
const minute = 60_000
const { twilio, outbox } = domain.standins
const store = domain.accept.verifications
beforeEach(() => twilio.setMode({ kind: 'accept' }))

async function begin(): Promise<{ id: string; to: string }> {
  const to = newPhone()
  return { id: (await domain.start({ to })).verification.id, to }
}
const status = async (id: string) => (await getVerification(domain.accept, someone, id)).status
const attempt = async (id: string) => (await listAttempts(domain.accept, someone, id)).nodes[0]
const isOwed = async (id: string) => (await domain.redis.zscore('{p0}:intents', `otp.send.${id}.1`)) !== null
const fence = (starts: number, jobMs = 1_000) => ({ fence: { jobMs, starts } })
const claim = (id: string, starts: number, jobMs = 1_000) => store.claimAttempt(id, 1, { jobMs, starts }, domain.clock.nowMs())
async function retry(work: Promise<unknown>): Promise<RetryLater> {
  const error = await work.catch((thrown: unknown) => thrown)
  if (error instanceof RetryLater) return error
  throw new Error('it was not to be run again', { cause: error })
}

/** A provider that does what the test says, in the place of the real one. */
const withSms = (send: SmsProvider['send']) => (id: string, starts: number) =>
  deliverAttempt(
    { ...domain.deliver, sms: { name: 'told', send } },
    { verificationId: id, attempt: 1 },
    {
      ...fence(starts),
      tries: starts,
      backoff: registry['otp.send'].backoff,
      signal: new AbortController().signal,
    },
  )

describe('an attempt that goes well', () => {
  it('is sent with the derived code, noted with its reference, and owed no longer', async () => {
    const { id, to } = await begin()
    expect(await isOwed(id)).toBe(true)
    expect(await domain.run(id)).toMatchObject({ outcome: 'accepted', requestId: expect.stringMatching(/^req-/) })
    expect(outbox.list(to)[0]?.text).toContain(domain.code(id))
    expect(await attempt(id)).toMatchObject({
      status: 'accepted',
      provider: 'twilio',
      reference: expect.stringMatching(/^SM[0-9a-f]{32}$/),
    })
    expect(await status(id)).toBe('sent')
    expect(await isOwed(id)).toBe(false)
  })

  it('shows sending while the provider is asked', async () => {
    const { id } = await begin()
    let seen = ''
    await withSms(async () => {
      seen = await status(id)
      return { kind: 'accepted', reference: 'x' }
    })(id, 1)
    expect(seen).toBe('sending')
  })

  it('is sent once, however often its job runs afterwards', async () => {
    const { id, to } = await begin()
    await domain.run(id, 1, fence(1))
    for (let starts = 2; starts < 6; starts++) expect(await domain.run(id, 1, fence(starts))).toEqual({ outcome: 'accepted' })
    expect(outbox.list(to)).toHaveLength(1)
  })

  it('that never was is nothing to do', async () => {
    const { id } = await begin()
    expect(await domain.run(id, 7)).toEqual({ outcome: 'missing' })
  })
})

describe('the fence', () => {
  it('turns an older run away, by start and by job', async () => {
    const { id } = await begin()
    expect((await claim(id, 3, 2_000)).kind).toBe('go')
    expect(await claim(id, 2, 2_000)).toEqual({ kind: 'done', status: 'stale' })
    expect(await claim(id, 9, 1_999)).toEqual({ kind: 'done', status: 'stale' })
  })

  it('refuses what an older run has to say', async () => {
    const { id, to } = await begin()
    const late = withSms(async () => {
      // While this run waits for its provider, the job is recovered and sent by another worker.
      await domain.run(id, 1, fence(2))
      return { kind: 'permanent', reason: 'late' }
    })
    expect(await late(id, 1)).toMatchObject({ outcome: 'stale' })
    expect(await attempt(id)).toMatchObject({ status: 'accepted', provider: 'twilio' })
    expect(await status(id)).toBe('sent')
    expect(outbox.list(to)).toHaveLength(1)
  })

  it('refuses it also while the newer run is still sending', async () => {
    const { id } = await begin()
    const late = withSms(async () => {
      await claim(id, 2)
      return { kind: 'permanent', reason: 'late' }
    })
    expect(await late(id, 1)).toMatchObject({ outcome: 'stale' })
    expect(await attempt(id)).toMatchObject({ status: 'submitting' })
    expect(await status(id)).toBe('sending')
    expect(await isOwed(id)).toBe(true)
  })

  it('lets the same run claim twice, since its reply may have been lost', async () => {
    const { id } = await begin()
    expect((await claim(id, 1)).kind).toBe('go')
    expect((await claim(id, 1)).kind).toBe('go')
    expect(await attempt(id)).toMatchObject({ status: 'submitting' })
    await domain.run(id, 1, fence(1))
    expect(await attempt(id)).toMatchObject({ status: 'accepted' })
  })
})

describe('an attempt that nobody can know of', () => {
  it('is repeated once, with the same code, and then counts as sent', async () => {
    const { id, to } = await begin()
    twilio.setMode({ kind: 'drop' })
    await retry(domain.run(id, 1, fence(1)))
    expect(await isOwed(id)).toBe(true)
    expect(await domain.run(id, 1, fence(2))).toMatchObject({ outcome: 'unknown' })
    for (const starts of [3, 4]) expect(await domain.run(id, 1, fence(starts))).toEqual({ outcome: 'unknown' })
    const texts = outbox.list(to).map(({ text }) => text)
    expect(texts).toHaveLength(2)
    expect(texts[0]).toBe(texts[1])
    expect(await status(id)).toBe('sent')
    expect(await isOwed(id)).toBe(false)
  })

  it('because its worker died is repeated once by the next, and no third time', async () => {
    const { id } = await begin()
    expect((await claim(id, 1)).kind).toBe('go')
    expect((await claim(id, 2)).kind).toBe('go')
    expect(await claim(id, 3)).toEqual({ kind: 'done', status: 'unknown' })
    expect(await attempt(id)).toMatchObject({ status: 'unknown', reason: 'interrupted' })
    expect(await status(id)).toBe('sent')
  })

  it('and is refused when repeated still counts as sent', async () => {
    const { id } = await begin()
    twilio.setMode({ kind: 'drop', times: 1 })
    await retry(domain.run(id, 1, fence(1)))
    twilio.setMode({ kind: 'refuse', code: 21610 })
    await domain.run(id, 1, fence(2))
    expect(await attempt(id)).toMatchObject({ status: 'unknown', reason: 'twilio_21610' })
    expect(await status(id)).toBe('sent')
  })

  it('is not repeated once a receipt has told', async () => {
    const { id, to } = await begin()
    twilio.setMode({ kind: 'drop', times: 1 })
    await retry(domain.run(id, 1, fence(1)))
    await receiveReceipt(domain.accept, { verificationId: id, attempt: 1 }, { status: 'delivered' })
    expect(await domain.run(id, 1, fence(2))).toEqual({ outcome: 'delivered' })
    expect(outbox.list(to)).toHaveLength(1)
    expect(await isOwed(id)).toBe(false)
  })

  it('ends as unknown when its time is over before the repeat', async () => {
    const { id, to } = await begin()
    twilio.setMode({ kind: 'drop', times: 1 })
    await retry(domain.run(id, 1, fence(1)))
    domain.clock.advance(10 * minute)
    expect(await domain.run(id, 1, fence(2))).toEqual({ outcome: 'unknown' })
    expect(outbox.list(to)).toHaveLength(1)
    expect(await status(id)).toBe('expired')
  })
})

describe('the deadline', () => {
  it('is never missed: an expired code is not sent', async () => {
    const { id, to } = await begin()
    domain.clock.advance(10 * minute)
    expect(await domain.run(id)).toEqual({ outcome: 'skipped' })
    expect(outbox.list(to)).toEqual([])
    expect(await attempt(id)).toMatchObject({ status: 'skipped' })
    expect(await isOwed(id)).toBe(false)
  })

  it('makes a wait that would pass it the end', async () => {
    const { id } = await begin()
    twilio.setMode({ kind: 'limit', retryAfterSeconds: 600 })
    expect(await domain.run(id)).toMatchObject({ outcome: 'rejected' })
    expect(await attempt(id)).toMatchObject({ status: 'rejected', reason: 'twilio_20429' })
    expect(await status(id)).toBe('failed')
  })
})

describe('a provider that refuses', () => {
  it('for good ends the attempt and, with no other on its way, the verification', async () => {
    const { id } = await begin()
    twilio.setMode({ kind: 'refuse', code: 21211 })
    expect(await domain.run(id)).toMatchObject({ outcome: 'rejected' })
    expect(await attempt(id)).toMatchObject({ status: 'rejected', reason: 'twilio_21211' })
    expect(await status(id)).toBe('failed')
    expect(await isOwed(id)).toBe(false)
  })

  it('one of two messages does not end it while the other may arrive', async () => {
    const { id, to } = await begin()
    domain.clock.advance(30_000)
    await domain.start({ to })
    twilio.setMode({ kind: 'refuse', times: 1 })
    await domain.run(id, 1)
    expect(await status(id)).not.toBe('failed')
    twilio.setMode({ kind: 'refuse', times: 1 })
    await domain.run(id, 2)
    expect(await status(id)).toBe('failed')
  })

  it('for now is asked again, not before it wants to be', async () => {
    const { id } = await begin()
    twilio.setMode({ kind: 'limit', retryAfterSeconds: 40 })
    const { waitMs, message } = await retry(domain.run(id, 1, { ...fence(1), tries: 1 }))
    expect(message).toBe('twilio_20429')
    expect(waitMs).toBeGreaterThanOrEqual(40_000)
    expect(waitMs).toBeLessThanOrEqual(40_500)
    expect(await attempt(id)).toMatchObject({ status: 'queued', reason: 'twilio_20429' })
    expect(await isOwed(id)).toBe(true)
    twilio.setMode({ kind: 'accept' })
    expect(await domain.run(id, 1, fence(2))).toMatchObject({ outcome: 'accepted' })
  })

  it('for now never makes an attempt count as unknown, however often', async () => {
    const { id, to } = await begin()
    twilio.setMode({ kind: 'fail', status: 503 })
    for (let starts = 1; starts <= 6; starts++) await retry(domain.run(id, 1, { ...fence(starts), tries: starts }))
    twilio.setMode({ kind: 'accept' })
    expect(await domain.run(id, 1, fence(7))).toMatchObject({ outcome: 'accepted' })
    expect(outbox.list(to)).toHaveLength(1)
  })
})

describe('a verification that ended before its message left', () => {
  it.each(['canceled', 'approved'])('by being %s has none sent', async (how) => {
    const { id, to } = await begin()
    if (how === 'canceled') await cancelVerification(domain.accept, someone, id, { requestId: 'r' })
    else await domain.check(id, domain.code(id))
    expect(await domain.run(id)).toEqual({ outcome: 'canceled' })
    expect(outbox.list(to)).toEqual([])
    expect(await status(id)).toBe(how)
  })

  it('between two tries has none sent either', async () => {
    const { id, to } = await begin()
    twilio.setMode({ kind: 'fail', status: 503, times: 1 })
    await retry(domain.run(id, 1, fence(1)))
    await cancelVerification(domain.accept, someone, id, { requestId: 'r' })
    expect(await domain.run(id, 1, fence(2))).toEqual({ outcome: 'canceled' })
    expect(outbox.list(to)).toEqual([])
  })
})

describe('a job that ended without settling its attempt', () => {
  const abandon = (id: string) => domain.upkeep.abandonAttempt(id, 1, `otp.send.${id}.1`, 'job_failed', domain.clock.nowMs())

  it('before it was claimed has surely sent nothing', async () => {
    const { id } = await begin()
    await abandon(id)
    expect(await attempt(id)).toMatchObject({ status: 'rejected', reason: 'job_failed' })
    expect(await status(id)).toBe('failed')
    expect(await isOwed(id)).toBe(false)
  })

  it('after it was claimed may have sent', async () => {
    const { id } = await begin()
    await claim(id, 1)
    await abandon(id)
    expect(await attempt(id)).toMatchObject({ status: 'unknown' })
    expect(await status(id)).toBe('sent')
  })

  it('after it was settled changes nothing', async () => {
    const { id } = await begin()
    await domain.run(id)
    const before = await getVerification(domain.accept, someone, id)
    await abandon(id)
    expect(await getVerification(domain.accept, someone, id)).toEqual(before)
  })
})

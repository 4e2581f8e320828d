// How a verification ends: by wish, by time, and for good.
import { describe, expect, it } from 'vitest'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { getVerification, waitForVerification } from '../../../src/domain/verification/read.ts'
import { receiveReceipt } from '../../../src/domain/verification/receipts.ts'
import { createDomain, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain()
const minute = 60_000
const start = async () => (await domain.start()).verification
const read = (id: string) => getVerification(domain.accept, someone, id)
const cancel = (id: string) => cancelVerification(domain.accept, someone, id, { requestId: 'r' })

describe('canceling', () => {
  it('ends it, and once more is harmless', async () => {
    const { id } = await start()
    const canceled = await cancel(id)
    expect(canceled).toMatchObject({ status: 'canceled', sequence: 2 })
    expect(await cancel(id)).toEqual(canceled)
    expect(await refusal(domain.check(id, domain.code(id)))).toMatchObject({ code: 'verification_canceled' })
  })

  it('does not undo another end', async () => {
    const { id } = await start()
    await domain.check(id, domain.code(id))
    expect(await refusal(cancel(id))).toMatchObject({ code: 'already_approved' })
    expect((await read(id)).status).toBe('approved')
  })
})

describe('expiry', () => {
  it('is seen on reading at the very millisecond, before any sweep', async () => {
    const { id, sequence } = await start()
    domain.clock.advance(10 * minute - 1)
    expect(await read(id)).toMatchObject({ status: 'queued', sequence })
    domain.clock.advance(1)
    expect(await read(id)).toMatchObject({ status: 'expired', sequence: sequence + 1 })
  })

  it('looks the same before and after the sweep that writes it', async () => {
    const { id } = await start()
    domain.clock.advance(10 * minute)
    const seen = await read(id)
    await domain.upkeep.expireDue(0, 1_000, domain.clock.nowMs())
    expect(await read(id)).toEqual(seen)
    expect(await domain.redis.hget(`{p0}:ver:${id}`, 'status')).toBe('expired')
  })

  it('looks the same before and after a check that writes it', async () => {
    const { id } = await start()
    domain.clock.advance(10 * minute)
    const seen = await read(id)
    expect(await refusal(domain.check(id, domain.code(id)))).toMatchObject({ code: 'verification_expired' })
    expect(await read(id)).toEqual(seen)
  })

  it('sweeps in batches, and leaves alone what has ended or has time', async () => {
    await domain.upkeep.expireDue(0, 10_000, domain.clock.nowMs())
    const due = await Promise.all(Array.from({ length: 12 }, start))
    const [approved = '', ...rest] = due.map(({ id }) => id)
    await domain.check(approved, domain.code(approved))
    domain.clock.advance(10 * minute)
    const young = await start()
    expect(await domain.upkeep.expireDue(0, 8, domain.clock.nowMs())).toBe(8)
    expect(await domain.upkeep.expireDue(0, 8, domain.clock.nowMs())).toBe(3)
    expect(await domain.upkeep.expireDue(0, 8, domain.clock.nowMs())).toBe(0)
    expect((await read(young.id)).status).toBe('queued')
    expect((await read(approved)).status).toBe('approved')
    expect(new Set(await Promise.all(rest.map(async (id) => (await read(id)).status)))).toEqual(new Set(['expired']))
  })

  it('does not stumble over a record that is gone', async () => {
    const { id } = await start()
    await domain.redis.del(`{p0}:ver:${id}`)
    domain.clock.advance(10 * minute)
    await domain.upkeep.expireDue(0, 1_000, domain.clock.nowMs())
    expect(await domain.redis.zscore('{p0}:due', id)).toBeNull()
    expect(await refusal(read(id))).toMatchObject({ code: 'verification_not_found' })
  })
})

describe('an ended verification', () => {
  it.each(['approved', 'canceled', 'expired', 'max_attempts_reached'])('that is %s stays it, whatever comes', async (how) => {
    const { id } = await start()
    if (how === 'approved') await domain.check(id, domain.code(id))
    if (how === 'canceled') await cancel(id)
    if (how === 'max_attempts_reached') for (let at = 0; at < 5; at++) await refusal(domain.check(id, domain.wrongCode(id)))
    if (how === 'expired') domain.clock.advance(10 * minute)
    await domain.upkeep.expireDue(0, 100, domain.clock.nowMs())
    await domain.run(id)
    await receiveReceipt(domain.accept, { verificationId: id, attempt: 1 }, { status: 'delivered' })
    await refusal(domain.check(id, domain.wrongCode(id)))
    await cancel(id).catch(() => {})
    expect((await read(id)).status).toBe(how)
  })

  it('stays readable for a day', async () => {
    const { id } = await start()
    await cancel(id)
    const expireAtMs = await domain.redis.pexpiretime(`{p0}:ver:${id}`)
    expect(expireAtMs - domain.clock.nowMs()).toBe(24 * 60 * minute)
  })

  it('leaves nothing behind but itself', async () => {
    const { id } = await start()
    await cancel(id)
    await domain.run(id)
    expect(await domain.redis.zscore('{p0}:due', id)).toBeNull()
    expect(await domain.redis.zscore('{p0}:intents', `otp.send.${id}.1`)).toBeNull()
    expect(await domain.redis.hget('{p0}:intents:jobs', `otp.send.${id}.1`)).toBeNull()
    for (const key of await domain.redis.keys('*live:*')) expect(await domain.redis.get(key)).not.toBe(id)
  })
})

describe('waiting for a change', () => {
  const wait = (id: string, sequence: number, waitMs: number, signal = new AbortController().signal) =>
    waitForVerification({ ...domain.accept, clock: { nowMs: () => Date.now() } }, someone, id, sequence, waitMs, signal)

  it('ends with the change', async () => {
    const { id, sequence } = await start()
    const waiting = wait(id, sequence, 20_000)
    await cancel(id)
    expect(await waiting).toMatchObject({ status: 'canceled' })
  })

  it('ends at once when there was one already', async () => {
    const { id, sequence } = await start()
    await cancel(id)
    expect(await wait(id, sequence, 20_000)).toMatchObject({ status: 'canceled' })
  })

  it('gives nothing when its time is over, or when nobody waits any more', async () => {
    const { id, sequence } = await start()
    expect(await wait(id, sequence, 30)).toBeNull()
    const gone = new AbortController()
    const waiting = wait(id, sequence, 20_000, gone.signal)
    gone.abort()
    expect(await waiting).toBeNull()
  })
})

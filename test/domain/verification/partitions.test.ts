// Several partitions: what one script decided with one partition still holds when it takes several.
import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { getVerification } from '../../../src/domain/verification/read.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { AppError } from '../../../src/errors.ts'
import { readId } from '../../../src/lib/ids.ts'
import { createDomain, newPhone, refusal, replacing, someone, wrongCodes } from '../../support/domain.ts'

const domain = await createDomain({ partitions: 4, policy: { networkFactor: 1 } })
let networks = 0
const newNetwork = (): Caller => ({ kind: 'anonymous', network: `203.0.113.${networks++}` })
const server: Caller = { kind: 'api-key', keyId: 'key_1', scopes: [] }
const partitionOf = (id: string) => readId('ver', id)?.partition ?? -1

describe('with four partitions', () => {
  it('verifications are spread by destination, and a destination always has the same one', async () => {
    const seen = new Set<number>()
    for (let at = 0; at < 40; at++) seen.add(partitionOf((await domain.start({}, server)).verification.id))
    expect(seen).toEqual(new Set([0, 1, 2, 3]))
    const to = newPhone()
    const homes = await Promise.all(
      ['two_factor', 'registration', 'password_reset'].map(async (purpose) =>
        partitionOf((await domain.start({ to, purpose }, server)).verification.id),
      ),
    )
    expect(new Set(homes).size).toBe(1)
  })

  it('all keys of a verification carry the tag of its partition', async () => {
    const own = await createDomain({ partitions: 4 })
    const { verification } = await own.start({}, server)
    const tag = `{p${partitionOf(verification.id)}}:`
    const keys = await own.redis.keys('*')
    expect(keys.length).toBeGreaterThan(6)
    expect(keys.filter((key) => !key.startsWith(tag))).toEqual([])
  })

  it('a network is counted over all of them, exactly, also at once', async () => {
    const caller = newNetwork()
    const starts = await Promise.allSettled(Array.from({ length: 40 }, () => domain.start({}, caller)))
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(await refusal(domain.start({}, caller))).toMatchObject({ code: 'rate_limited', limit: { name: 'network-10-minutes' } })
  })

  it('a destination is counted over all networks', async () => {
    const to = newPhone()
    for (let at = 0; at < 5; at++) {
      const { verification } = await domain.start({ to }, newNetwork())
      await cancelVerification(domain.accept, someone, verification.id, { requestId: 'r' })
    }
    expect(await refusal(domain.start({ to }, newNetwork()))).toMatchObject({ limit: { name: 'destination-hour' } })
  })

  it('the requests of a caller are counted over all of them', async () => {
    const accept = { ...domain.accept, policy: { ...domain.accept.policy, requestsPerMinute: 8 } }
    const start = () =>
      startVerification(
        accept,
        { kind: 'user', subject: 'busy', roles: [] },
        { channel: 'sms', to: newPhone(), method: 'code', locale: 'en' },
        { requestId: 'r' },
      )
    for (let at = 0; at < 8; at++) await start()
    expect(await refusal(start())).toMatchObject({ limit: { name: 'requests' } })
  })

  it('a start taken over after a crash is the same verification, and its network is counted once', async () => {
    const caller = newNetwork()
    const [to, idempotencyKey] = [newPhone(), 'after-a-crash']
    // The process dies after the commit: whoever asks learns nothing, and the claim stays.
    const { verifications } = domain.accept
    const dying = replacing(verifications, {
      start: async (input) => {
        await verifications.start(input)
        throw new Error('killed')
      },
    })
    const request = { channel: 'sms', to, method: 'code', locale: 'en' } as const
    const context = { requestId: 'r', idempotencyKey }
    await expect(startVerification({ ...domain.accept, verifications: dying }, caller, request, context)).rejects.toThrow('killed')
    domain.clock.advance(60_000)
    const { verification } = await startVerification(domain.accept, caller, request, context)
    expect(await getVerification(domain.accept, someone, verification.id)).toMatchObject({ status: 'queued', sendsRemaining: 4 })
    for (let at = 0; at < 9; at++) await domain.start({}, caller)
    expect(await refusal(domain.start({}, caller))).toMatchObject({ limit: { name: 'network-10-minutes' } })
  })

  it('a start whose reply was lost is answered by what the state says', async () => {
    const { verifications } = domain.accept
    const lost = replacing(verifications, {
      start: async (input) => {
        await verifications.start(input)
        throw new AppError('service_degraded')
      },
    })
    const request = { channel: 'sms', to: newPhone(), method: 'code', locale: 'en' } as const
    const { verification } = await startVerification({ ...domain.accept, verifications: lost }, newNetwork(), request, { requestId: 'r' })
    expect(await getVerification(domain.accept, someone, verification.id)).toEqual(verification)
  })

  it('codes are checked, and wrong ones counted, as with one', async () => {
    for (let at = 0; at < 8; at++) {
      const { verification } = await domain.start({}, server)
      const { id } = verification
      const checks = await Promise.all(wrongCodes(domain.code(id), 20).map((code) => refusal(domain.check(id, code))))
      expect(checks.filter(({ code }) => code === 'incorrect_code')).toHaveLength(5)
      const right = await domain.start({}, server)
      expect((await domain.check(right.verification.id, domain.code(right.verification.id), server)).valid).toBe(true)
    }
  })
})

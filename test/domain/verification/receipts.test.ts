// What providers report: in any order, any number of times, before or after their own answer.
import { describe, expect, it } from 'vitest'
import type { Receipt } from '../../../src/domain/ports.ts'
import { deliverAttempt } from '../../../src/domain/verification/deliver.ts'
import { getVerification, listAttempts } from '../../../src/domain/verification/read.ts'
import { formatReference, readReference, receiveReceipt } from '../../../src/domain/verification/receipts.ts'
import { registry } from '../../../src/queues/registry.ts'
import { createVerificationId } from '../../../src/domain/verification/id.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { createDomain, someone } from '../../support/domain.ts'

const domain = await createDomain()

async function sent(): Promise<string> {
  const { verification } = await domain.start()
  await domain.run(verification.id)
  return verification.id
}
const receive = (id: string, receipt: Receipt, attempt = 1) => receiveReceipt(domain.accept, { verificationId: id, attempt }, receipt)
const attempt = async (id: string) => (await listAttempts(domain.accept, someone, id)).nodes[0]
const status = async (id: string) => (await getVerification(domain.accept, someone, id)).status

/** Where an attempt and its verification stand, without what differs from one to the next. */
async function standing(id: string) {
  const { status: attemptStatus, reason } = (await attempt(id)) ?? {}
  return { verification: await status(id), attempt: attemptStatus, reason }
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item)
}

const stories: Receipt[][] = [
  [{ status: 'accepted' }, { status: 'delivered' }],
  [{ status: 'accepted' }, { status: 'delivered' }, { status: 'read' }],
  [{ status: 'accepted' }, { status: 'undelivered', reason: 'twilio_30003' }],
  [{ status: 'undelivered', reason: 'twilio_30007' }],
]

describe('receipts', () => {
  it('in random order and doubled end as those in order do, 500 times', async () => {
    const ends = await Promise.all(
      stories.map(async (story) => {
        const id = await sent()
        for (const receipt of story) await receive(id, receipt)
        return standing(id)
      }),
    )
    const run = async (round: number): Promise<void> => {
      const story = stories[round % stories.length] ?? []
      const { verification } = await domain.start()
      // The provider's own answer is one of the things that may come late.
      const send = async () => domain.run(verification.id).catch(() => {})
      const doubled = [...story, ...story.filter(() => Math.random() < 0.5)]
      const steps = shuffled([send, ...doubled.map((receipt) => () => receive(verification.id, receipt))])
      for (const step of steps) await step()
      await send()
      expect(await standing(verification.id)).toEqual(ends[round % stories.length])
    }
    for (let round = 0; round < 500; round += 20) await Promise.all(Array.from({ length: 20 }, (_, at) => run(round + at)))
  })

  it('raise the sequence only when they change something', async () => {
    const id = await sent()
    await receive(id, { status: 'delivered' })
    const before = await getVerification(domain.accept, someone, id)
    for (const late of ['accepted', 'undelivered', 'delivered'] as const) expect(await receive(id, { status: late })).toBe(true)
    expect(await getVerification(domain.accept, someone, id)).toEqual(before)
  })

  it('that come before the provider has answered keep its reference, and nothing is sent again', async () => {
    const { verification } = await domain.start()
    const sms = {
      name: 'quick',
      send: async () => {
        await receive(verification.id, { status: 'delivered' })
        return { kind: 'accepted', reference: 'SM1' } as const
      },
    }
    const run = { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: registry['otp.send'].backoff, signal: new AbortController().signal }
    await deliverAttempt({ ...domain.deliver, sms }, { verificationId: verification.id, attempt: 1 }, run)
    expect(await attempt(verification.id)).toMatchObject({ status: 'delivered', provider: 'quick', reference: 'SM1' })
    expect(await status(verification.id)).toBe('delivered')
  })

  it('that come before an answer which never does still count', async () => {
    const { verification } = await domain.start()
    const sms = {
      name: 'quick',
      send: async () => {
        await receive(verification.id, { status: 'delivered' })
        return { kind: 'unknown', reason: 'lost' } as const
      },
    }
    const run = { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: registry['otp.send'].backoff, signal: new AbortController().signal }
    expect((await deliverAttempt({ ...domain.deliver, sms }, { verificationId: verification.id, attempt: 1 }, run)).outcome).toBe('stale')
    expect(await attempt(verification.id)).toMatchObject({ status: 'delivered' })
  })

  it('of failure end the verification only when no other message may arrive', async () => {
    const id = await sent()
    domain.clock.advance(30_000)
    await resendVerification(domain.accept, someone, id, undefined, { requestId: 'r' })
    await receive(id, { status: 'undelivered', reason: 'twilio_30003' })
    expect(await status(id)).toBe('sent')
    await domain.run(id, 2)
    await receive(id, { status: 'undelivered' }, 2)
    expect(await status(id)).toBe('failed')
  })

  it('of what was never sent are harmless', async () => {
    const id = await sent()
    expect(await receive(id, { status: 'delivered' }, 9)).toBe(false)
    const unknown = createVerificationId({ partition: 0, keyTag: 1, purpose: 'two_factor', digits: 6 })
    expect(await receive(unknown, { status: 'delivered' })).toBe(false)
  })
})

describe('a reference', () => {
  it('names an attempt and reads back', async () => {
    const reference = { verificationId: await sent(), attempt: 3 }
    expect(readReference(formatReference(reference))).toEqual(reference)
  })

  it.each(['', 'ver_x.1', '.1', 'x'])('that is none is refused: %j', (text) => expect(readReference(text)).toBeNull())

  it.each(['0', '-1', '100', 'a', ''])('with attempt %j is none', async (number) => {
    const { verification } = await domain.start()
    expect(readReference(`${verification.id}.${number}`)).toBeNull()
  })
})

// Following the streams: whoever waits is woken by an event of its subject, and by no other.
import { describe, expect, it } from 'vitest'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { receiveReceipt } from '../../../src/domain/verification/receipts.ts'
import { readId } from '../../../src/lib/ids.ts'
import { createDomain, refusal, someone } from '../../support/domain.ts'

const domain = await createDomain({ partitions: 3 })
const start = async () => (await domain.start()).verification.id
const cancel = (id: string) => cancelVerification(domain.accept, someone, id, { requestId: 'the-request' })

describe('a watch', () => {
  it('is woken by a change of its own verification, in any partition', async () => {
    for (let at = 0; at < 10; at++) {
      const id = await start()
      const watch = domain.accept.verifications.watch(id)
      await cancel(id)
      await watch.changed
      watch.stop()
    }
  })

  it('is not woken by others, and not after it was stopped', async () => {
    const [mine, other] = [await start(), await start()]
    let woken = 0
    const stopped = domain.accept.verifications.watch(other)
    void stopped.changed.then(() => woken++)
    stopped.stop()
    const watch = domain.accept.verifications.watch(mine)
    void watch.changed.then(() => woken++)
    const second = domain.accept.verifications.watch(other)
    await cancel(other)
    await second.changed
    expect(woken).toBe(0)
    watch.stop()
  })
})

describe('the events of a verification', () => {
  async function eventsOf(id: string): Promise<Record<string, string>[]> {
    const entries = await domain.redis.xrange(`{p${readId('ver', id)?.partition}}:events`, '-', '+')
    const all = entries.map(([, flat]) =>
      Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : []))),
    )
    return all.filter(({ subject }) => subject === `verification:${id}`)
  }

  it('tell every step in order, each with the next sequence and the request behind it', async () => {
    const { verification } = await domain.start({}, someone, { requestId: 'the-start' })
    const { id } = verification
    await domain.run(id)
    await receiveReceipt(domain.accept, { verificationId: id, attempt: 1 }, { status: 'delivered' })
    await refusal(domain.check(id, domain.wrongCode(id)))
    await cancel(id)
    const events = await eventsOf(id)
    expect(events.map(({ type }) => type?.replace('verification.', ''))).toEqual([
      'queued',
      'sending',
      'sent',
      'delivered',
      'code_rejected',
      'canceled',
    ])
    expect(events.map(({ sequence }) => Number(sequence))).toEqual([1, 2, 3, 4, 5, 6])
    expect(events.map(({ requestId }) => requestId).slice(0, 4)).toEqual(['the-start', 'the-start', 'the-start', 'the-start'])
    expect(events.at(-1)?.['requestId']).toBe('the-request')
  })

  it('show neither code nor destination', async () => {
    const to = '+14155550123'
    const { verification } = await domain.start({ to, name: 'Zaphod' })
    await domain.check(verification.id, domain.code(verification.id))
    const text = JSON.stringify(await eventsOf(verification.id))
    for (const secret of ['4155550123', 'Zaphod', domain.code(verification.id)]) expect(text).not.toContain(secret)
  })
})

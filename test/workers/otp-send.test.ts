// otp.send, from the accepted start through the queue to the phone.
import { describe, expect, it } from 'vitest'
import { listAttempts } from '../../src/domain/verification/read.ts'
import { resendVerification } from '../../src/domain/verification/resend.ts'
import { until } from '../support/infra.ts'
import { createDomain, newPhone, someone } from '../support/domain.ts'
import { startConsumer } from './harness.ts'

const domain = await createDomain()
const { lines, runs } = startConsumer(domain)
const otp = domain.producer.queues.find(({ name }) => name === 'otp')
const job = (id: string, attempt = 1) => otp?.getJob(`otp.send.${id}.${attempt}`)
const outcome = (id: string, attempt = 1) => until(async () => (await job(id, attempt))?.returnvalue as string | null)

describe('otp.send', () => {
  it('sends the code, and says in the brand what it is and how long it holds', async () => {
    const to = newPhone()
    const { verification } = await domain.start({ to })
    expect(await outcome(verification.id)).toBe('accepted')
    const text = domain.standins.outbox.list(to)[0]?.text
    expect(text).toContain(domain.code(verification.id))
    expect(text).toContain('Sallyport')
    expect(text).toContain('10 min')
    expect((await domain.check(verification.id, domain.code(verification.id))).valid).toBe(true)
  })

  it('knows ids only: neither job nor log shows code or number', async () => {
    const to = newPhone()
    const { verification } = await domain.start({ to })
    await outcome(verification.id)
    const stored = JSON.stringify(await job(verification.id))
    expect((await job(verification.id))?.data).toEqual({ verificationId: verification.id, attempt: 1 })
    for (const text of [stored, JSON.stringify(lines)]) {
      expect(text).not.toContain(to.slice(2))
      expect(text).not.toContain(domain.code(verification.id))
    }
  })

  it('follows the request: its id is in the log line of the job', async () => {
    const { verification } = await domain.start({}, someone, { requestId: 'the-request' })
    await outcome(verification.id)
    expect(await until(() => lines.find(({ requestId }) => requestId === 'the-request'))).toMatchObject({
      msg: 'job done',
      job: 'otp.send',
      outcome: 'accepted',
    })
    expect(runs).toContain('otp otp.send accepted')
  })

  it('sends again after a passing refusal, and is then done', async () => {
    domain.standins.twilio.setMode({ kind: 'fail', status: 503, times: 1 })
    const to = newPhone()
    const { verification } = await domain.start({ to })
    expect(await outcome(verification.id)).toBe('accepted')
    expect(domain.standins.outbox.list(to)).toHaveLength(1)
    expect(runs).toContain('otp otp.send retry')
  })

  it('is a job of its own for each resend', async () => {
    const { verification } = await domain.start()
    domain.clock.advance(30_000)
    await resendVerification(domain.accept, someone, verification.id, undefined, { requestId: 'r' })
    expect(await outcome(verification.id, 2)).toBe('accepted')
    const { nodes } = await listAttempts(domain.accept, someone, verification.id)
    expect(nodes.map(({ status }) => status)).toEqual(['accepted', 'accepted'])
  })
})

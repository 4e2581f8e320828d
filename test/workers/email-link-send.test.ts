// email-link.send, from the accepted start through the queue to the mailbox: a link, and the code beside it.
import { describe, expect, it } from 'vitest'
import { confirmLink } from '../../src/domain/verification/link.ts'
import { until } from '../support/infra.ts'
import { createDomain, newAddress, someone } from '../support/domain.ts'
import { startConsumer } from './harness.ts'

const domain = await createDomain()
const { lines } = startConsumer(domain)
const mailQueue = domain.producer.queues.find(({ name }) => name === 'mail')

async function sendLink(): Promise<{ id: string; token: string; text: string }> {
  const to = newAddress()
  const { verification } = await domain.start({ channel: 'email', method: 'link', to })
  const { text, html } = await until(() => domain.standins.outbox.list(to)[0])
  const token = /http:\/\/sallyport\.test\/v\/([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? ''
  expect(html).toContain(`http://sallyport.test/v/${token}`)
  return { id: verification.id, token, text }
}

describe('email-link.send', () => {
  it('mails a link that approves', async () => {
    const { id, token } = await sendLink()
    expect((await confirmLink(domain.accept, someone, token, { requestId: 'r' })).verification).toMatchObject({ id, status: 'approved' })
  })

  it('mails the code as well, which approves instead', async () => {
    const { id, text } = await sendLink()
    expect(text).toContain(domain.code(id))
    expect((await domain.check(id, domain.code(id))).valid).toBe(true)
  })

  it('leaves the token nowhere but in the mail', async () => {
    const { id, token } = await sendLink()
    const job = await until(async () =>
      (await mailQueue?.getJob(`email-link.send.${id}.1`))?.finishedOn ? mailQueue?.getJob(`email-link.send.${id}.1`) : null,
    )
    expect(job.returnvalue).toBe('accepted')
    const secret = token.slice(32)
    for (const text of [JSON.stringify(job), JSON.stringify(lines), JSON.stringify(await domain.redis.hgetall(`{p0}:ver:${id}`))]) {
      expect(text).not.toContain(secret)
    }
  })
})

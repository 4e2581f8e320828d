// email-code.send, from the accepted start through the queue to the mailbox.
import { describe, expect, it } from 'vitest'
import { getVerification, listAttempts } from '../../src/domain/verification/read.ts'
import { formatReference, receiveReceipt } from '../../src/domain/verification/receipts.ts'
import { until } from '../support/infra.ts'
import { createDomain, newAddress, someone } from '../support/domain.ts'
import { startConsumer } from './harness.ts'

const domain = await createDomain()
startConsumer(domain)
const { mail, outbox } = domain.standins
const start = async (request: Record<string, unknown> = {}) => (await domain.start({ channel: 'email', ...request })).verification
const attempt = async (id: string) => (await listAttempts(domain.accept, someone, id)).nodes[0]
const settled = (id: string) => until(async () => ((await attempt(id))?.status === 'queued' ? null : attempt(id)))

describe('email-code.send', () => {
  it('mails the code, with no code in the subject and no link at all', async () => {
    const to = newAddress()
    const { id } = await start({ to, name: 'Ada' })
    const message = await until(() => outbox.list(to)[0])
    expect(message.text).toContain(domain.code(id))
    expect(message.html).toContain(domain.code(id))
    expect(message.subject).not.toMatch(/\d/)
    expect(`${message.text}${message.html}`).not.toContain('/v/')
    expect(message.text).toContain('Ada')
  })

  it('names the attempt in its Message-ID, by which receipts find it', async () => {
    const { id } = await start()
    const sent = await until(async () => ((await attempt(id))?.status === 'accepted' ? attempt(id) : null))
    expect(sent).toMatchObject({ provider: 'smtp', reference: `<${formatReference({ verificationId: id, attempt: 1 })}@sallyport.test>` })
    await receiveReceipt(domain.accept, { verificationId: id, attempt: 1 }, { status: 'delivered' })
    expect((await getVerification(domain.accept, someone, id)).status).toBe('delivered')
  })

  it('that no mailbox takes fails the verification', async () => {
    mail.setMode({ kind: 'refuse', code: 550, times: 1 })
    const { id } = await start()
    await until(async () => (await getVerification(domain.accept, someone, id)).status === 'failed')
    expect(await settled(id)).toMatchObject({ status: 'rejected', reason: 'smtp_550' })
  })

  it('that is put off is mailed later, once', async () => {
    mail.setMode({ kind: 'refuse', code: 451, times: 1 })
    const to = newAddress()
    const { id } = await start({ to })
    await until(async () => (await attempt(id))?.status === 'accepted')
    expect(outbox.list(to)).toHaveLength(1)
  })

  it('whose answer is lost is mailed twice at most, with the same code', async () => {
    mail.setMode({ kind: 'drop' })
    const to = newAddress()
    const { id } = await start({ to })
    await until(async () => (await attempt(id))?.status === 'unknown')
    mail.setMode({ kind: 'accept' })
    const codes = outbox.list(to).map(({ text }) => /\d{6}/.exec(text)?.[0])
    expect(codes).toEqual([domain.code(id), domain.code(id)])
    expect((await getVerification(domain.accept, someone, id)).status).toBe('sent')
  })

  it('speaks the language it was asked for', async () => {
    const to = newAddress()
    await start({ to, locale: 'pt-BR' })
    expect((await until(() => outbox.list(to)[0])).text).toMatch(/código/i)
  })
})

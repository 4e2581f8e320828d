// The mail catcher, spoken to by nodemailer as the workers do.
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import type { OutboxMessage } from '../../src/standins/outbox.ts'
import { startStandins, type Standins } from '../support/standins.ts'

let standins: Standins

beforeAll(async () => {
  standins = await startStandins(generateSecrets())
})

beforeEach(() => {
  standins.mail.setMode({ kind: 'accept' })
  standins.outbox.clear()
})

afterAll(() => standins.stop())

async function send(to: string): Promise<unknown> {
  const transport = createTransport(standins.mail.url)
  try {
    return await transport.sendMail({
      from: 'Sallyport <no-reply@sallyport.test>',
      to,
      subject: 'Bestätigung · 確認',
      text: 'Code 123456',
      html: '<p>Code <b>123456</b></p>',
    })
  } finally {
    transport.close()
  }
}

test('a mail is kept with subject, text and HTML, and served newest first and by recipient', async () => {
  await send('ada@example.com')
  await send('grace@example.com')
  const read = async (query: string): Promise<OutboxMessage[]> =>
    (await fetch(standins.env.OUTBOX_URL + query)).json() as Promise<OutboxMessage[]>
  expect((await read('')).map(({ to }) => to)).toEqual(['grace@example.com', 'ada@example.com'])
  expect(await read('?to=ADA@example.com')).toMatchObject([
    {
      channel: 'email',
      to: 'ada@example.com',
      subject: 'Bestätigung · 確認',
      text: 'Code 123456\n',
      html: expect.stringContaining('<b>123456</b>'),
    },
  ])
})

test.for([451, 550])('a refusal with %i reaches the client as that code, and nothing is kept', async (code) => {
  standins.mail.setMode({ kind: 'refuse', code, times: 1 })
  await expect(send('ada@example.com')).rejects.toMatchObject({ responseCode: code })
  expect(standins.outbox.list()).toEqual([])
  await expect(send('ada@example.com')).resolves.toBeDefined()
})

test('a dropped connection leaves the mail received and the client without an answer', async () => {
  standins.mail.setMode({ kind: 'drop', times: 1 })
  await expect(send('ada@example.com')).rejects.toThrow()
  expect(standins.outbox.list('ada@example.com')).toHaveLength(1)
})

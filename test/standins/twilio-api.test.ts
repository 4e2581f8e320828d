// The Twilio stand-in, judged by the vendor's own client and signature check.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import twilio from 'twilio'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { listen, readBody, type RunningServer } from '../../src/standins/http-server.ts'
import { until } from '../support/infra.ts'
import { startStandins, type Standins } from '../support/standins.ts'

const account = generateSecrets()
const folder = mkdtempSync(join(tmpdir(), 'sallyport-receipts-'))
const receiptFile = join(folder, 'receipts.jsonl')
const callbacks: { signature: string; form: Record<string, string> }[] = []
let standins: Standins
let receiver: RunningServer

beforeAll(async () => {
  standins = await startStandins({ ...account, receiptFile })
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      callbacks.push({ signature: String(request.headers['x-twilio-signature']), form: Object.fromEntries(new URLSearchParams(body)) })
      response.writeHead(204).end()
    })
  })
  receiver = await listen(server, 0)
})

beforeEach(() => {
  standins.twilio.setMode({ kind: 'accept' })
  standins.outbox.clear()
})

afterAll(async () => {
  await Promise.all([standins.stop(), receiver.stop()])
  rmSync(folder, { recursive: true })
})

/** Sends as any program of Twilio's customers does, but to the stand-in's address. */
function send(to: string, statusCallback?: string): Promise<{ sid: string; status: string }> {
  const client = twilio(account.TWILIO_ACCOUNT_SID, account.TWILIO_AUTH_TOKEN)
  client.api.baseUrl = standins.twilio.url
  return client.messages.create({ to, from: '+15005550006', body: 'Your code is 123456', ...(statusCallback ? { statusCallback } : {}) })
}

test('a message is accepted, kept in the outbox and written to the receipts', async () => {
  const message = await send('+14155552671')
  expect(message).toMatchObject({ sid: expect.stringMatching(/^SM[0-9a-f]{32}$/), status: 'queued' })
  expect(standins.outbox.list('+14155552671')).toMatchObject([{ channel: 'sms', to: '+14155552671', text: 'Your code is 123456' }])
  const receipts = readFileSync(receiptFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { sid: string })
  expect(receipts.map(({ sid }) => sid)).toContain(message.sid)
})

test('status callbacks come in order and pass the vendor’s own signature check', async () => {
  const url = `${receiver.url}/callback?ref=abc.1`
  const { sid } = await send('+14155552672', url)
  const mine = (): typeof callbacks => callbacks.filter(({ form }) => form['MessageSid'] === sid)
  await until(() => mine().length === 3)
  expect(mine().map(({ form }) => form['MessageStatus'])).toEqual(['queued', 'sent', 'delivered'])
  for (const { signature, form } of mine()) expect(twilio.validateRequest(account.TWILIO_AUTH_TOKEN, signature, url, form)).toBe(true)
})

test('a message that is not delivered is reported with its error code', async () => {
  standins.twilio.setMode({ kind: 'undelivered', times: 1, code: 30005 })
  const { sid } = await send('+14155552673', `${receiver.url}/callback`)
  const last = await until(() => callbacks.find(({ form }) => form['MessageSid'] === sid && form['MessageStatus'] === 'undelivered'))
  expect(last.form['ErrorCode']).toBe('30005')
})

test.for([
  ['a number that is none', 'abc', { status: 400, code: 21211 }],
  ['a number that the vendor keeps for tests of refusals', '+15005550004', { status: 400, code: 21610 }],
] as const)('%s is refused with the vendor’s code', async ([, to, fault]) => {
  await expect(send(to)).rejects.toMatchObject(fault)
  expect(standins.outbox.list()).toEqual([])
})

test('a mode with a count answers so often and then accepts again', async () => {
  standins.twilio.setMode({ kind: 'limit', times: 1, retryAfterSeconds: 7 })
  await expect(send('+14155552674')).rejects.toMatchObject({ status: 429, code: 20429 })
  await expect(send('+14155552674')).resolves.toMatchObject({ status: 'queued' })
})

test('a dropped connection leaves the message sent and the client without an answer', async () => {
  standins.twilio.setMode({ kind: 'drop', times: 1 })
  await expect(send('+14155552675')).rejects.toThrow()
  expect(standins.outbox.list('+14155552675')).toHaveLength(1)
})

test('another account’s credentials are refused', async () => {
  const client = twilio(account.TWILIO_ACCOUNT_SID, 'wrong')
  client.api.baseUrl = standins.twilio.url
  await expect(client.messages.create({ to: '+14155552671', from: '+15005550006', body: 'x' })).rejects.toMatchObject({
    status: 401,
    code: 20003,
  })
})

test('modes are also switched over HTTP, and an unknown one is refused by name', async () => {
  const modes = standins.env.OUTBOX_URL.replace('/outbox', '/modes/twilio')
  const put = (mode: unknown): Promise<Response> => fetch(modes, { method: 'PUT', body: JSON.stringify(mode) })
  expect((await put({ kind: 'fail', times: 1, status: 500 })).status).toBe(200)
  await expect(send('+14155552676')).rejects.toMatchObject({ status: 500 })
  const refused = await put({ kind: 'explode' })
  expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('undelivered')])
})

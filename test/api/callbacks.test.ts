import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import twilio from 'twilio'
import { readTwilioReceipt } from '../../src/api/rest/callbacks.ts'
import { isTwilioSignature, isWebhookSignature } from '../../src/api/receipt-signatures.ts'
import { createVerificationId } from '../../src/domain/verification/id.ts'
import { mailSecret, startApi, twilioToken, type Harness } from './harness.ts'

let api: Harness
let id: string
beforeAll(async () => {
  api = await startApi()
  id = createVerificationId({ partition: 0, keyTag: api.deps.keyring.writingTag, purpose: 'phone_verification', digits: 6 })
})
afterAll(() => api.close())
beforeEach(() => (api.calls.length = 0))

const received = () => api.calls.filter((call) => call.name === 'receive').map((call) => call.input)

describe("Twilio's callback", () => {
  const form = { MessageSid: 'SM1', MessageStatus: 'delivered', To: '+14155552671' }
  const send = (path: string, signature: string, fields: Record<string, string> = form) =>
    api.fetch(path, { method: 'POST', headers: { 'x-twilio-signature': signature }, body: new URLSearchParams(fields) })
  const sign = (path: string, fields: Record<string, string> = form) =>
    twilio.getExpectedTwilioSignature(twilioToken, `http://localhost:3000${path}`, fields)

  it("is taken when the vendor's own library signed it", async () => {
    const path = `/v1/callbacks/twilio/status?ref=${id}.2`
    expect((await send(path, sign(path))).status).toBe(200)
    expect(received()).toEqual([{ id, attempt: 2, receipt: { status: 'delivered' } }])
  })

  it('is refused with any other signature, also for another address', async () => {
    const path = `/v1/callbacks/twilio/status?ref=${id}.2`
    for (const signature of [
      '',
      'nonsense',
      sign(`/v1/callbacks/twilio/status?ref=${id}.3`),
      sign(path, { ...form, MessageStatus: 'failed' }),
    ]) {
      const answer = await send(path, signature)
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ code: 'signature_invalid' })
    }
    expect(received()).toEqual([])
  })

  it('does no harm when it speaks of nothing we know', async () => {
    for (const path of [
      '/v1/callbacks/twilio/status',
      '/v1/callbacks/twilio/status?ref=ver_x.1',
      `/v1/callbacks/twilio/status?ref=${id}.0`,
    ]) {
      expect((await send(path, sign(path))).status).toBe(200)
    }
    expect(received()).toEqual([])
  })

  it('is refused where no token is configured', async () => {
    const bare = await startApi({ TWILIO_AUTH_TOKEN: undefined })
    const answer = await bare.fetch('/v1/callbacks/twilio/status', { method: 'POST', body: new URLSearchParams(form) })
    expect(answer.status).toBe(403)
    await bare.close()
  })

  it.each([
    ['queued', { status: 'accepted' }],
    ['sent', { status: 'accepted' }],
    ['delivered', { status: 'delivered' }],
    ['read', { status: 'read' }],
    ['undelivered', { status: 'undelivered', reason: 'twilio_30003' }],
    ['failed', { status: 'undelivered', reason: 'twilio_30003' }],
    ['something-new', null],
  ])('understands %s', (status, receipt) => {
    expect(readTwilioReceipt(new URLSearchParams({ MessageStatus: status, ErrorCode: '30003' }))).toEqual(receipt)
  })

  it("signs every form as the vendor's library does", () => {
    const url = 'https://api.example.com/path?a=1'
    const fields = new URLSearchParams([
      ['b', '2'],
      ['a', 'é +'],
      ['b', '1'],
      ['b', '2'],
    ])
    const signature = twilio.getExpectedTwilioSignature(twilioToken, url, { a: 'é +', b: ['2', '1', '2'] })
    expect(isTwilioSignature({ authToken: twilioToken, signature, url, fields })).toBe(true)
    expect(isTwilioSignature({ authToken: twilioToken, signature, url: 'https://api.example.com:443/path?a=1', fields })).toBe(true)
  })
})

describe('the e-mail callback', () => {
  const key = Buffer.from(mailSecret.slice('whsec_'.length), 'base64')
  const sign = (body: string, timestamp: number) => `v1,${createHmac('sha256', key).update(`msg_1.${timestamp}.${body}`).digest('base64')}`
  const send = (body: string, seconds = Math.floor(Date.now() / 1_000), signature = sign(body, seconds)) =>
    api.fetch('/v1/callbacks/email', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(seconds),
        'webhook-signature': signature,
      },
      body,
    })
  const receipt = (change: object = {}) =>
    JSON.stringify({ reference: `<${id}.1@mail.example.com>`, status: 'delivered', at: '2026-11-20T19:17:00.000Z', ...change })

  it('is taken with or without the angle brackets', async () => {
    expect((await send(receipt())).status).toBe(200)
    expect((await send(receipt({ reference: `${id}.1@mail.example.com`, status: 'bounced' }))).status).toBe(200)
    expect(received()).toEqual([
      { id, attempt: 1, receipt: { status: 'delivered' } },
      { id, attempt: 1, receipt: { status: 'undelivered', reason: 'bounced' } },
    ])
  })

  it('is taken when one of several signatures fits', async () => {
    const seconds = Math.floor(Date.now() / 1_000)
    expect((await send(receipt(), seconds, `v1,b2xk v2,x ${sign(receipt(), seconds)}`)).status).toBe(200)
  })

  it('is refused when unsigned, altered, or more than five minutes old', async () => {
    const seconds = Math.floor(Date.now() / 1_000)
    expect((await send(receipt(), seconds, '')).status).toBe(403)
    expect((await send(receipt(), seconds, sign(receipt({ status: 'bounced' }), seconds))).status).toBe(403)
    expect((await send(receipt(), seconds - 301)).status).toBe(403)
    expect(received()).toEqual([])
  })

  it('says what is wrong with a signed body that makes no sense', async () => {
    const answer = await send(receipt({ status: 'lost' }))
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/status' }] })
  })

  it('is never signed by an empty secret', () => {
    const webhook = {
      id: 'msg_1',
      timestamp: '100',
      signatures: `v1,${createHmac('sha256', '').update('msg_1.100.x').digest('base64')}`,
      body: Buffer.from('x'),
    }
    expect(isWebhookSignature('whsec_', webhook, 100_000)).toBe(false)
  })
})

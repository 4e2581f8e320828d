// The Twilio provider against a server that answers, fails, hangs and hangs up as the real one might: what each means for the message.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/lib/secret.ts'
import { createTwilioSms } from '../../../src/providers/sms/twilio.ts'
import { validateTwilioSignature } from '../../../src/providers/sms/twilio-signature.ts'

const accountSid = `AC${'0'.repeat(32)}`
const sid = `SM${'1'.repeat(32)}`
const message = {
  to: '+14155552671',
  text: 'Ünïcode & 123456 = yours',
  statusCallback: 'https://example.com/v1/callbacks/twilio/status?a=1',
}
const never = new AbortController().signal

type Received = { path: string; authorization: string | undefined; form: URLSearchParams }
type Reply = (response: ServerResponse, request: IncomingMessage) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(reply: Reply): Promise<{ baseUrl: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const form = new URLSearchParams(Buffer.concat(chunks).toString())
      received.push({ path: `${request.method} ${request.url}`, authorization: request.headers.authorization, form })
      reply(response, request)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

function provider(baseUrl: string) {
  return createTwilioSms({ accountSid, authToken: new Secret('token'), from: '+15005550006', baseUrl })
}

async function sendTo(reply: Reply, signal = never) {
  const { baseUrl, received } = await listen(reply)
  return { delivery: await provider(baseUrl).send(message, signal), received }
}

describe('a text message', () => {
  test('is accepted under the reference that Twilio gives it, with everything it needs in one request', async () => {
    const { delivery, received } = await sendTo(json(201, { sid, status: 'queued', error_code: null }))
    expect(delivery).toEqual({ kind: 'accepted', reference: sid })
    expect(received).toHaveLength(1)
    expect(received[0]).toMatchObject({
      path: `POST /2010-04-01/Accounts/${accountSid}/Messages.json`,
      authorization: `Basic ${Buffer.from(`${accountSid}:token`).toString('base64')}`,
    })
    expect(Object.fromEntries(received[0]?.form ?? [])).toEqual({
      To: message.to,
      Body: message.text,
      StatusCallback: message.statusCallback,
      From: '+15005550006',
    })
  })

  test('goes out under the messaging service where there is one, below a base address with a path', async () => {
    const { baseUrl, received } = await listen(json(201, { sid }))
    const messagingServiceSid = `MG${'2'.repeat(32)}`
    await createTwilioSms({
      accountSid,
      authToken: new Secret('token'),
      from: '+15005550006',
      messagingServiceSid,
      baseUrl: `${baseUrl}/twilio/`,
    }).send(message, never)
    expect(received[0]?.path).toBe(`POST /twilio/2010-04-01/Accounts/${accountSid}/Messages.json`)
    expect(received[0]?.form.get('MessagingServiceSid')).toBe(messagingServiceSid)
    expect(received[0]?.form.has('From')).toBe(false)
  })

  test.each([
    [
      'too many requests',
      json(429, { code: 20429, status: 429 }, { 'retry-after': '7' }),
      { kind: 'transient', reason: 'twilio_20429', retryAfterMs: 7_000 },
    ],
    ['too many requests without a wait', json(429, { code: 20429 }), { kind: 'transient', reason: 'twilio_20429' }],
    ['a number that is none', json(400, { code: 21211, status: 400 }), { kind: 'permanent', reason: 'twilio_21211' }],
    ['a wrong credential', json(401, { code: 20003, status: 401 }), { kind: 'permanent', reason: 'twilio_20003' }],
    ['a wrong address', json(404, 'no such page'), { kind: 'permanent', reason: 'twilio_http_404' }],
    ['a fault that Twilio names', json(500, { code: 20500, status: 500 }), { kind: 'transient', reason: 'twilio_20500' }],
    ['a service that is away', json(503, {}), { kind: 'transient', reason: 'twilio_http_503' }],
    ['a gateway that lost the answer', json(504, {}), { kind: 'unknown', reason: 'twilio_http_504' }],
    ['a fault that nobody names', json(500, {}), { kind: 'unknown', reason: 'twilio_http_500' }],
    ['a success that names no message', json(200, {}), { kind: 'unknown', reason: 'twilio_unreadable' }],
    ["a proxy's page", ((response) => response.end('<html>')) satisfies Reply, { kind: 'unknown', reason: 'twilio_unreadable' }],
    [
      'a message refused in a success',
      json(201, { sid, status: 'failed', error_code: 30008 }),
      { kind: 'permanent', reason: 'twilio_30008' },
    ],
    [
      'a connection lost after the request',
      ((_, request) => request.socket.resetAndDestroy()) satisfies Reply,
      { kind: 'unknown', reason: 'twilio_connection_lost' },
    ],
  ] as [string, Reply, object][])('that meets %s is sent once', async (_, reply, expected) => {
    const { delivery, received } = await sendTo(reply)
    expect(delivery).toEqual(expected)
    expect(received).toHaveLength(1)
  })

  test('that gets no answer is unknown as soon as the worker gives up', async () => {
    const worker = new AbortController()
    const { delivery } = await sendTo(() => worker.abort(), worker.signal)
    expect(delivery).toEqual({ kind: 'unknown', reason: 'twilio_timeout' })
  })

  test('that gets no answer is unknown after 8 seconds at the latest', async () => {
    const startedAtMs = Date.now()
    const { delivery } = await sendTo(() => undefined)
    expect(delivery).toEqual({ kind: 'unknown', reason: 'twilio_timeout' })
    expect(Date.now() - startedAtMs).toBeLessThan(9_000)
  })

  test('was surely not sent where nobody listens, no such host is known or the certificate is not trusted', async () => {
    const { baseUrl } = await listen(() => undefined)
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve))
    expect(await provider(baseUrl).send(message, never)).toEqual({ kind: 'transient', reason: 'twilio_unreachable' })
    expect(await provider('http://no-such-host.invalid').send(message, never)).toEqual({ kind: 'transient', reason: 'twilio_unreachable' })
    // A server that ends the connection in the middle of the TLS handshake: nothing of the request can have left.
    const tcp = createTcpServer((socket) => socket.once('data', () => socket.destroy()))
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    const delivery = await provider(`https://127.0.0.1:${(tcp.address() as AddressInfo).port}`).send(message, never)
    await new Promise((resolve) => tcp.close(resolve))
    expect(delivery).toEqual({ kind: 'transient', reason: 'twilio_unreachable' })
  })

  test('says at most an hour to wait, and understands a date', async () => {
    const late = await sendTo(json(429, { code: 20429 }, { 'retry-after': new Date(Date.now() + 86_400_000).toUTCString() }))
    expect(late.delivery).toMatchObject({ kind: 'transient', retryAfterMs: 3_600_000 })
    const odd = await sendTo(json(429, { code: 20429 }, { 'retry-after': 'soon' }))
    expect(odd.delivery).toEqual({ kind: 'transient', reason: 'twilio_20429' })
  })

  test('keeps its outcome apart from that of others under way', async () => {
    let count = 0
    const { baseUrl } = await listen((response, request) =>
      count++ % 2 === 0 ? json(201, { sid })(response, request) : json(429, { code: 20429 }, { 'retry-after': '3' })(response, request),
    )
    const sms = provider(baseUrl)
    const deliveries = await Promise.all(Array.from({ length: 40 }, () => sms.send(message, never)))
    expect(deliveries.filter(({ kind }) => kind === 'accepted')).toHaveLength(20)
    expect(deliveries.filter((delivery) => delivery.kind === 'transient' && delivery.retryAfterMs === 3_000)).toHaveLength(20)
  })
})

describe('a signature of a callback', () => {
  const url = 'https://example.com/v1/callbacks/twilio/status?verification=ver_1'
  const params = { MessageSid: sid, MessageStatus: 'delivered' }
  const token = new Secret('12345')
  // Twilio's rule, written out: the address, then every parameter's name and value in order of the names.
  const signature = createHmac('sha1', '12345').update(`${url}MessageSid${sid}MessageStatusdelivered`).digest('base64')

  test('is right for exactly that address, form and token', () => {
    expect(validateTwilioSignature(token, url, params, signature)).toBe(true)
    expect(validateTwilioSignature(token, `${url}0`, params, signature)).toBe(false)
    expect(validateTwilioSignature(token, url, { ...params, MessageStatus: 'failed' }, signature)).toBe(false)
    expect(validateTwilioSignature(new Secret('54321'), url, params, signature)).toBe(false)
  })

  test.each([undefined, '', 'x', signature.slice(1), `${signature}=`])('that reads %j is wrong', (wrong) => {
    expect(validateTwilioSignature(token, url, params, wrong)).toBe(false)
  })

  test("is right in Twilio's documented example", () => {
    const form = { CallSid: 'CA1234567890ABCDE', Caller: '+14158675309', Digits: '1234', From: '+14158675309', To: '+18005551212' }
    const known = validateTwilioSignature(token, 'https://mycompany.com/myapp.php?foo=1&bar=2', form, 'RSOYDt4T1cUTdK1PDd93/VVr8B8=')
    expect(known).toBe(true)
  })
})

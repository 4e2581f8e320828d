// What Node refuses before any route is asked: problem documents all the same, logged, and the connection ends.
import { connect, type AddressInfo } from 'node:net'
import express from 'express'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHttpServer } from '../../src/api/http-server.ts'
import { bodyDeadline } from '../../src/api/middleware/body-deadline.ts'
import { problems } from '../../src/api/middleware/problems.ts'
import { requestId } from '../../src/api/middleware/request-id.ts'
import { startApi, type Harness } from './harness.ts'

let api: Harness
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

/** Sends bytes and gives everything that came back until the server ended the connection. */
function sendBytes(text: string, url = api.url): Promise<{ status: number; headers: string; body: Record<string, unknown> }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part))
    socket.once('error', reject).once('end', () => {
      const [headers = '', body = ''] = answer.split('\r\n\r\n')
      resolve({ status: Number(headers.split(' ')[1]), headers, body: JSON.parse(body) as Record<string, unknown> })
    })
  })
}

it.each([
  ['is no HTTP', 'nonsense\r\n\r\n', 400, 'invalid_request'],
  [
    'has two lengths',
    'POST /v1/verifications HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    400,
    'invalid_request',
  ],
  ['has headers without end', `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers_too_large'],
  ['names no host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'invalid_request'],
  ['expects what nobody does', 'GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n', 417, 'expectation_failed'],
])('a request that %s', async (_name, text, status, code) => {
  api.logLines.length = 0
  const answer = await sendBytes(text)
  expect(answer.status).toBe(status)
  expect(answer.headers).toContain('application/problem+json')
  expect(answer.body).toMatchObject({ code, status, detail: expect.stringMatching(/\.$/), instance: expect.stringMatching(/^req_/) })
  expect(answer.headers).toContain(String(answer.body['instance']))
  await expect.poll(() => api.logLines.join('')).toContain(String(answer.body['instance']))
})

it('an ordinary Expect: 100-continue is met', async () => {
  const { hostname, port } = new URL(api.url)
  const first = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        'POST /v1/verifications HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
      ),
    )
    socket.setEncoding('utf8').once('data', (part: string) => {
      socket.destroy()
      resolve(part)
    })
  })
  expect(first).toMatch(/^HTTP\/1\.1 100 /)
})

it('a body that does not come in time is a 408 problem', async () => {
  const app = express()
  app.use(
    requestId(api.deps.log, () => {}),
    bodyDeadline(50),
  )
  app.post('/', async (req) => {
    for await (const part of req) String(part)
  })
  app.use(problems(api.deps.log))
  const server = createHttpServer(app, { log: api.deps.log })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = await sendBytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf', url)
  server.close()
  expect([answer.status, answer.body['code']]).toEqual([408, 'request_timeout'])
})

it('headers are not waited for without end', () => {
  expect(createHttpServer(() => {}, { log: api.deps.log }).headersTimeout).toBe(60_000)
})

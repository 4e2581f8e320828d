// The sender against real sockets: nothing that is not public is ever connected to, nothing is followed, nothing hangs. 127.0.0.2 plays the public network,
// 127.0.0.1 our own.
import { createServer as createHttps, type Server } from 'node:https'
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net'
import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWebhookSender, type ResolvedAddress, type SenderOptions } from '../../../src/providers/webhook-sender/sender.ts'
import { createCertificate } from '../../support/certificate.ts'

const host = 'hooks.example.com'
const publicOne = { address: '127.0.0.2', family: 4 }
const ours = { address: '127.0.0.1', family: 4 }
const request = { headers: { 'content-type': 'application/json', 'webhook-id': 'evt_1' }, body: '{"type":"a.b"}' }
const never = new AbortController().signal

let certificate: { key: string; cert: string }
/** Counts who comes to our own network. */
let trap: NetServer
let trapped = 0
const servers: (Server | NetServer)[] = []

beforeAll(async () => {
  certificate = await createCertificate([host])
  trap = createServer((socket) => {
    trapped++
    socket.destroy()
  })
  await new Promise<void>((resolve) => trap.listen(0, ours.address, resolve))
  servers.push(trap)
})

afterAll(() => {
  for (const server of servers) server.close()
})

async function receiver(answer: RequestListener, port = 0): Promise<number> {
  const server = createHttps(certificate, answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(port, publicOne.address, resolve))
  return (server.address() as AddressInfo).port
}

/** A sender whose names are looked up here, each answer in its turn; the last one stays. */
function senderWith(answers: readonly (readonly ResolvedAddress[])[], options: Partial<SenderOptions> = {}) {
  const asked: string[] = []
  const resolve = (name: string): Promise<readonly ResolvedAddress[]> => {
    asked.push(name)
    return Promise.resolve(answers[Math.min(asked.length, answers.length) - 1] ?? [])
  }
  const isPublic = (address: string): boolean => address === publicOne.address
  return {
    asked,
    send: createWebhookSender({ allowPrivate: false, resolve, isPublic, ca: certificate.cert, timeoutMs: 2_000, ...options }),
  }
}

describe('the sender', () => {
  it('posts headers and body over TLS, with the name that was meant, and tells the status', async () => {
    const seen: unknown[] = []
    const port = await receiver((req, res) => {
      let body = ''
      req.on('data', (chunk: Buffer) => (body += String(chunk)))
      req.on('end', () => {
        seen.push({ method: req.method, url: req.url, host: req.headers.host, id: req.headers['webhook-id'], body })
        res.writeHead(503, { 'retry-after': '7' }).end('x'.repeat(1_000_000))
      })
    })
    const { send } = senderWith([[publicOne]])
    expect(await send({ ...request, url: `https://${host}:${port}/in?x=1` }, never)).toEqual({
      kind: 'answered',
      status: 503,
      retryAfter: '7',
    })
    expect(seen).toEqual([{ method: 'POST', url: '/in?x=1', host: `${host}:${port}`, id: 'evt_1', body: request.body }])
  })

  it('reaches nothing of ours by a name that leads there, alone or beside a public address', async () => {
    const { port } = trap.address() as AddressInfo
    for (const addresses of [[ours], [publicOne, ours], [ours, publicOne]]) {
      expect(await senderWith([addresses]).send({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({
        kind: 'failed',
        reason: 'address_refused',
      })
    }
    expect(trapped).toBe(0)
  })

  it('connects to what was checked, though the name answers 127.0.0.1 a moment later', async () => {
    const { port } = trap.address() as AddressInfo
    await receiver((_req, res) => res.writeHead(204).end(), port)
    const { send, asked } = senderWith([[publicOne], [ours]])
    expect(await send({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({ kind: 'answered', status: 204 })
    expect(asked).toEqual([host])
    expect(await send({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({ kind: 'failed', reason: 'address_refused' })
    expect(trapped).toBe(0)
  })

  it('follows no redirect', async () => {
    const { port: trapPort } = trap.address() as AddressInfo
    const port = await receiver((_req, res) => res.writeHead(307, { location: `https://127.0.0.1:${trapPort}/` }).end())
    expect(await senderWith([[publicOne]]).send({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({
      kind: 'answered',
      status: 307,
    })
    expect(trapped).toBe(0)
  })

  it('gives up on a receiver that is silent, on a name that is, and on nobody listening', async () => {
    const port = await receiver(() => {})
    const silent = senderWith([[publicOne]], { timeoutMs: 200 })
    expect(await silent.send({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({ kind: 'failed', reason: 'timeout' })
    const nameless = senderWith([], { timeoutMs: 200, resolve: () => new Promise(() => {}) })
    expect(await nameless.send({ ...request, url: `https://${host}/` }, never)).toEqual({ kind: 'failed', reason: 'timeout' })
    const unknown = senderWith([], { resolve: () => Promise.reject(new Error('ENOTFOUND')) })
    expect(await unknown.send({ ...request, url: `https://${host}/` }, never)).toEqual({ kind: 'failed', reason: 'name' })
    expect(await senderWith([[publicOne]]).send({ ...request, url: `https://${host}:1/` }, never)).toEqual({
      kind: 'failed',
      reason: 'connection',
    })
  })

  it('trusts no certificate of another name or of nobody', async () => {
    const port = await receiver((_req, res) => res.writeHead(200).end())
    const { send } = senderWith([[publicOne]])
    expect(await send({ ...request, url: `https://other.example.com:${port}/` }, never)).toEqual({ kind: 'failed', reason: 'tls' })
    const strict = createWebhookSender({ allowPrivate: false, resolve: async () => [publicOne], isPublic: () => true })
    expect(await strict({ ...request, url: `https://${host}:${port}/` }, never)).toEqual({ kind: 'failed', reason: 'tls' })
  })

  it('stops when it is asked to', async () => {
    const arrived = Promise.withResolvers<void>()
    const port = await receiver(() => arrived.resolve())
    const stop = new AbortController()
    const sending = senderWith([[publicOne]]).send({ ...request, url: `https://${host}:${port}/` }, stop.signal)
    await arrived.promise
    stop.abort()
    expect(await sending).toEqual({ kind: 'failed', reason: 'aborted' })
  })
})

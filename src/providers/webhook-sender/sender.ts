// Sends one webhook. The name is looked up once, every address it gives is checked, and the connection is pinned to what was checked: a name that answers otherwise a
// moment later changes nothing. No redirect is followed, no proxy asked, nothing of the answer kept but its status and Retry-After.
import { lookup } from 'node:dns/promises'
import { request as requestHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../../domain/event-ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { isPublicAddress } from './addresses.ts'
import { hostOf, refuseTarget } from './target.ts'

export type ResolvedAddress = { address: string; family: number }

export type SenderOptions = {
  /** Development only: also http, also addresses that are not public. */
  allowPrivate: boolean
  timeoutMs?: number
  /** All addresses of a name; the system's resolver if left out. */
  resolve?: (host: string) => Promise<readonly ResolvedAddress[]>
  /** For tests, which have no public network: which addresses count as public, and whom to trust instead of the system's authorities. */
  isPublic?: (address: string) => boolean
  ca?: string
}

const timeoutMs = 15 * SECOND_MS
const mostAnswerBytes = 64 * 1_024

export function createWebhookSender(options: SenderOptions): WebhookSender {
  const isPublic = options.isPublic ?? isPublicAddress
  const resolve = options.resolve ?? ((host: string) => lookup(host, { all: true, verbatim: true }))
  return async (request, signal) => {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? timeoutMs)
    const failed = (reason: Extract<WebhookAnswer, { kind: 'failed' }>['reason']): WebhookAnswer => ({ kind: 'failed', reason })
    if (refuseTarget(request.url, options.allowPrivate) !== null) return failed('address_refused')
    const url = new URL(request.url)
    const addresses = await untilAborted(addressesOf(hostOf(url), resolve), AbortSignal.any([signal, timeout]))
    if (signal.aborted) return failed('aborted')
    if (timeout.aborted) return failed('timeout')
    if (addresses === null || addresses.length === 0) return failed('name')
    // One address that is not public is enough: nobody has a reason to mix them.
    if (!options.allowPrivate && !addresses.every(({ address }) => isPublic(address))) return failed('address_refused')
    try {
      return await post(request, url, pinnedTo(addresses), AbortSignal.any([signal, timeout]), options)
    } catch (error) {
      if (signal.aborted) return failed('aborted')
      return failed(timeout.aborted ? 'timeout' : isTlsError(error) ? 'tls' : 'connection')
    }
  }
}

async function addressesOf(host: string, resolve: NonNullable<SenderOptions['resolve']>): Promise<readonly ResolvedAddress[] | null> {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family }]
  return resolve(host).catch(() => null)
}

/** Null when it was aborted first: a resolver cannot be. */
async function untilAborted<Value>(work: Promise<Value | null>, signal: AbortSignal): Promise<Value | null> {
  if (signal.aborted) return null
  const aborted = Promise.withResolvers<null>()
  const onAbort = (): void => aborted.resolve(null)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** A lookup that knows only what was checked. */
function pinnedTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_host, { all }, done) => {
    const [first] = addresses
    if (all) done(null, [...addresses])
    else if (first) done(null, first.address, first.family)
  }
}

function post(
  { headers, body }: WebhookRequest,
  url: URL,
  lookupPinned: LookupFunction,
  signal: AbortSignal,
  { ca }: SenderOptions,
): Promise<WebhookAnswer> {
  const isHttps = url.protocol === 'https:'
  const options: RequestOptions & { ca?: string } = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' },
    lookup: lookupPinned,
    signal,
    // An agent of its own: no connection is kept, and none is shared with what may have other rules or a proxy.
    agent: isHttps ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false }),
    ...(ca === undefined ? {} : { ca }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<WebhookAnswer>()
  const onAnswer = (answer: IncomingMessage): void => {
    const retryAfter = answer.headers['retry-after']
    resolve({ kind: 'answered', status: answer.statusCode ?? 0, ...(retryAfter === undefined ? {} : { retryAfter }) })
    letGo(answer)
  }
  const request: ClientRequest = isHttps ? requestHttps(url, options, onAnswer) : requestHttp(url, options, onAnswer)
  request.on('error', reject)
  request.end(body)
  return promise
}

/** Reads a little of the answer, so that a receiver that is still writing sees a decent end, and no more. */
function letGo(answer: IncomingMessage): void {
  let bytes = 0
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > mostAnswerBytes) answer.destroy()
  })
  answer.on('error', () => {})
}

function isTlsError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /CERT|SSL|TLS|SELF_SIGNED|UNABLE_TO|ERR_TLS/.test(code)
}

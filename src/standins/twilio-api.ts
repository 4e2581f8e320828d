// An HTTP server that speaks Twilio's Messages API to the vendor's own client, reports back as Twilio does, and can misbehave on request.
import { createHash, timingSafeEqual } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { listen, readBody } from './http-server.ts'
import { createModeSwitch, type Mode, type ModeSwitch } from './modes.ts'
import type { Controllable, Outbox } from './outbox.ts'
import {
  createMessage,
  faultBody,
  findFault,
  messageResource,
  signForm,
  statusForm,
  type TwilioFault,
  type TwilioMessage,
} from './twilio-messages.ts'

/**
 * `limit` answers 429 (Retry-After as given), `fail` answers `status` (503), `refuse` answers 400 with `code` (21211), `slow` accepts after
 * `delayMs`, `drop` accepts and breaks the connection instead of answering, `undelivered` accepts and later reports error `code` (30003).
 */
const modeNames = ['accept', 'limit', 'fail', 'refuse', 'slow', 'drop', 'undelivered'] as const
type ModeName = (typeof modeNames)[number]
export type TwilioMode = Mode<ModeName>

export type TwilioOptions = {
  port: number
  accountSid: string
  authToken: string
  outbox: Outbox
  /** One JSON line for each message accepted, written before the answer: what was really sent, whatever became of the answer. */
  receiptFile?: string
  /** Between one status callback and the next. */
  callbackDelayMs?: number
}

export type TwilioApi = Controllable & { url: string; port: number; setMode(mode: TwilioMode): void; stop(): Promise<void> }

type State = {
  modes: ModeSwitch<ModeName>
  messages: Map<string, TwilioMessage>
  stopping: AbortController
  isAuthorised: (header: string) => boolean
}

const keptMessages = 1_000
const callbackTimeoutMs = 5_000

/** Listens on 127.0.0.1 (port 0 takes a free one). Rejects when the port is taken. */
export async function startTwilioApi(options: TwilioOptions): Promise<TwilioApi> {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const expected = digest(`Basic ${Buffer.from(`${options.accountSid}:${options.authToken}`).toString('base64')}`)
  const state: State = {
    modes: createModeSwitch<ModeName>(modeNames, 'accept'),
    messages: new Map(),
    stopping: new AbortController(),
    isAuthorised: (header) => timingSafeEqual(digest(header), expected),
  }
  const server = createServer((request, response) => {
    handle(options, state, request, response).catch(() => response.destroy())
  })
  const running = await listen(server, options.port)
  return {
    ...running,
    setMode: state.modes.set,
    stop: async () => {
      state.stopping.abort()
      await running.stop()
    },
  }
}

async function handle(options: TwilioOptions, state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const account = `/2010-04-01/Accounts/${options.accountSid}`
  const path = new URL(request.url ?? '/', 'http://localhost').pathname
  const body = await readBody(request)
  if (!state.isAuthorised(request.headers.authorization ?? ''))
    return fault(response, { status: 401, code: 20003, message: 'Authenticate' })
  if (request.method === 'POST' && path === `${account}/Messages.json`) return receive(options, state, new URLSearchParams(body), response)
  const known = state.messages.get(/\/Messages\/(SM[0-9a-f]{32})\.json$/.exec(path)?.[1] ?? '')
  if (request.method === 'GET' && known) return respond(response, 200, messageResource(known))
  if (request.method === 'GET' && path === `${account}.json`) {
    return respond(response, 200, { sid: options.accountSid, friendly_name: 'Sallyport stand-in', status: 'active', type: 'Full' })
  }
  return fault(response, { status: 404, code: 20404, message: `The requested resource ${path} was not found` })
}

async function receive(options: TwilioOptions, state: State, form: URLSearchParams, response: ServerResponse): Promise<void> {
  const mode = state.modes.take()
  const refusal = faultOf(mode) ?? findFault(form)
  if (refusal) return fault(response, refusal)
  if (mode.kind === 'slow') await wait(mode.delayMs ?? 5_000, undefined, { signal: state.stopping.signal, ref: false })
  const message = createMessage(options.accountSid, form)
  keep(options, state, message)
  if (mode.kind === 'drop') response.destroy()
  else respond(response, 201, messageResource(message))
  const callback = form.get('StatusCallback')
  const failure = mode.kind === 'undelivered' ? (mode.code ?? 30003) : null
  // Receipts that cannot be handed over are lost, as Twilio's are.
  report(options, state, message, callback, failure).catch(() => {})
}

function faultOf({ kind, status = 503, code = 21211, retryAfterSeconds }: TwilioMode): TwilioFault | null {
  const after = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  if (kind === 'limit') return { status: 429, code: 20429, message: 'Too many requests', ...after }
  if (kind === 'fail') return { status, code: 20500, message: 'An internal server error has occurred', ...after }
  return kind === 'refuse' ? { status: 400, code, message: 'The message was refused.' } : null
}

function keep({ receiptFile, outbox }: TwilioOptions, { messages }: State, message: TwilioMessage): void {
  const { sid, to, body, createdAt } = message
  const at = createdAt.toISOString()
  if (receiptFile) appendFileSync(receiptFile, `${JSON.stringify({ at, to, body, sid })}\n`)
  outbox.add({ channel: 'sms', to, text: body, at })
  messages.set(sid, message)
  const oldest = messages.keys().next().value
  if (messages.size > keptMessages && oldest) messages.delete(oldest)
}

/** queued, sent, then delivered or undelivered; each is posted to the callback, signed. */
async function report(
  options: TwilioOptions,
  state: State,
  message: TwilioMessage,
  callback: string | null,
  failure: number | null,
): Promise<void> {
  const { authToken, callbackDelayMs = 50 } = options
  for (const status of ['queued', 'sent', failure ? 'undelivered' : 'delivered'] as const) {
    await wait(callbackDelayMs, undefined, { signal: state.stopping.signal, ref: false })
    message.status = status
    if (status === 'undelivered') message.errorCode = failure
    if (!callback) continue
    const form = statusForm(message)
    const headers = { 'x-twilio-signature': signForm(authToken, callback, form), 'i-twilio-idempotency-token': message.sid }
    const signal = AbortSignal.any([state.stopping.signal, AbortSignal.timeout(callbackTimeoutMs)])
    const answer = await fetch(callback, { method: 'POST', body: form, headers, signal }).catch(() => null)
    await answer?.body?.cancel()
  }
}

function fault(response: ServerResponse, reason: TwilioFault): void {
  respond(response, reason.status, faultBody(reason), reason.retryAfterSeconds)
}

function respond(response: ServerResponse, status: number, body: Record<string, unknown>, retryAfterSeconds?: number): void {
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', retryAfterSeconds)
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

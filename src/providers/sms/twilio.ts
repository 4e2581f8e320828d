// Text messages through Twilio's own client: one request for one message, never repeated here, its answer as a Delivery.
// When to try again is for the worker; what was written on the wire is known by twilio-request.ts.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Twilio } from 'twilio'
import type { Delivery, SmsProvider, TextMessage } from '../../domain/ports.ts'
import type { Secret } from '../../lib/secret.ts'
import { traceRequests, type RequestTrace } from './twilio-request.ts'

const connectTimeoutMs = 2_000
const totalTimeoutMs = 8_000
const maxRetryAfterMs = 3_600_000

/** Messages go out under the messaging service where there is one, else from the number. `baseUrl` replaces https://api.twilio.com. */
export type TwilioOptions = { accountSid: string; authToken: Secret; from?: string; messagingServiceSid?: string; baseUrl?: string }

/** A sender of text messages. The vendor's client (33 MB) is loaded with the first message. `send` never throws and ends within 8 s. */
export function createTwilioSms(options: TwilioOptions): SmsProvider {
  const traces = new AsyncLocalStorage<RequestTrace>()
  let client: Promise<Twilio> | undefined
  return {
    name: 'twilio',
    async send(message, signal) {
      const trace: RequestTrace = { signal: AbortSignal.any([signal, AbortSignal.timeout(totalTimeoutMs)]), mayBeWritten: false }
      try {
        client ??= loadClient(options, traces)
        const loaded = await client
        return await traces.run(trace, () => submit(loaded, options, message))
      } catch (error) {
        return judge(error, trace)
      }
    },
  }
}

async function loadClient(options: TwilioOptions, traces: AsyncLocalStorage<RequestTrace>): Promise<Twilio> {
  const { default: vendor } = await import('twilio')
  const httpClient = new vendor.RequestClient({ timeout: totalTimeoutMs, autoRetry: false, keepAlive: true })
  traceRequests(httpClient, traces, connectTimeoutMs, options.baseUrl)
  // Anything but 'debug' is silent; said here because the vendor would otherwise ask the environment.
  return vendor(options.accountSid, options.authToken.reveal(), { httpClient, autoRetry: false, logLevel: 'none' })
}

async function submit(client: Twilio, options: TwilioOptions, { to, text, statusCallback }: TextMessage): Promise<Delivery> {
  const { messagingServiceSid, from } = options
  const sender = messagingServiceSid !== undefined ? { messagingServiceSid } : from !== undefined ? { from } : {}
  const answer = await client.messages.create({ to, body: text, statusCallback, ...sender })
  if (answer.errorCode) return { kind: 'permanent', reason: `twilio_${answer.errorCode}` }
  // A success that names no message is nobody's promise (a proxy's page, say), and may still stand for a message on its way.
  if (!/^(?:SM|MM)[0-9a-f]{32}$/i.test(answer.sid ?? '')) return { kind: 'unknown', reason: 'twilio_unreadable' }
  return { kind: 'accepted', reference: answer.sid }
}

function judge(error: unknown, trace: RequestTrace): Delivery {
  const { status } = trace
  if (status !== undefined) return judgeStatus(status, vendorCode(error), trace)
  if (trace.mayBeWritten) return { kind: 'unknown', reason: trace.signal.aborted ? 'twilio_timeout' : 'twilio_connection_lost' }
  return { kind: 'transient', reason: trace.signal.aborted ? 'twilio_timeout' : 'twilio_unreachable' }
}

/**
 * Twilio's own 4xx are final, a wrong credential (20003) too: it stays wrong until somebody acts, and the verification should fail where
 * they see it. A 500 with one of Twilio's codes and any 503 were refused before acceptance. Other 5xx come from something in between that
 * cannot tell what became of the request.
 */
function judgeStatus(status: number, code: number | undefined, trace: RequestTrace): Delivery {
  const reason = code === undefined ? `twilio_http_${status}` : `twilio_${code}`
  if (status >= 200 && status < 300) return { kind: 'unknown', reason: 'twilio_unreadable' }
  if (status === 429 || status === 408 || status === 503 || (status === 500 && code !== undefined)) {
    const retryAfterMs = readRetryAfterMs(trace.retryAfter)
    return { kind: 'transient', reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  return status >= 500 ? { kind: 'unknown', reason } : { kind: 'permanent', reason }
}

function vendorCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'number' && code > 0 ? code : undefined
}

/** RFC 9110 §10.2.3: seconds or a date. At most an hour is believed. */
function readRetryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), maxRetryAfterMs) : undefined
}

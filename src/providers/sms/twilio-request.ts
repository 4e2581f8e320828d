// What one HTTP request of the vendor's client needs and the client has no option for: another base address, a deadline, and knowing
// whether anything was written. Judging the answer is left to twilio.ts.
import { AsyncLocalStorage } from 'node:async_hooks'
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { RequestClient } from 'twilio'

/** Filled in as the request goes on. `mayBeWritten`: a connection stood, so the vendor may have got the request. */
export type RequestTrace = { signal: AbortSignal; mayBeWritten: boolean; status?: number; retryAfter?: string }

type Interceptors = RequestClient['axios']['interceptors']
type RequestConfig = Parameters<NonNullable<Parameters<Interceptors['request']['use']>[0]>>[0]
type Answer = Parameters<NonNullable<Parameters<Interceptors['response']['use']>[0]>>[0]

/**
 * Hooks into the vendor's own HTTP client. Requests that run inside `traces.run(trace, …)` keep that trace; `baseUrl` replaces the
 * origin.
 */
export function traceRequests(
  client: RequestClient,
  traces: AsyncLocalStorage<RequestTrace>,
  connectTimeoutMs: number,
  baseUrl?: string,
): void {
  client.axios.interceptors.request.use((config: RequestConfig) => {
    const trace = traces.getStore()
    if (baseUrl !== undefined && config.url) config.url = rebase(config.url, baseUrl)
    if (!trace) return config
    config.signal = trace.signal
    const agent = config.url?.startsWith('https:') ? https : http
    config['transport'] = {
      request: (options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) =>
        watchConnection(agent.request(options, onAnswer), trace, connectTimeoutMs, agent === https),
    }
    return config
  })
  client.axios.interceptors.response.use((answer: Answer) => {
    const trace = traces.getStore()
    const retryAfter: unknown = answer.headers['retry-after']
    if (trace) trace.status = answer.status
    if (trace && typeof retryAfter === 'string') trace.retryAfter = retryAfter
    return answer
  })
}

function rebase(url: string, baseUrl: string): string {
  const { pathname, search } = new URL(url)
  return `${baseUrl.replace(/\/+$/, '')}${pathname}${search}`
}

/** Node holds what is written back until the connection stands, so before that nothing can have left. */
function watchConnection(request: ClientRequest, trace: RequestTrace, connectTimeoutMs: number, isTls: boolean): ClientRequest {
  request.once('socket', (socket) => {
    if (!socket.connecting) {
      trace.mayBeWritten = true
      return
    }
    const timer = setTimeout(() => request.destroy(new Error('no connection in time')), connectTimeoutMs)
    socket.once('close', () => clearTimeout(timer))
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      trace.mayBeWritten = true
    })
  })
  return request
}

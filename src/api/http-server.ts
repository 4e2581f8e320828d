// The HTTP server around an app. What Node would refuse by itself, in words of its own or in none, gets a problem document here.
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError, errorRow, type ErrorCode } from '../errors.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Log } from '../log.ts'
import type { ProcessTelemetry } from '../telemetry.ts'
import { createRequestId } from './middleware/request-id.ts'
import { toProblem } from './problem.ts'

type Observers = { log: Log; requested?: ProcessTelemetry['requested'] }

/**
 * A server that is not listening yet. A missing Host and a strange Expect are left to the app, which refuses them as it refuses anything; so is how long a
 * body may take (headers have a minute): an upload's is bounded in silence, all others by middleware/body-deadline.ts.
 */
export function createHttpServer(app: RequestListener, observers: Observers): Server {
  const server = createServer({ requireHostHeader: false, requestTimeout: 0, headersTimeout: headersWithinMs }, app)
  server.on('checkExpectation', app)
  server.on('clientError', (error: Error, socket) => refuseSocket(error, socket, observers))
  return server
}

/** Said outright: without a bound for the whole request Node has none for its headers either. */
const headersWithinMs = MINUTE_MS

const codeOfFault: Readonly<Record<string, ErrorCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'too_large',
}

/** Answers what is no HTTP request and closes its connection; a client that is gone gets nothing. */
function refuseSocket(error: Error, socket: Duplex, { log, requested }: Observers): void {
  const fault = 'code' in error ? String(error.code) : ''
  if (fault === 'ECONNRESET' || !socket.writable || hasAnswerUnderWay(socket)) {
    socket.destroy()
    return
  }
  const code = codeOfFault[fault] ?? 'invalid_request'
  const { status } = errorRow(code)
  const requestId = createRequestId()
  requested?.('unmatched', 'unknown', status, 0)
  log.info({ requestId, route: 'unmatched', status, problem: code, fault }, 'request refused')
  socket.end(answerText(code, requestId), () => socket.destroy())
}

/** Text between the head of another answer and its end would be taken for a part of it. */
function hasAnswerUnderWay(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as Duplex & { _httpMessage?: { headersSent: boolean } | null }
  return answer?.headersSent === true
}

function answerText(code: ErrorCode, requestId: string): string {
  const error = new AppError(code, code === 'invalid_request' ? { detail: 'This is no HTTP request that can be read.' } : {})
  const body = JSON.stringify(toProblem(error, requestId))
  return [
    `HTTP/1.1 ${errorRow(code).status} Refused`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}

// What the mail catcher and the Twilio stand-in received, in memory, so that a developer or a test can read it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { listen, readBody, type RunningServer } from './http-server.ts'

/** `at` is ISO 8601 UTC. */
export type OutboxMessage = { channel: 'sms' | 'email'; to: string; subject?: string; text: string; html?: string; at: string }

export type Outbox = {
  add(message: OutboxMessage): void
  /** Newest first; only those to this recipient when one is named (case apart). */
  list(to?: string): OutboxMessage[]
  clear(): void
}

/** A part whose behaviour can be changed while it runs; throws RangeError for a mode that it does not know. */
export type Controllable = { setMode(mode: unknown): void }

const capacity = 10_000

/** Keeps the newest 10,000 messages. They are not written to disk: they hold codes, and a code outlives no restart of anybody's interest. */
export function createOutbox(): Outbox {
  const messages: OutboxMessage[] = []
  return {
    add(message) {
      messages.unshift(message)
      messages.length = Math.min(messages.length, capacity)
    },
    list: (to) => messages.filter((message) => to === undefined || message.to.toLowerCase() === to.toLowerCase()),
    clear: () => messages.splice(0),
  }
}

/**
 * Serves on loopback: `GET /outbox?to=`, `DELETE /outbox`, and `PUT /modes/<name>` with a mode as JSON for each controllable part.
 * Rejects when the port is taken.
 */
export function startOutboxServer(port: number, outbox: Outbox, parts: Readonly<Record<string, Controllable>>): Promise<RunningServer> {
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname === '/outbox' && request.method === 'GET') return [200, outbox.list(readRecipient(url))]
    if (url.pathname === '/outbox' && request.method === 'DELETE') {
      outbox.clear()
      return [200, []]
    }
    const part = url.pathname.startsWith('/modes/') ? parts[url.pathname.slice('/modes/'.length)] : undefined
    if (!part || request.method !== 'PUT') return [404, { message: 'GET or DELETE /outbox, PUT /modes/<part>' }]
    const mode: unknown = JSON.parse(await readBody(request))
    part.setMode(mode)
    return [200, mode]
  }
  const respond = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => respond(response, status, body),
      (error: unknown) => respond(response, 400, { message: error instanceof Error ? error.message : 'unreadable' }),
    )
  })
  return listen(server, port)
}

/** A "+" that nobody encoded arrives as a blank: no recipient begins with one. */
function readRecipient(url: URL): string | undefined {
  return url.searchParams.get('to')?.replace(/^ /, '+') ?? undefined
}

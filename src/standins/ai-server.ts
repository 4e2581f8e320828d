// A server that speaks OpenAI's chat completions, for development and tests: it answers from the text that it is given, without a model. What it was asked is
// kept, so that a test can look at it.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type ChatRequest = {
  model: string
  messages: readonly { role: string; content: string }[]
  response_format?: { type: string }
  authorization?: string
}

/** What it does besides answering well: nothing, an error, an answer of another form, no answer at all. */
export type AiMood = 'well' | 'failing' | 'rambling' | 'silent'

export type AiServer = { url: string; requests: ChatRequest[]; mood: AiMood; stop(): Promise<void> }

const maxBodyBytes = 1_048_576

/** Listens on a free port of this machine. `url` is what AI_BASE_URL takes. */
export async function startAiServer(options: { apiKey?: string } = {}): Promise<AiServer> {
  const state: AiServer = { url: '', requests: [], mood: 'well', stop: () => stop(server) }
  const server = createServer((req, res) => {
    answer(state, options.apiKey, req, res).catch(() => res.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return state
}

async function answer(state: AiServer, apiKey: string | undefined, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method !== 'POST' || req.url !== '/v1/chat/completions')
    return fail(res, 404, 'not_found_error', `Invalid URL (${req.method} ${req.url})`)
  if (apiKey !== undefined && req.headers.authorization !== `Bearer ${apiKey}`)
    return fail(res, 401, 'invalid_request_error', 'Incorrect API key provided.')
  const request = JSON.parse(await readBody(req)) as ChatRequest
  if (!Array.isArray(request.messages) || typeof request.model !== 'string')
    return fail(res, 400, 'invalid_request_error', 'messages and model are required')
  state.requests.push({ ...request, ...(req.headers.authorization === undefined ? {} : { authorization: req.headers.authorization }) })
  if (state.mood === 'silent') return
  if (state.mood === 'failing') return fail(res, 500, 'server_error', 'The server had an error while processing your request.')
  const content =
    state.mood === 'rambling' ? 'Sure! Here is what I think of it.' : JSON.stringify(summarise(request.messages.at(-1)?.content ?? ''))
  send(res, 200, completionOf(request.model, content))
}

/** The first sentence, and the longest words. */
function summarise(text: string): object {
  const plain = text
    .replaceAll(/<<<DOCUMENT|DOCUMENT>>>|\[page \d+\]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const words = [...new Set(plain.match(/\p{L}{8,30}/gu) ?? [])].toSorted((a, b) => b.length - a.length).slice(0, 5)
  return {
    summary: `In short: ${plain.slice(0, 160) || 'nothing is written here'}`,
    keyTerms: words.map((term) => ({ term, explanation: `It stands in the text.` })),
  }
}

function completionOf(model: string, content: string): object {
  return {
    id: 'chatcmpl-standin',
    object: 'chat.completion',
    created: 0,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function fail(res: ServerResponse, status: number, type: string, message: string): void {
  send(res, status, { error: { message, type, param: null, code: null } })
}

function send(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' })
  res.end(JSON.stringify(body))
}

function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  return promise
}

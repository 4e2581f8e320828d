// Bull Board at /admin/queues: for admins, by their session cookie or credential; read-only unless the operator says otherwise.
import { createBullBoard } from '@bull-board/api'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { ExpressAdapter } from '@bull-board/express'
import type { Express, Request, RequestHandler } from 'express'
import type { Caller } from '../domain/caller.ts'
import { traceOf } from '../domain/verification/access.ts'
import { AppError } from '../errors.ts'
import { isAdmin, readCredential } from './caller.ts'
import { consoleCaller } from './console-caller.ts'
import type { ApiDeps } from './deps.ts'
import { factsOf } from './request-facts.ts'
import { takeRequest } from './request-limit.ts'
import { requireSameOrigin } from './same-origin.ts'

const boardPath = '/admin/queues'

// The board's page is not ours: it has scripts of its own and inline styles, and asks for fonts elsewhere, which it does not get.
const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"

/** Mounts the board behind its gate. */
export function mountBoard(app: Express, deps: ApiDeps): void {
  const adapter = new ExpressAdapter()
  adapter.setBasePath(boardPath)
  createBullBoard({
    queues: deps.boardQueues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !deps.config.BOARD_WRITE })),
    serverAdapter: adapter,
    options: { uiConfig: { boardTitle: `${deps.config.BRAND_NAME} queues` } },
  })
  const board = adapter.getRouter() as Express
  board.disable('x-powered-by')
  app.use(boardPath, gate(deps), board)
}

function gate(deps: ApiDeps): RequestHandler {
  return async (req, res, next) => {
    factsOf(req).route = boardPath
    const { caller, isByCookie } = await boardCaller(deps, req)
    if (caller === null) {
      if (!isBrowser(req)) throw new AppError('unauthenticated')
      return res.redirect(303, `/sign-in?next=${encodeURIComponent(req.originalUrl)}`)
    }
    if (!isAdmin(caller)) throw new AppError('forbidden')
    const changes = req.method !== 'GET' && req.method !== 'HEAD'
    if (isByCookie && changes) requireSameOrigin(req, deps.config.PUBLIC_URL)
    if (changes && !deps.config.BOARD_WRITE) throw new AppError('forbidden', { detail: 'The board is read-only here.' })
    if (!req.path.startsWith('/static/')) await takeRequest(deps, caller)
    if (changes) await noteChange(deps, caller, req)
    res.setHeader('Content-Security-Policy', contentPolicy)
    next()
  }
}

/** What somebody is about to do on the board, for the audit trail. No action without its entry: when it cannot be written the action is refused. */
async function noteChange(deps: ApiDeps, caller: Caller, req: Request): Promise<void> {
  const data = { method: req.method, path: req.path.slice(0, 200) }
  const trace = traceOf(deps, caller, { requestId: factsOf(req).requestId })
  const nowMs = deps.clock.nowMs()
  await deps.events.append(0, { type: 'board.used', subject: 'board', sequence: nowMs, data }, trace, nowMs)
}

/** Who looks at the board; a credential in the header goes before the cookie. */
async function boardCaller(deps: ApiDeps, req: Request): Promise<{ caller: Caller | null; isByCookie: boolean }> {
  const caller = await readCredential(deps, req)
  if (caller !== null) return { caller, isByCookie: false }
  return { caller: await consoleCaller(deps, req), isByCookie: true }
}

function isBrowser(req: Request): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && (req.headers.accept ?? '').includes('text/html')
}

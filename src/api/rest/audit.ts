// The audit trail over HTTP, for admins: pages, verification, export, and a live tail by server-sent events.
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { everyAuditEntry, followAudit, listAudit, type AuditQuery } from '../../domain/audit/read.ts'
import { requestPatienceMs, verifyTrail, type VerifiedPlace } from '../../domain/audit/verify.ts'
import { invalidField } from '../../errors.ts'
import { readCursor, writeCursor } from '../../lib/cursor.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { credentialOf } from '../caller.ts'
import type { ApiDeps } from '../deps.ts'
import { revokedSignal } from '../revoked-signal.ts'
import { pageOf, queryOf } from '../page-query.ts'
import { abortedWith } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { auditDocs as docs } from './audit.docs.ts'

const verifyQuery = 'audit-verify'
const tailPauseMs = SECOND_MS
/** A comment this often keeps proxies from closing a silent tail. */
const quietLooks = 15

/** The routes of `/v1/audit`. */
export function auditRoutes(deps: ApiDeps): Route[] {
  const shared = { method: 'get', access: 'admin', limit: 'general' } as const
  return [
    {
      ...shared,
      path: '/v1/audit',
      limit: 'listing',
      doc: docs.list,
      handle: async (call) => void call.res.json(await listAudit(deps, queryIn(call, ['first', 'after']), pageOf(call.req))),
    },
    { ...shared, path: '/v1/audit/verify', doc: docs.verify, handle: (call) => verify(deps, call) },
    { ...shared, path: '/v1/audit/export', doc: docs.export, handle: (call) => sendExport(deps, call) },
    { ...shared, path: '/v1/audit/tail', doc: docs.tail, handle: (call) => sendTail(deps, call) },
  ]
}

async function verify(deps: ApiDeps, { req, res }: Call): Promise<void> {
  const after = queryOf(req, 'after')
  const place = after === undefined ? undefined : readCursor(deps.keyring, verifyQuery, after)
  if (place === null) throw invalidField('/after', 'is not where a verification stopped')
  const from = place === undefined ? undefined : (JSON.parse(place) as VerifiedPlace)
  const result = await verifyTrail(deps, { from, patienceMs: requestPatienceMs })
  const continueAfter = result.place && writeCursor(deps.keyring, verifyQuery, JSON.stringify(result.place))
  res.json({ ...result.verification, ...(continueAfter === undefined ? {} : { continueAfter }) })
}

async function sendExport(deps: ApiDeps, call: Call): Promise<void> {
  const batches = everyAuditEntry(deps, queryIn(call, []))
  // The first batch comes before the headers, so that what fails at once is a problem document.
  const first = await batches.next()
  call.res.setHeader('Content-Type', 'application/x-ndjson; charset=utf-8')
  call.res.setHeader('Content-Disposition', 'attachment; filename="audit.ndjson"')
  const lines = async function* (): AsyncGenerator<string> {
    if (first.done) return
    yield textOf(first.value)
    for await (const entries of batches) yield textOf(entries)
  }
  await pipeline(Readable.from(lines()), call.res)
}

function textOf(entries: readonly object[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

/** `Last-Event-ID` is the sequence that a client saw last; without one it begins now. */
async function sendTail(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  const seen = req.headers['last-event-id']
  const after = typeof seen === 'string' && /^\d{1,15}$/.test(seen) ? Number(seen) : undefined
  const over = abortedWith(call, deps.stopping)
  // A stream must not outlive the credential by which it was opened.
  const signal = AbortSignal.any([over, revokedSignal(deps, call.caller, credentialOf(req), over)])
  const pause = (): Promise<void> => wait(tailPauseMs, undefined, { signal }).catch(() => {})
  const batches = followAudit(deps, after, pause, signal)
  const first = await batches.next()
  res.setHeader('Content-Type', 'text/event-stream; charset=utf-8')
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Accel-Buffering', 'no')
  res.write(`retry: ${2 * SECOND_MS}\n\n`)
  let quiet = 0
  for (let next = first; !next.done && !signal.aborted; next = await batches.next()) {
    const text = next.value.map((entry) => `id: ${entry.sequence}\nevent: ${entry.action}\ndata: ${JSON.stringify(entry)}\n\n`).join('')
    quiet = text === '' ? quiet + 1 : 0
    const hasRoom = text !== '' ? res.write(text) : quiet % quietLooks === 0 ? res.write(': \n\n') : true
    if (!hasRoom) await once(res, 'drain', { signal }).catch(() => {})
  }
  res.end()
}

/** The filters of a query; `others` are what else the route takes. Throws `invalid_request` for anything besides. */
function queryIn({ req }: Call, others: readonly string[]): AuditQuery {
  const known = new Set(['actor', 'action', 'subject', 'from', 'to', ...others])
  for (const name of Object.keys(req.query)) if (!known.has(name)) throw invalidField(`/${name}`, 'is not a known parameter')
  const text = (name: string): string | undefined => {
    const value = queryOf(req, name)
    if (value !== undefined && (value === '' || value.length > 320)) throw invalidField(`/${name}`, 'must have 1 to 320 characters')
    return value
  }
  return { actor: text('actor'), action: text('action'), subject: text('subject'), fromMs: timeIn(text, 'from'), toMs: timeIn(text, 'to') }
}

function timeIn(text: (name: string) => string | undefined, name: string): number | undefined {
  const value = text(name)
  if (value === undefined) return undefined
  const ms = /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw invalidField(`/${name}`, 'must be a time as in 2026-11-20T19:17:00Z')
  return ms
}

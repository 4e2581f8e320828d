// Looking at the trail: pages, the whole of it line by line, and what is added while somebody watches.
import type { AuditEntry, AuditPage } from '../../contracts/audit.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { AuditFilter, AuditStore } from '../event-ports.ts'
import { placeOf, toPage, type PageRequest } from '../page.ts'

export type AuditReadDeps = { keyring: Keyring; audit: AuditStore }

/** What a reader may ask for; `actor` is a caller in clear (`user:alice`, `key:key_…`) or the digest that entries show. */
export type AuditQuery = {
  actor?: string | undefined
  action?: string | undefined
  subject?: string | undefined
  fromMs?: number | undefined
  toMs?: number | undefined
}

/** A filtered count goes no further: it then says that there are at least so many. */
export const mostCounted = 10_000
const batch = 1_000

/** Newest first. Throws `invalid_request` for a cursor of another query. */
export async function listAudit({ keyring, audit }: AuditReadDeps, query: AuditQuery, request: PageRequest): Promise<AuditPage> {
  const filter = filterOf(keyring, query)
  const scope = `audit ${JSON.stringify([query.actor, query.action, query.subject, query.fromMs, query.toMs])}`
  const place = placeOf(keyring, scope, request)
  const isWhole = Object.keys(filter).length === 0
  const [entries, total] = await Promise.all([
    audit.page(filter, place === undefined ? undefined : Number(place), request.first + 1),
    isWhole ? audit.head().then(({ sequence }) => sequence) : audit.count(filter, mostCounted),
  ])
  return toPage(
    { keyring, query: scope, request },
    entries,
    total,
    ({ sequence }) => String(sequence),
    (entry) => entry,
  )
}

/** Every entry that fits, oldest first, in batches. */
export async function* everyAuditEntry({ keyring, audit }: AuditReadDeps, query: AuditQuery, after = 0): AsyncGenerator<AuditEntry[]> {
  const filter = filterOf(keyring, query)
  for (let last = after; ;) {
    const entries = await audit.read(last, batch, filter)
    if (entries.length > 0) yield entries
    if (entries.length < batch) return
    last = entries.at(-1)?.sequence ?? last
  }
}

/**
 * What is added behind a sequence, batch by batch, until `signal` is aborted; without one what is added from now on. `pause` waits between looks. An empty batch
 * says that nothing was added.
 */
export async function* followAudit(
  deps: AuditReadDeps,
  after: number | undefined,
  pause: () => Promise<void>,
  signal: AbortSignal,
): AsyncGenerator<AuditEntry[]> {
  let last = after ?? (await deps.audit.head()).sequence
  while (!signal.aborted) {
    const entries = await deps.audit.read(last, batch)
    yield entries
    last = entries.at(-1)?.sequence ?? last
    if (entries.length < batch) await pause()
  }
}

/** A caller is looked for under every key of the ring, since entries keep the digest of their day. */
function filterOf(keyring: Keyring, { actor, action, subject, fromMs, toMs }: AuditQuery): AuditFilter {
  const actors = actor === undefined ? undefined : actor.includes(':') ? keyring.fingerprints('caller', actor) : [actor]
  return {
    ...(actors ? { actors } : {}),
    ...(action === undefined ? {} : { action }),
    ...(subject === undefined ? {} : { subject }),
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  }
}

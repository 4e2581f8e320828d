// API keys: made, listed, rotated, revoked. A key is shown once; its SHA-256 is all that is kept. Each change is an event.
import { createHash } from 'node:crypto'
import type { ApiKeyView, ApiKeyWithSecret, CreateApiKeyRequest } from '../../contracts/api-key.ts'
import { AppError } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { createId } from '../../lib/ids.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { randomBytes } from '../../lib/random.ts'
import type { ApiKeyBook, ApiKeyRecord, OutboxEvent } from '../event-ports.ts'
import { placeOf, toPage, type Page, type PageRequest } from '../page.ts'
import type { Trace } from '../state-ports.ts'

export type ApiKeyDeps = { clock: Clock; apiKeyBook: ApiKeyBook }

const noHeader = { partition: 0, keyTag: 0, traits: 0 }

/** Makes a key. `key` is in this answer and nowhere else, ever. */
export async function createApiKey(
  { clock, apiKeyBook }: ApiKeyDeps,
  { name, scopes }: CreateApiKeyRequest,
  trace: Trace,
): Promise<ApiKeyWithSecret> {
  const nowMs = clock.nowMs()
  const id = createId('key', noHeader)
  const { key, hash } = drawKey()
  await apiKeyBook.insert({ id, name, hash, scopes }, nowMs, eventOf('created', id, 1, trace, nowMs, { scopes: scopes.join(' ') }))
  const record = { id, name, scopes, version: 1, createdAtMs: nowMs, lastUsedAtMs: null, previousUntilMs: null, revokedAtMs: null }
  return { ...viewOf(record, nowMs), key }
}

/** Newest first, revoked ones included. */
export async function listApiKeys(
  { clock, apiKeyBook, keyring }: ApiKeyDeps & { keyring: Keyring },
  request: PageRequest,
): Promise<Page<ApiKeyView>> {
  const query = 'api-keys'
  const { keys, total } = await apiKeyBook.list(placeOf(keyring, query, request), request.first + 1)
  return toPage(
    { keyring, query, request },
    keys,
    total,
    ({ id }) => id,
    (key) => viewOf(key, clock.nowMs()),
  )
}

/** Throws `not_found`, as all that follow do. */
export async function getApiKey({ clock, apiKeyBook }: ApiKeyDeps, id: string): Promise<ApiKeyView> {
  return viewOf(found(await apiKeyBook.find(id)), clock.nowMs())
}

/** From the next request on the key opens nothing, and neither does the one before its last rotation. A second time is harmless. */
export async function revokeApiKey({ clock, apiKeyBook }: ApiKeyDeps, id: string, trace: Trace): Promise<void> {
  const nowMs = clock.nowMs()
  found(await apiKeyBook.revoke(id, nowMs, (version) => eventOf('revoked', id, version, trace, nowMs)))
}

/** A new key for the same id, scopes and everything that belongs to it; the old one goes on for `overlapSeconds`. */
export async function rotateApiKey(
  { clock, apiKeyBook }: ApiKeyDeps,
  id: string,
  overlapSeconds: number,
  trace: Trace,
): Promise<ApiKeyWithSecret> {
  const nowMs = clock.nowMs()
  const { key, hash } = drawKey()
  const event = (version: number): OutboxEvent => eventOf('rotated', id, version, trace, nowMs, { overlap: String(overlapSeconds) })
  const record = found(await apiKeyBook.rotate(id, hash, nowMs + overlapSeconds * SECOND_MS, event))
  return { ...viewOf(record, nowMs), key }
}

/** 256 random bits, so that a plain hash cannot be searched. */
function drawKey(): { key: string; hash: Buffer } {
  const key = `sk_${randomBytes(32).toString('base64url')}`
  return { key, hash: createHash('sha256').update(key).digest() }
}

function found(record: ApiKeyRecord | null): ApiKeyRecord {
  if (!record) throw new AppError('not_found')
  return record
}

function eventOf(verb: string, id: string, version: number, trace: Trace, atMs: number, data: Record<string, string> = {}): OutboxEvent {
  return {
    ...trace,
    id: createId('evt', noHeader),
    partition: 0,
    type: `api_key.${verb}`,
    subject: `api_key:${id}`,
    sequence: version,
    atMs,
    data,
  }
}

function viewOf(record: ApiKeyRecord, nowMs: number): ApiKeyView {
  const { id, name, scopes, createdAtMs, lastUsedAtMs, previousUntilMs, revokedAtMs } = record
  const time = (ms: number): string => new Date(ms).toISOString()
  return {
    id,
    name,
    scopes: [...scopes],
    createdAt: time(createdAtMs),
    ...(lastUsedAtMs === null ? {} : { lastUsedAt: time(lastUsedAtMs) }),
    ...(previousUntilMs !== null && previousUntilMs > nowMs && revokedAtMs === null ? { previousKeyUntil: time(previousUntilMs) } : {}),
    ...(revokedAtMs === null ? {} : { revokedAt: time(revokedAtMs) }),
  }
}

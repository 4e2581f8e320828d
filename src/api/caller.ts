// Names who is asking, from the request's credential, cookie and address. What that caller may do is the domain's to say.
import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { ApiKeyScope } from '../contracts/api-key.ts'
import { isPrivileged, type Caller } from '../domain/caller.ts'
import { AppError } from '../errors.ts'
import { SECOND_MS } from '../lib/durations.ts'
import { readBinding } from './cookies.ts'
import type { ApiDeps } from './deps.ts'
import { normalizeNetwork } from './network.ts'

/**
 * Who may call a route. `open`: anybody, credentials are not looked at. `anonymous`: anybody where PUBLIC_API says so. `credential`:
 * whoever has one. `admin`: admins.
 */
export type Access = 'open' | 'anonymous' | 'credential' | 'admin'

type CallerDeps = Pick<ApiDeps, 'verifyJwt' | 'apiKeys' | 'config'>

const maxCredentialLength = 8_192

/** The caller of a request. A bad credential is `unauthenticated` even where none was needed; too few rights are `forbidden`. */
export async function nameCaller(deps: CallerDeps, req: Request, access: Access): Promise<Caller> {
  if (access === 'open') return anonymousCaller(req)
  const caller = await readCredential(deps, req)
  if (caller === null) {
    if (access === 'anonymous' && deps.config.PUBLIC_API) return anonymousCaller(req)
    throw new AppError('unauthenticated')
  }
  requireScope(caller, access === 'admin' ? 'admin' : 'verifications')
  if (access === 'admin' && !isAdmin(caller)) throw new AppError('forbidden')
  return caller
}

/** A caller without credential: its address, and its browser's binding if it has one. */
export function anonymousCaller(req: Request): Caller {
  const binding = readBinding(req)
  return { kind: 'anonymous', network: addressOf(req), ...(binding === undefined ? {} : { binding }) }
}

/** The caller that the Authorization header names; null without one, `unauthenticated` for one that is not valid. */
export async function readCredential(deps: CallerDeps, req: Request): Promise<Caller | null> {
  const header = req.headers.authorization
  if (header === undefined) return null
  const credential = /^Bearer +([!-~]+) *$/i.exec(header)?.[1]
  if (credential === undefined || credential.length > maxCredentialLength) throw new AppError('unauthenticated')
  const caller = await callerOf(deps, credential)
  const network = isPrivileged(caller) ? namedNetwork(req) : addressOf(req)
  const binding = readBinding(req)
  return { ...caller, ...(network === null ? {} : { network }), ...(binding === undefined ? {} : { binding }) }
}

/** The caller that a JWT or an API key names, without a network. Throws `unauthenticated` or `service_degraded`. */
export async function callerOf(deps: CallerDeps, credential: string): Promise<Caller> {
  if (!credential.startsWith('sk_')) return { kind: 'user', ...(await deps.verifyJwt(credential)) }
  // The key has full entropy of its own, so that a plain hash cannot be searched.
  const key = await deps.apiKeys.findByHash(createHash('sha256').update(credential).digest()).catch((cause: unknown) => {
    throw new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
  })
  if (!key) throw new AppError('unauthenticated')
  return { kind: 'api-key', keyId: key.keyId, scopes: key.scopes }
}

export function isAdmin(caller: Caller): boolean {
  if (caller.kind === 'api-key') return caller.scopes.includes('admin')
  return caller.kind === 'user' && caller.roles.includes('admin')
}

/** A key made without scopes may do what every server may: verifications, and nothing of an admin's. */
function requireScope(caller: Caller, scope: ApiKeyScope): void {
  if (caller.kind !== 'api-key' || caller.scopes.includes(scope) || caller.scopes.includes('admin')) return
  if (caller.scopes.length === 0 && scope === 'verifications') return
  throw new AppError('forbidden', { detail: 'This key is not allowed to do that.' })
}

/** The end user's address, behind the proxies that TRUST_PROXY names; the socket's own when a proxy wrote nonsense. */
function addressOf(req: Request): string {
  return normalizeNetwork(req.ip ?? '') ?? normalizeNetwork(req.socket.remoteAddress ?? '') ?? 'unknown'
}

/** The end user's address as a server names it; null when it names none, or nonsense. */
function namedNetwork(req: Request): string | null {
  const named = req.headers['x-client-ip']
  return typeof named === 'string' ? normalizeNetwork(named) : null
}

// Names who is asking, from the request's credential, cookie and address. What that caller may do is the domain's to say.
import { createHash } from 'node:crypto'
import type { Request } from 'express'
import type { ApiKeyScope } from '../contracts/api-key.ts'
import { isPrivileged, type Caller } from '../domain/caller.ts'
import { requireStanding, type StandingDeps } from '../domain/revocation/standing.ts'
import type { TokenClaims } from '../domain/session-ports.ts'
import { AppError } from '../errors.ts'
import { SECOND_MS } from '../lib/durations.ts'
import { readBinding } from './cookies.ts'
import type { ApiDeps } from './deps.ts'
import { normalizeNetwork } from './network.ts'
import { takeRequest } from './request-limit.ts'

/**
 * Who may call a route. `open`: anybody, credentials are not looked at. `anonymous`: anybody where PUBLIC_API says so. `credential`:
 * whoever has one. `admin`: admins.
 */
export type Access = 'open' | 'anonymous' | 'credential' | 'admin'

type CallerDeps = Pick<ApiDeps, 'verifyJwt' | 'apiKeys' | 'config' | 'policy' | 'limits'> & StandingDeps

const maxCredentialLength = 8_192

/** The caller of a request. A bad credential is `unauthenticated` even where none was needed; too few rights are `forbidden`. */
export async function nameCaller(deps: CallerDeps, req: Request, access: Access, scope: ApiKeyScope = 'verifications'): Promise<Caller> {
  if (access === 'open') return anonymousCaller(req)
  const caller = await readCredential(deps, req)
  if (caller === null) {
    if (access === 'anonymous' && deps.config.PUBLIC_API) return anonymousCaller(req)
    throw new AppError('unauthenticated')
  }
  requireScope(caller, access === 'admin' ? 'admin' : scope)
  if (access === 'admin' && !isAdmin(caller)) throw new AppError('forbidden')
  return caller
}

/** A caller without credential: its address, and its browser's binding if it has one. */
export function anonymousCaller(req: Request): Caller {
  const binding = readBinding(req)
  return { kind: 'anonymous', network: addressOf(req), ...(binding === undefined ? {} : { binding }) }
}

/**
 * The caller that the Authorization header names; null without one, `unauthenticated` for one that is not valid. Those are counted as
 * requests of the network they come from, whose limit then answers `rate_limited`.
 */
export async function readCredential(deps: CallerDeps, req: Request): Promise<Caller | null> {
  if (req.headers.authorization === undefined) return null
  const credential = credentialOf(req)
  const caller = await callerOf(deps, credential, addressOf(req)).catch((error: unknown) => failCredential(deps, req, error))
  const network = isPrivileged(caller) ? namedNetwork(req) : addressOf(req)
  const binding = readBinding(req)
  return { ...caller, ...(network === null ? {} : { network }), ...(binding === undefined ? {} : { binding }) }
}

/** The JWT or API key that the Authorization header brings; empty for none. */
export function credentialOf(req: Request): string {
  return /^Bearer +([!-~]+) *$/i.exec(req.headers.authorization ?? '')?.[1] ?? ''
}

/**
 * The caller that a JWT or an API key names. The one place where a JWT is let in: it must not have been revoked, nor its session ended. Throws
 * `unauthenticated` or `service_degraded`.
 */
export async function callerOf(deps: CallerDeps, credential: string, network?: string): Promise<Caller> {
  if (credential === '' || credential.length > maxCredentialLength) throw new AppError('unauthenticated')
  if (!credential.startsWith('sk_')) return userOf(deps, await deps.verifyJwt(credential), network)
  const key = await findKey(deps, hashOfKey(credential))
  if (!key) throw new AppError('unauthenticated')
  return { kind: 'api-key', keyId: key.keyId, scopes: key.scopes }
}

async function userOf(deps: CallerDeps, claims: TokenClaims, network: string | undefined): Promise<Caller> {
  const token = await requireStanding(deps, claims, network)
  const { subject, roles, email, phoneNumber } = claims
  return {
    kind: 'user',
    subject,
    roles,
    ...(email === undefined ? {} : { email }),
    ...(phoneNumber === undefined ? {} : { phoneNumber }),
    token,
  }
}

async function failCredential(deps: CallerDeps, req: Request, error: unknown): Promise<never> {
  if (error instanceof AppError && error.code === 'unauthenticated') {
    await takeRequest(deps, { kind: 'anonymous', network: addressOf(req) }).catch((refusal: unknown) => {
      // With Redis away nobody is counted, and the credential is as wrong as before.
      if (refusal instanceof AppError && refusal.code === 'rate_limited') throw refusal
    })
  }
  throw error
}

/** What the stores know an API key by. It has full entropy of its own, so that a plain hash cannot be searched. */
export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}

/** The key with this hash; null for an unknown or ended one. Throws `service_degraded`. */
export function findKey({ apiKeys }: Pick<ApiDeps, 'apiKeys'>, sha256: Buffer): ReturnType<ApiDeps['apiKeys']['findByHash']> {
  return apiKeys.findByHash(sha256).catch((cause: unknown) => {
    throw new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
  })
}

export function isAdmin(caller: Caller): boolean {
  if (caller.kind === 'api-key') return caller.scopes.includes('admin')
  return caller.kind === 'user' && caller.roles.includes('admin')
}

/** A key made without scopes may do what every server may, and nothing of an admin's. */
function requireScope(caller: Caller, scope: ApiKeyScope): void {
  if (caller.kind !== 'api-key' || caller.scopes.includes(scope) || caller.scopes.includes('admin')) return
  if (caller.scopes.length === 0 && scope !== 'admin') return
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

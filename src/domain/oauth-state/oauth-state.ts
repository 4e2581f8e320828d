// OAuth states: made once, bound to a browser or a server's user, consumed once, only with that binding, only towards a registered redirect.
import type { ConsumedOauthState, CreatedOauthState, CreateOauthStateRequest, OauthStateStatus } from '../../contracts/oauth-state.ts'
import { AppError, invalidField } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { createId, partitionOfId } from '../../lib/ids.ts'
import { partitionOf } from '../../lib/partition.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { AcceptDeps, EventLog } from '../ports.ts'
import type { StateKey, StateStore } from '../state-ports.ts'
import { requirePlainObject } from '../pending-operations/plain-data.ts'
import { traceOf } from '../verification/access.ts'
import { bindingFor, shownBinding } from './binding.ts'
import { deriveSecrets, deriveState, idPrefix, readState } from './secrets.ts'

export type OauthStateDeps = Pick<AcceptDeps, 'clock' | 'keyring' | 'policy'> & { states: StateStore; events: EventLog }

const kind = 'oauth_state'
const lifetimeMs = 10 * MINUTE_MS
const maxDataBytes = 8_192

/** What is sealed: nothing that could not be told to whoever is allowed to consume. */
type Content = { provider: string; redirect: string; data: Record<string, unknown> }

/**
 * Makes a state with its PKCE challenge and nonce. Throws `invalid_request` for a redirect that is not registered, a binding that
 * is missing or data that is none, `too_large`.
 */
export async function createOauthState(
  deps: OauthStateDeps,
  caller: Caller,
  request: CreateOauthStateRequest,
  context: RequestContext,
): Promise<CreatedOauthState> {
  const redirectUri = deps.policy.redirects.get(request.redirect)
  if (redirectUri === undefined) throw invalidField('/redirect', 'is not registered')
  const data = requirePlainObject(request.data ?? {}, '/data', maxDataBytes)
  const { mode, print } = bindingFor(deps.keyring, caller, request.binding)
  const nowMs = deps.clock.nowMs()
  const expiresAtMs = nowMs + lifetimeMs
  const id = createId(idPrefix, { partition: partitionOf(print, deps.policy.partitions), keyTag: deps.keyring.writingTag, traits: 0 })
  const state = deriveState(deps.keyring, id, expiresAtMs)
  const secrets = deriveSecrets(deps.keyring, id)
  if (state === null || secrets === null) throw new TypeError('the writing key is not in the ring')
  const content: Content = { provider: request.provider, redirect: request.redirect, data }
  const sealed = deps.keyring.seal({ kind, id }, expiresAtMs, JSON.stringify(content))
  const facts = { mode, binding: print, provider: request.provider, redirect: request.redirect }
  await deps.states.create({ kind, id, expiresAtMs, facts, sealed, indexes: [] }, traceOf(deps, caller, context), nowMs)
  const { codeChallenge, nonce } = secrets
  return { state, codeChallenge, codeChallengeMethod: 'S256', nonce, redirectUri, expiresAt: new Date(expiresAtMs).toISOString() }
}

/** Whether a state can still be consumed; looking changes nothing. For a state bound by cookie the browser must be the one; a server's is not asked for. */
export async function inspectOauthState(deps: OauthStateDeps, caller: Caller, state: string): Promise<OauthStateStatus> {
  const read = readState(deps.keyring, state)
  if (!read) return { valid: false, reason: 'token_invalid' }
  const nowMs = deps.clock.nowMs()
  const record = await deps.states.read(keyOf(read.id), nowMs)
  if (!record) return { valid: false, reason: nowMs < read.expiresAtMs ? 'token_invalid' : 'token_expired' }
  if (record.status !== 'active') return { valid: false, reason: record.status === 'consumed' ? 'token_used' : 'token_expired' }
  const { mode = '', binding = '', provider = '', redirect = '' } = record.facts
  if (mode === 'cookie' && binding !== shownBinding(deps.keyring, mode, caller, undefined))
    return { valid: false, reason: 'binding_mismatch' }
  return { valid: true, provider, redirect, expiresAt: new Date(record.expiresAtMs).toISOString() }
}

/**
 * Gives the data and the PKCE verifier out, once. Throws `token_invalid`, `token_used`, `token_expired`, and `binding_mismatch`, which consumes nothing:
 * the right browser can still go on.
 */
export async function consumeOauthState(
  deps: OauthStateDeps,
  caller: Caller,
  state: string,
  given: string | undefined,
  context: RequestContext,
): Promise<ConsumedOauthState> {
  const read = readState(deps.keyring, state)
  if (!read) throw new AppError('token_invalid')
  const nowMs = deps.clock.nowMs()
  const record = await deps.states.read(keyOf(read.id), nowMs)
  // An authentic state without its record was taken away or is past its time; either way it opens nothing any more.
  if (!record) throw new AppError(nowMs < read.expiresAtMs ? 'token_invalid' : 'token_expired')
  const binding = shownBinding(deps.keyring, record.facts['mode'] ?? '', caller, given)
  const outcome = await deps.states.consume(keyOf(read.id), { binding }, traceOf(deps, caller, context), nowMs)
  switch (outcome.kind) {
    case 'consumed':
      return openContent(deps, read.id, outcome.record.sealed ?? '', nowMs)
    case 'mismatch':
      await noteRefused(deps, caller, read.id, context)
      throw new AppError('binding_mismatch')
    case 'used':
      throw new AppError('token_used')
    case 'expired':
      throw new AppError('token_expired')
    case 'missing':
    case 'conflict':
      throw new AppError('token_invalid')
  }
}

/** Somebody else's browser or server brought a state that lives: the trail is to show it. That it cannot be written changes nothing for the one who is refused. */
async function noteRefused(deps: OauthStateDeps, caller: Caller, id: string, context: RequestContext): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const event = { type: 'oauth_state.refused', subject: `${kind}:${id}`, sequence: nowMs }
  await deps.events.append(partitionOfId(id), event, traceOf(deps, caller, context), nowMs).catch(() => {})
}

function openContent({ keyring, policy }: OauthStateDeps, id: string, sealed: string, nowMs: number): ConsumedOauthState {
  const opened = keyring.open({ kind, id }, sealed)
  const secrets = deriveSecrets(keyring, id)
  if (!opened || !secrets) throw new AppError('token_invalid')
  if (nowMs >= opened.expiresAtMs) throw new AppError('token_expired')
  const { provider, redirect, data } = JSON.parse(opened.plaintext) as Content
  const redirectUri = policy.redirects.get(redirect)
  // Taken off the register while the user was away: the way back is closed.
  if (redirectUri === undefined) throw new AppError('token_invalid')
  return { provider, redirect, redirectUri, data, codeVerifier: secrets.codeVerifier, nonce: secrets.nonce }
}

function keyOf(id: string): StateKey {
  return { kind, id }
}

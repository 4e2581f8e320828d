// Starting a verification: decide, commit in one script, put the job on its queue, answer.
import { randomUUID } from 'node:crypto'
import type { Purpose, StartVerificationRequest, Verification } from '../../contracts/verification.ts'
import { AppError, invalidField } from '../../errors.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { partitionOf } from '../../lib/partition.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import { idempotencyKeyOf, openAnswer, runIdempotent, sealAnswer } from '../idempotency.ts'
import { destinationLimit, limitError, networkLimit, requestLimit } from '../limits.ts'
import type { AcceptDeps, LimitRule, NewVerification, StartedBy, StartInput, StartOutcome, VerificationRecord } from '../ports.ts'
import { callerFingerprint } from './access.ts'
import { canonicalDestination, maskDestination } from './destination.ts'
import { enqueueSoon } from './enqueue-soon.ts'
import { createVerificationId, readVerificationId } from './id.ts'
import { sealPersonalData } from './personal-data.ts'
import { defaultPurpose, guessRules, jobFor, maxAttemptsFor, sendRules, ttlSecondsFor } from './policy.ts'
import { resendVerification } from './resend.ts'
import { viewOf } from './view.ts'

const route = 'POST /v1/verifications'

/** Together with the store's own patience this stays under the second in which a client is answered. */
const readBackMs = 150

type Started = { verification: Verification; replayed: boolean }

/**
 * Accepts a verification and owes its message from then on. A second start for the same destination, purpose and caller while one is live is a
 * resend of that one, of which `onLive` hears before: the resend may be refused. Throws `invalid_request`, `country_not_allowed`, `channel_disabled`, the errors of limits, of idempotency keys and of resends.
 */
export async function startVerification(
  deps: AcceptDeps,
  caller: Caller,
  request: StartVerificationRequest,
  context: RequestContext,
  onLive: (id: string) => void = () => {},
): Promise<Started> {
  requireOwnUser(caller, request.userId)
  const target = requireTarget(deps, request)
  const purpose = request.purpose ?? defaultPurpose(request.channel)
  const proposedId = createVerificationId({
    partition: partitionOf(target.fingerprint, deps.policy.partitions),
    keyTag: deps.keyring.writingTag,
    purpose,
    digits: deps.policy.digits,
  })
  const limits = [
    destinationLimit(target.fingerprint),
    ...networkLimit(deps.keyring, caller.network, deps.policy.networkFactor),
    ...requestLimit(deps.keyring, caller, deps.policy.requestsPerMinute),
  ]
  const accept = { deps, caller, request, context, target, purpose, limits, onLive }
  if (deps.policy.partitions === 1) return startInOneStep(accept, proposedId)
  const { answer, replayed } = await runIdempotent(deps, caller, route, context, request, (id) => startInTwoSteps(accept, id), proposedId)
  return { verification: answer, replayed }
}

type Target = { canonical: string; fingerprint: string }
type Accept = {
  deps: AcceptDeps
  caller: Caller
  request: StartVerificationRequest
  context: RequestContext
  target: Target
  purpose: Purpose
  limits: readonly LimitRule[]
  onLive: (id: string) => void
}

/** A signed-in user speaks for no other user. */
function requireOwnUser(caller: Caller, userId: string | undefined): void {
  if (userId === undefined || caller.kind !== 'user' || isPrivileged(caller) || caller.subject === userId) return
  throw new AppError('forbidden', { faults: [{ pointer: '/userId', message: 'must be your own' }] })
}

function starterOf(caller: Caller): StartedBy {
  if (caller.kind === 'anonymous') return 'anonymous'
  return isPrivileged(caller) ? 'server' : 'user'
}

/** Where the message goes, once it is sure that it may. */
function requireTarget({ keyring, policy }: AcceptDeps, request: StartVerificationRequest): Target {
  if (!policy.channels.includes(request.channel)) {
    throw new AppError('channel_disabled', { faults: [{ pointer: '/channel', message: `available: ${policy.channels.join(', ')}` }] })
  }
  const destination = canonicalDestination(request.channel, request.to)
  if (!destination.ok) throw invalidField('/to', destination.message)
  const { canonical, country } = destination
  if (request.channel !== 'email' && policy.allowedCountries && !policy.allowedCountries.includes(country ?? '')) {
    throw new AppError('country_not_allowed', { faults: [{ pointer: '/to', message: 'numbers of this country are not served' }] })
  }
  if (request.redirect !== undefined && !policy.redirects.has(request.redirect))
    throw invalidField('/redirect', 'is not a registered redirect')
  return { canonical, fingerprint: keyring.fingerprint('destination', `${request.channel === 'email' ? 'email' : 'phone'}:${canonical}`) }
}

/** One partition: limits, idempotency, state, index, event and intent are decided by one script. */
async function startInOneStep(accept: Accept, id: string): Promise<Started> {
  const { deps, caller, request, context, limits } = accept
  const input = startInput(accept, id, limits)
  const key = context.idempotencyKey && idempotencyKeyOf(deps.keyring, caller, route, context.idempotencyKey, request)
  const answer = viewOf(asQueued(input), input.nowMs)
  const outcome = await commit(deps, {
    ...input,
    ...(key ? { idempotency: { ...key, sealedAnswer: sealAnswer(deps.keyring, key, answer, input.nowMs) } } : {}),
  })
  if (outcome.kind === 'replay' && key) {
    return { verification: openAnswer(deps.keyring, key, outcome.sealedAnswer) as Verification, replayed: true }
  }
  if (outcome.kind === 'live') {
    const { answer: resent, replayed } = await runIdempotent(deps, caller, route, context, request, () => resendLive(accept, outcome.id))
    return { verification: resent, replayed }
  }
  return { verification: await accepted(accept, outcome, answer), replayed: false }
}

/** Several partitions: what lives in other slots is counted first; then the destination's slot commits the rest. */
async function startInTwoSteps(accept: Accept, id: string): Promise<Verification> {
  const { deps, limits } = accept
  const refusal = await deps.limits.take(
    limits.filter((rule) => rule.home === 'own'),
    id,
    deps.clock.nowMs(),
  )
  if (refusal) throw limitError(refusal)
  const input = startInput(
    accept,
    id,
    limits.filter((rule) => rule.home === 'destination'),
  )
  const outcome = await commit(deps, input)
  if (outcome.kind === 'live') return resendLive(accept, outcome.id)
  return accepted(accept, outcome, viewOf(asQueued(input), input.nowMs))
}

/** A start whose reply was lost may have been committed: what the state says, counts. */
async function commit(deps: AcceptDeps, input: StartInput): Promise<StartOutcome> {
  try {
    return await deps.verifications.start(input)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'service_degraded') throw error
    const found = await withDeadline(deps.verifications.read(input.record.id), readBackMs, () => new Error('no answer either')).catch(
      () => null,
    )
    if (!found) throw error
    return { kind: 'created', job: { name: input.job, payload: { verificationId: input.record.id, attempt: 1 } } }
  }
}

async function accepted(
  { deps, request, purpose }: Accept,
  outcome: Exclude<StartOutcome, { kind: 'live' }>,
  answer: Verification,
): Promise<Verification> {
  switch (outcome.kind) {
    case 'limited':
      throw limitError(outcome.refusal)
    case 'refused':
      throw new AppError(outcome.code, outcome.code === 'idempotency_key_in_progress' ? { retryAfterMs: SECOND_MS } : {})
    case 'replay':
      throw new TypeError('a start without a key was replayed')
    case 'created':
      deps.telemetry.accepted(purpose, request.channel)
      await enqueueSoon(deps, outcome.job)
      return answer
  }
}

async function resendLive({ deps, caller, context, limits, onLive }: Accept, id: string): Promise<Verification> {
  onLive(id)
  const refusal = await deps.limits.take(
    limits.filter((rule) => rule.kind === 'requests'),
    randomUUID(),
    deps.clock.nowMs(),
  )
  if (refusal) throw limitError(refusal)
  return resendVerification(deps, caller, id, undefined, context)
}

function startInput({ deps, caller, request, context, target, purpose }: Accept, id: string, limits: readonly LimitRule[]): StartInput {
  const nowMs = deps.clock.nowMs()
  const expiresAtMs = nowMs + ttlSecondsFor(deps.policy, request.channel, request.method, purpose) * SECOND_MS
  const { name, userId, locale, redirect, metadata } = request
  const personal = { to: target.canonical, locale, ...defined({ name, userId, redirect, metadata }) }
  const record: NewVerification = {
    id,
    channel: request.channel,
    method: request.method,
    ...(request.method === 'link' ? { linkMode: request.linkMode ?? 'button' } : {}),
    purpose,
    maskedTo: maskDestination(request.channel, target.canonical),
    destination: target.fingerprint,
    caller: callerFingerprint(deps, caller),
    startedBy: starterOf(caller),
    ...(userId === undefined ? {} : { subject: deps.keyring.fingerprint('user', userId) }),
    ...(caller.binding === undefined ? {} : { binding: deps.keyring.fingerprint('binding', caller.binding) }),
    maxAttempts: maxAttemptsFor(purpose),
    createdAtMs: nowMs,
    expiresAtMs,
    sealed: sealPersonalData(deps.keyring, id, expiresAtMs, personal),
  }
  const partition = readVerificationId(id)?.partition ?? 0
  const job = jobFor(request.channel, request.method)
  return { partition, record, job, requestId: context.requestId, limits, sends: sendRules, guesses: guessRules, nowMs }
}

/** The record as the script will have written it. */
function asQueued({ record, nowMs }: StartInput): VerificationRecord {
  return { ...record, status: 'queued', sequence: 1, wrongCodes: 0, sends: 1, resendAtMs: nowMs + (sendRules.cooldownsMs[0] ?? 0) }
}

function defined<Fields extends Record<string, unknown>>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>
  }
}

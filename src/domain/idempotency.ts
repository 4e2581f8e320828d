// Idempotency keys: the same request twice is once, and its first answer is given again (contract §1).
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { DAY_MS, SECOND_MS } from '../lib/durations.ts'
import type { Keyring } from '../lib/keyring.ts'
import { callerKey, type Caller } from './caller.ts'
import type { RequestContext } from './context.ts'
import type { AcceptDeps, IdempotencyKey } from './ports.ts'

const kind = 'idempotency'
/** A claim whose process died is free again after this long. */
const leaseMs = 15 * SECOND_MS

/** The fingerprints of a client's key, scoped to the route and to who asks: a credential, else the binding cookie, else the network. */
export function idempotencyKeyOf(keyring: Keyring, caller: Caller, route: string, clientKey: string, body: unknown): IdempotencyKey {
  const keyFor = (scope: string) => keyring.fingerprint(kind, JSON.stringify([route, scope, clientKey]))
  const cookieScope = caller.kind === 'anonymous' && caller.binding !== undefined ? `binding:${caller.binding}` : undefined
  const bodyPrint = keyring.fingerprint('body', JSON.stringify(body))
  // Without the scope, which is another one once the browser has its cookie.
  const shared = { body: bodyPrint, answerId: keyring.fingerprint(`${kind} answer`, JSON.stringify([route, clientKey, bodyPrint])) }
  if (cookieScope === undefined) return { key: keyFor(callerKey(caller)), ...shared }
  if (caller.isNewBinding) return { key: keyFor(callerKey(caller)), alsoKey: keyFor(cookieScope), ...shared }
  return { key: keyFor(cookieScope), ...shared }
}

/** Seals an answer so that only the same key opens it again. */
export function sealAnswer(keyring: Keyring, { answerId }: IdempotencyKey, answer: unknown, nowMs: number): string {
  return keyring.seal({ kind, id: answerId }, nowMs + DAY_MS, JSON.stringify(answer))
}

/** The answer that `sealAnswer` kept. Throws when it is another key's or its key has left the ring: nothing can be said of that request any more. */
export function openAnswer(keyring: Keyring, { answerId }: IdempotencyKey, sealed: string): unknown {
  const opened = keyring.open({ kind, id: answerId }, sealed)
  if (!opened) throw new AppError('idempotency_key_reused', { detail: 'The kept answer can no longer be read.' })
  return JSON.parse(opened.plaintext)
}

/**
 * Runs `work` once for a key and replays its first answer after that. `work` gets the id that the first claim proposed, so that a run taken
 * over after a crash does the same thing again and not another. A refusal frees the key. Without a key `work` simply runs.
 */
export async function runIdempotent<Answer>(
  deps: Pick<AcceptDeps, 'clock' | 'idempotency' | 'keyring'>,
  caller: Caller,
  route: string,
  context: RequestContext,
  body: unknown,
  work: (claimedId: string) => Promise<Answer>,
  proposedId: string = randomUUID(),
): Promise<{ answer: Answer; replayed: boolean }> {
  if (context.idempotencyKey === undefined) return { answer: await work(proposedId), replayed: false }
  const key = idempotencyKeyOf(deps.keyring, caller, route, context.idempotencyKey, body)
  const claim = await deps.idempotency.claim(key, proposedId, leaseMs, deps.clock.nowMs())
  switch (claim.kind) {
    case 'replay':
      return { answer: openAnswer(deps.keyring, key, claim.sealedAnswer) as Answer, replayed: true }
    case 'reused':
      throw new AppError('idempotency_key_reused')
    case 'in_progress':
      throw new AppError('idempotency_key_in_progress', { retryAfterMs: 1_000 })
    case 'claimed':
      return { answer: await finishClaim(deps, key, () => work(claim.id)), replayed: false }
  }
}

async function finishClaim<Answer>(
  deps: Pick<AcceptDeps, 'clock' | 'idempotency' | 'keyring'>,
  key: IdempotencyKey,
  work: () => Promise<Answer>,
): Promise<Answer> {
  let answer: Answer
  try {
    answer = await work()
  } catch (error) {
    // Only a refusal is sure to have done nothing. After anything else the claim stays until its lease ends.
    const isRefusal = error instanceof AppError && error.code !== 'service_degraded' && error.code !== 'not_replicated'
    if (isRefusal) await deps.idempotency.release(key).catch(() => {})
    throw error
  }
  // The work is done: an answer that cannot be kept is still the answer. A repeat takes the claim over when its lease has ended.
  await deps.idempotency.settle(key, sealAnswer(deps.keyring, key, answer, deps.clock.nowMs())).catch(() => {})
  return answer
}

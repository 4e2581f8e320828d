// Runs a route's work under the client's idempotency key and says in the answer when it was a repeat.
import { runIdempotent } from '../domain/idempotency.ts'
import type { ApiDeps } from './deps.ts'
import { contextOf } from './request-context.ts'
import type { Call } from './route.ts'

/** The work's answer, or the one that the key's first run gave. `proposedId` is what the work is to call what it makes. */
export async function idempotently<Answer>(
  deps: ApiDeps,
  call: Call,
  route: string,
  body: unknown,
  work: (id: string) => Promise<Answer>,
  proposedId?: string,
): Promise<Answer> {
  const { answer, replayed } = await runIdempotent(deps, call.caller, route, contextOf(call), body, work, proposedId)
  if (replayed) call.res.setHeader('Idempotent-Replayed', 'true')
  return answer
}

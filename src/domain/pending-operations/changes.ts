// Follows the changes of pending operations for one listener, who sees only what it may.
import type { PendingOperation } from '../../contracts/pending-operation.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { StateNotice } from '../state-ports.ts'
import { mayTouch, noteLooks } from './access.ts'
import { kind, type PendingOperationDeps } from './operation.ts'
import { viewOf } from './view.ts'

const verbs: ReadonlySet<string> = new Set(['created', 'updated', 'consumed', 'deleted', 'expired'])
/** A listener that is further behind has lost count anyway: the oldest notices are dropped. */
const mostWaiting = 1_000

/**
 * Every change from now on, each operation as it is by then, until `signal` aborts. What was deleted or has expired is shown as `expired` without
 * content. Rights are looked at for each one.
 */
export async function* followOperations(
  deps: PendingOperationDeps,
  caller: Caller,
  filter: { operationType?: string | undefined },
  signal: AbortSignal,
  requestId: string,
): AsyncGenerator<PendingOperation> {
  const waiting: StateNotice[] = []
  let wake = (): void => {}
  const stop = deps.stateFeed.follow(kind, (notice) => {
    if (!verbs.has(notice.verb) || !mayTouch(deps, caller, notice.facts)) return
    if (filter.operationType !== undefined && notice.facts['operationType'] !== filter.operationType) return
    if (waiting.push(notice) > mostWaiting) waiting.shift()
    wake()
  })
  const onAbort = (): void => wake()
  signal.addEventListener('abort', onAbort)
  try {
    while (!signal.aborted) {
      const notice = waiting.shift()
      if (notice) yield await show(deps, caller, notice, requestId)
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        if (!signal.aborted) await promise
      }
    }
  } finally {
    stop()
    signal.removeEventListener('abort', onAbort)
  }
}

async function show(deps: PendingOperationDeps, caller: Caller, notice: StateNotice, requestId: string): Promise<PendingOperation> {
  const nowMs = deps.clock.nowMs()
  const record = await deps.states.read({ kind, id: notice.id }, nowMs).catch(() => null)
  if (!record) return gone(notice, nowMs)
  if (isPrivileged(caller))
    await noteLooks(deps, caller, [record], { requestId, actor: deps.keyring.fingerprint('caller', callerKey(caller)) })
  return viewOf(deps.keyring, record, nowMs)
}

function gone({ id, version, facts }: StateNotice, nowMs: number): PendingOperation {
  const now = new Date(nowMs).toISOString()
  const status = 'expired'
  return {
    id,
    backend: 'redis',
    operationType: facts['operationType'] ?? '',
    status,
    version,
    createdAt: now,
    updatedAt: now,
    expiresAt: now,
    expiresIn: 0,
  }
}

// The numbers of pending operations, and how well their store serves (goals: nine of ten found, one in a thousand failed).
import type { OperationStatistics } from '../../contracts/pending-operation.ts'
import { AppError } from '../../errors.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { StateNumbers, StateTally } from '../state-ports.ts'
import { kind, type PendingOperationDeps } from './operation.ts'

/** For admins and servers: throws `forbidden` for anybody else. */
export async function readStatistics(
  deps: Pick<PendingOperationDeps, 'stateStatistics' | 'clock'>,
  caller: Caller,
): Promise<OperationStatistics> {
  if (!isPrivileged(caller)) throw new AppError('forbidden')
  const numbers = await deps.stateStatistics.read(kind, deps.clock.nowMs())
  const { total, active, expiringSoon, hours } = numbers
  return {
    total,
    active,
    expiringSoon,
    byType: addUp(hours.flatMap(({ tallies }) => [...tallies])),
    hours: hours.map(({ startMs, tallies }) => ({
      from: new Date(startMs).toISOString(),
      ...sumOf([...tallies.values()]),
      byType: Object.fromEntries(tallies),
    })),
    store: { ...ratesOf(numbers), goals: { hitRate: 0.9, errorRate: 0.001 } },
  }
}

function ratesOf({ found, missing, failed }: StateNumbers): { hitRate: number | null; errorRate: number | null } {
  const asked = found + missing
  return { hitRate: asked === 0 ? null : found / asked, errorRate: asked + failed === 0 ? null : failed / (asked + failed) }
}

function addUp(tallies: readonly (readonly [string, StateTally])[]): Record<string, StateTally> {
  const sums = new Map<string, StateTally>()
  for (const [type, tally] of tallies) sums.set(type, sumOf([sums.get(type) ?? sumOf([]), tally]))
  return Object.fromEntries(sums)
}

function sumOf(tallies: readonly StateTally[]): StateTally {
  const sum = { created: 0, consumed: 0, expired: 0 }
  for (const { created, consumed, expired } of tallies) {
    sum.created += created
    sum.consumed += consumed
    sum.expired += expired
  }
  return sum
}

// Keeps asking Redis whether it is fit, for readiness and for refusing an unsafe one. A Redis that is away is neither: it may come back.
import { withDeadline } from '../../lib/deadline.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { RedisConnection } from './connections.ts'
import { examineRedis, type RedisFault, type RedisReport } from './fitness.ts'

export type RedisState = { kind: 'away' } | { kind: 'unfit'; faults: readonly RedisFault[] } | { kind: 'fit'; facts: RedisReport }

const patienceMs = 800

/** One look, in under a second. Never rejects. */
export async function lookAtRedis(connection: RedisConnection, waived: readonly string[]): Promise<RedisState> {
  try {
    const facts = await withDeadline(examineRedis(connection), patienceMs, () => new Error('Redis did not answer in time'))
    // A demoted master comes back as one, or the client is led to another: that is an outage, not an unsafe setting.
    const faults = facts.faults.filter(({ check }) => check !== 'replica' && !waived.includes(check))
    if (facts.faults.some(({ check }) => check === 'replica')) return { kind: 'away' }
    return faults.length > 0 ? { kind: 'unfit', faults } : { kind: 'fit', facts }
  } catch {
    return { kind: 'away' }
  }
}

/** Looks until Redis has answered once; `onUnfit` is told when that answer is a refusal, now and on every later look. */
/** Who hears of each look. */
export type GateListener = { onUnfit: (faults: readonly RedisFault[]) => void; onFit: (facts: RedisReport) => void }

export class FitnessGate {
  state: RedisState = { kind: 'away' }
  readonly #timer: NodeJS.Timeout
  readonly #look: () => Promise<RedisState>
  readonly #told: GateListener

  constructor(connection: RedisConnection, waived: readonly string[], told: GateListener) {
    this.#look = () => lookAtRedis(connection, waived)
    this.#told = told
    this.#timer = setInterval(() => void this.look(), SECOND_MS)
  }

  /** Looks now and remembers. */
  async look(): Promise<RedisState> {
    const state = await this.#look()
    if (state.kind === 'unfit' && this.state.kind !== 'unfit') this.#told.onUnfit(state.faults)
    if (state.kind === 'fit') this.#told.onFit(state.facts)
    this.state = state
    return state
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

// Postgres in the readiness report: it must have answered once, with every migration applied; its later loss is reported, not fatal.
import { withDeadline } from '../lib/deadline.ts'
import { SECOND_MS } from '../lib/durations.ts'

type Part = { ready: boolean; detail?: string }

export type DatabaseProbe = { check(): Promise<Part> }

const patienceMs = 2 * SECOND_MS
const rememberedMs = 5 * SECOND_MS

/** `pending` names the migrations that are missing. Asked at most every five seconds. */
export function createDatabaseProbe(pending: () => Promise<string[]>): DatabaseProbe {
  let hasAnswered = false
  let last: { atMs: number; part: Part } | undefined

  async function ask(): Promise<Part> {
    try {
      const missing = await withDeadline(pending(), patienceMs, () => new Error('Postgres did not answer in time'))
      if (missing.length > 0) return { ready: false, detail: `${missing.length} migrations are missing` }
      hasAnswered = true
      return { ready: true }
    } catch {
      return hasAnswered ? { ready: true, detail: 'away' } : { ready: false, detail: 'has not answered yet' }
    }
  }

  return {
    async check() {
      if (last && Date.now() - last.atMs < rememberedMs && last.part.ready) return last.part
      last = { atMs: Date.now(), part: await ask() }
      return last.part
    },
  }
}

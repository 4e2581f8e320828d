// Session UUIDs as Postgres remembers them: one row each, for good. Each call is one statement and may be repeated.
import type { SessionUuidBook } from '../../domain/session-ports.ts'
import { AppError } from '../../errors.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Pool } from './pool.ts'

const patienceMs = 3 * SECOND_MS

// The same reservation written again is the same; another one of the same UUID is a collision.
const record = `insert into user_sessions (uuid, owner, reserved_at) values ($1, $2, $3)
  on conflict (uuid) do update set uuid = excluded.uuid where user_sessions.reserved_at = excluded.reserved_at
  returning uuid`
const noteAbandoned = 'update user_sessions set abandoned_at = $2 where uuid = $1 and abandoned_at is null'

export function createSessionUuidBook(pool: Pool): SessionUuidBook {
  const ask = async (text: string, values: readonly unknown[]): Promise<number> => {
    try {
      const { rowCount } = await withDeadline(pool.query(text, [...values]), patienceMs, () => new Error('Postgres did not answer in time'))
      return rowCount ?? 0
    } catch (cause) {
      throw new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
    }
  }
  return {
    record: async ({ uuid, owner, reservedAtMs }) => (await ask(record, [uuid, owner, new Date(reservedAtMs)])) === 1,
    noteAbandoned: async (uuid, atMs) => {
      await ask(noteAbandoned, [uuid, new Date(atMs)])
    },
  }
}

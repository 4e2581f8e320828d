// The connections to Postgres. A lost connection is reported by the query that needed it; the pool makes another.
import { Pool } from 'pg'

export type { Pool }

const connectTimeoutMs = 2_000
const statementTimeoutMs = 5_000

/**
 * A pool of at most `max` connections, none of which is opened yet. `onError` hears of idle connections that break, which do no harm.
 * With `patienceMs` nothing is waited for longer: neither a connection nor a query, whose connection is then given up.
 */
export function createPool(url: string, onError: (error: Error) => void, max = 10, patienceMs?: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: patienceMs ?? connectTimeoutMs,
    statement_timeout: patienceMs ?? statementTimeoutMs,
    query_timeout: patienceMs ?? statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'sallyport',
  })
  pool.on('error', onError)
  return pool
}

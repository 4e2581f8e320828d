// The connections to Postgres. A lost connection is reported by the query that needed it; the pool makes another.
import { Pool } from 'pg'

export type { Pool }

const connectTimeoutMs = 2_000
const statementTimeoutMs = 5_000

/** A pool of at most `max` connections, none of which is opened yet. `onError` hears of idle connections that break, which do no harm. */
export function createPool(url: string, onError: (error: Error) => void, max = 10): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'sallyport',
  })
  pool.on('error', onError)
  return pool
}

// Brings the tables up to date: plain SQL files, forward only, each applied once and never changed after that.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { projectRoot } from '../../lib/run-file.ts'

type Migration = { name: string; sql: string; checksum: string }

/** Where the project's own migrations lie. */
export const migrationsFolder = join(projectRoot, 'migrations')

// Any number will do, so long as it is always the same: it keeps two processes from migrating at once.
const lockKey = 7_295_110_833
const connectTimeoutMs = 5_000

/**
 * Applies what is missing, in the order of the file names, each in a transaction of its own; returns the names applied. Safe to run from
 * several processes at once. Throws, naming the file, when one fails, was changed after it was applied, or has disappeared.
 */
export async function migrate(databaseUrl: string, folder = migrationsFolder): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    await client.query('select pg_advisory_lock($1)', [lockKey])
    await client.query(`create table if not exists schema_migrations (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
    const missing = pendingOf(readMigrations(folder), await readApplied(client))
    for (const migration of missing) await apply(client, migration)
    return missing.map(({ name }) => name)
  })
}

/** The names that `migrate` would apply now. Throws as `migrate` does; changes nothing. */
export async function pendingMigrations(databaseUrl: string, folder = migrationsFolder): Promise<string[]> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ table: string | null }>(`select to_regclass('schema_migrations') as table`)
    const applied = rows[0]?.table ? await readApplied(client) : new Map<string, string>()
    return pendingOf(readMigrations(folder), applied).map(({ name }) => name)
  })
}

/** Closing the connection also gives the advisory lock back. */
async function withClient<Result>(databaseUrl: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'sallyport-migrate',
  })
  // Without a listener a connection that breaks while idle would end the process; the next query reports it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

function readMigrations(folder: string): Migration[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}-.+\.sql$/.test(name))
  return names.sort().map((name) => {
    const sql = readFileSync(join(folder, name), 'utf8')
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}

async function readApplied(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; checksum: string }>('select name, checksum from schema_migrations')
  return new Map(rows.map(({ name, checksum }) => [name, checksum]))
}

function pendingOf(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): Migration[] {
  const known = new Set(migrations.map(({ name }) => name))
  const lost = [...applied.keys()].find((name) => !known.has(name))
  if (lost) throw new Error(`migration ${lost} was applied to this database but its file is gone: this is an older version of the project`)
  for (const { name, checksum } of migrations) {
    const before = applied.get(name)
    if (before !== undefined && before !== checksum) {
      throw new Error(`migration ${name} was changed after it was applied: restore the file and put the change in a new one`)
    }
  }
  return migrations.filter(({ name }) => !applied.has(name))
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(sql)
    await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`migration ${name} failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

// Migrations against a real Postgres: once, in order, never changed afterwards.
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { migrate, migrationsFolder, pendingMigrations } from '../../../src/stores/postgres/migrate.ts'
import { createEmptyDatabase } from '../../support/infra.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-migrations-'))
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, sql: string): void => writeFileSync(join(folder, name), sql)

async function tablesOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string }>(`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_name <> 'schema_migrations' order by 1`)
  await client.end()
  return rows.map(({ name }) => name)
}

test('the project’s own migrations apply once, also when several processes try at the same time', async () => {
  const url = await createEmptyDatabase()
  expect(await pendingMigrations(url)).toContain('0001-api-keys.sql')
  const runs = await Promise.all([migrate(url), migrate(url), migrate(url)])
  expect(runs.flat().filter((name) => name === '0001-api-keys.sql')).toHaveLength(1)
  expect(await migrate(url)).toEqual([])
  expect(await pendingMigrations(url)).toEqual([])
})

test('a file that fails leaves nothing of itself behind, is named, and applies once it is mended', async () => {
  const url = await createEmptyDatabase()
  write('0001-first.sql', 'create table first (n int)')
  write('0002-second.sql', 'create table second (n int); select 1/0')
  await expect(migrate(url, folder)).rejects.toThrow('migration 0002-second.sql failed: division by zero')
  expect(await tablesOf(url)).toEqual(['first'])
  write('0002-second.sql', 'create table second (n int)')
  expect(await migrate(url, folder)).toEqual(['0002-second.sql'])
})

test('a file that was changed or has gone after it was applied is an error that names it', async () => {
  const url = await createEmptyDatabase()
  await migrate(url, folder)
  write('0001-first.sql', 'create table first (n bigint)')
  await expect(migrate(url, folder)).rejects.toThrow('0001-first.sql was changed')
  rmSync(join(folder, '0001-first.sql'))
  await expect(pendingMigrations(url, folder)).rejects.toThrow('0001-first.sql')
})

test('from every earlier version the rest applies, and a second time there is nothing to do', async () => {
  const names = readdirSync(migrationsFolder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  expect(names.length).toBeGreaterThan(4)
  const latest = await createEmptyDatabase()
  await migrate(latest)
  for (let known = 1; known < names.length; known++) {
    const earlier = mkdtempSync(join(tmpdir(), 'sallyport-earlier-'))
    for (const name of names.slice(0, known)) copyFileSync(join(migrationsFolder, name), join(earlier, name))
    const url = await createEmptyDatabase()
    expect(await migrate(url, earlier)).toEqual(names.slice(0, known))
    expect(await migrate(url)).toEqual(names.slice(known))
    expect(await migrate(url)).toEqual([])
    expect(await tablesOf(url)).toEqual(await tablesOf(latest))
    rmSync(earlier, { recursive: true })
  }
})

// The operator's commands, run as an operator runs them: in a process of their own.
import { createHash } from 'node:crypto'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/run-file.ts'
import { createApiKeyStore } from '../../src/stores/postgres/api-keys.ts'
import { createPool } from '../../src/stores/postgres/pool.ts'
import { createEmptyDatabase, createTestDatabase, createTestRedis, testEnvironment } from '../support/infra.ts'
import { startStandins, type Standins } from '../support/standins.ts'

type Result = { code: number; stdout: string; stderr: string }

let env: Record<string, string>
let standins: Standins

beforeAll(async () => {
  env = testEnvironment({ REDIS_URL: await createTestRedis(), DATABASE_URL: await createTestDatabase() })
  const { TWILIO_ACCOUNT_SID = '', TWILIO_AUTH_TOKEN = '' } = env
  standins = await startStandins({ TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN })
  Object.assign(env, standins.env)
})

afterAll(() => standins.stop())

async function run(file: string, args: readonly string[], replace: Record<string, string> = {}): Promise<Result> {
  const options = { cwd: projectRoot, env: { PATH: process.env.PATH, ...env, ...replace } }
  const work = promisify(execFile)(process.execPath, [join(projectRoot, file), ...args], options)
  return work.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Result) => ({ code: error.code, stdout: error.stdout, stderr: error.stderr }),
  )
}

const cli = (args: readonly string[], replace?: Record<string, string>): Promise<Result> => run('src/bin/cli.ts', args, replace)

test('token prints one JWT and nothing else, with verified e-mail and phone, for the configured issuer and audience', async () => {
  const args = ['token', '--sub', 'alice', '--email', 'a@example.com', '--phone', '+14155552671', '--roles', 'admin,system', '--ttl', '60']
  const { stdout } = await cli(args)
  const { payload } = await jwtVerify(stdout.trim(), new TextEncoder().encode(env['JWT_SECRET']), {
    issuer: 'sallyport-dev',
    audience: 'sallyport',
  })
  expect(payload).toMatchObject({
    sub: 'alice',
    email: 'a@example.com',
    email_verified: true,
    phone_number: '+14155552671',
    phone_number_verified: true,
    roles: ['admin', 'system'],
  })
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60)
})

test('token says what is missing, and is not for production', async () => {
  expect(await cli(['token'], { JWT_SECRET: '' })).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('JWT_SECRET') })
  expect((await cli(['token'], { NODE_ENV: 'production' })).code).toBe(1)
})

test('doctor finds every part of a sound system well, and shows no secret', async () => {
  const { code, stdout, stderr } = await cli(['doctor'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.match(/^✓ (\w+)/gm)).toEqual(['✓ settings', '✓ seal', '✓ redis', '✓ postgres', '✓ mail', '✓ twilio'])
  for (const secret of ['MASTER_KEYS', 'JWT_SECRET', 'TWILIO_AUTH_TOKEN', 'DATABASE_URL', 'REDIS_URL'])
    expect(stdout).not.toContain(env[secret])
})

test.for([
  ['seal', { SEALING_KEY_P12: Buffer.from('no key at all').toString('base64') }],
  ['redis', { REDIS_URL: 'redis://127.0.0.1:1' }],
  ['postgres', { DATABASE_URL: 'postgres://nobody:hidden@127.0.0.1:1/none' }],
  ['mail', { SMTP_URL: 'smtp://someone:hidden@127.0.0.1:1' }],
  ['twilio', { TWILIO_BASE_URL: 'http://127.0.0.1:1' }],
  ['twilio', { TWILIO_AUTH_TOKEN: 'hidden' }],
] as const)('doctor fails and names %s when it does not answer or know us', async ([part, replace]) => {
  const { code, stdout, stderr } = await cli(['doctor'], replace)
  expect(code).toBe(1)
  expect(stdout.match(/^✗ \w+/gm)).toEqual([`✗ ${part}`])
  expect(stdout + stderr).not.toContain('hidden')
})

test('doctor names migrations that are missing; migrate applies them, twice harmlessly', async () => {
  const empty = { DATABASE_URL: await createEmptyDatabase() }
  expect((await cli(['doctor'], empty)).stdout).toMatch(/✗ postgres .*0001-api-keys\.sql/)
  expect((await run('src/bin/migrate.ts', [], empty)).stdout).toContain('applied 0001-api-keys.sql')
  expect(await run('src/bin/migrate.ts', [], empty)).toMatchObject({ code: 0, stdout: 'nothing to apply\n' })
})

test('settings prints a row for every setting', async () => {
  const { stdout } = await cli(['settings'])
  expect(stdout).toMatch(/^\| `PORT` \| `3000` \|/m)
  expect(stdout).toMatch(/^\| `MASTER_KEYS` \|  \|/m)
})

test('keys create prints a key once, which then is found by its hash', async () => {
  const { stdout } = await cli(['keys', 'create', '--name', 'billing', '--scopes', 'verifications'])
  const pool = createPool(env['DATABASE_URL'] ?? '', () => {})
  const found = await createApiKeyStore(pool).findByHash(createHash('sha256').update(stdout.trim()).digest())
  await pool.end()
  expect(found).toMatchObject({ scopes: ['verifications'] })
})

test('keys create refuses a scope that there is not, and names those there are', async () => {
  const { code, stdout, stderr } = await cli(['keys', 'create', '--name', 'billing', '--scopes', 'verifications,bogus'])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/bogus.*verifications, pending_operations/)
})

test('what a killed npm start left is not used, and that is said', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-cli-'))
  writeFileSync(join(dataDir, 'run.env'), 'JWT_SECRET=left over\nNPM_START_PID=999999999\n')
  const { code, stdout, stderr } = await cli(['token', '--sub', 'alice'], { DATA_DIR: dataDir, JWT_SECRET: '' })
  rmSync(dataDir, { recursive: true })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('npm start is not running')
})

test('an unknown command is answered with those there are', async () => {
  expect(await cli(['dance'])).toMatchObject({ code: 2, stderr: expect.stringContaining('doctor') })
})

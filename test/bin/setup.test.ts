// scripts/setup.mjs in a clone made for the test: what it finds done it leaves alone, and it never reinstalls beneath what runs.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/run-file.ts'

let clone: string
const redis = (): string => join(clone, 'redis-bin')
const tree = {
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/other-platform': { version: '2.0.0', optional: true },
}

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'sallyport-clone-'))
  for (const folder of ['scripts', 'node_modules/.bin', 'redis-bin']) mkdirSync(join(clone, folder), { recursive: true })
  copyFileSync(join(projectRoot, 'scripts', 'setup.mjs'), join(clone, 'scripts', 'setup.mjs'))
  for (const program of ['node_modules/.bin/node', 'redis-bin/redis-server']) writeFileSync(join(clone, program), '', { mode: 0o755 })
  write('package-lock.json', { packages: { '': {}, ...tree } })
  write('node_modules/.package-lock.json', { packages: { 'node_modules/a': tree['node_modules/a'] } })
})

afterEach(() => rmSync(clone, { recursive: true }))

const write = (name: string, value: unknown): void => writeFileSync(join(clone, name), JSON.stringify(value))

function setUp(path: string, lifecycle = 'pretest', more: Record<string, string> = {}): { code: number | null; said: string } {
  const env = { PATH: path, npm_lifecycle_event: lifecycle, ...more }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'scripts', 'setup.mjs')], { cwd: '/', env, encoding: 'utf8' })
  return { code: status, said: stdout + stderr }
}

test('a tree that npm has already brought to the lockfile is not installed again, and the second run says nothing', () => {
  expect(setUp(redis())).toEqual({ code: 0, said: '' })
  expect(existsSync(join(clone, 'node_modules/.sallyport-stamp'))).toBe(true)
  expect(existsSync(join(clone, '.setup.lock'))).toBe(false)
  expect(setUp(redis())).toEqual({ code: 0, said: '' })
})

test('beneath a running process nothing is installed: an error names the process', () => {
  write('package-lock.json', { packages: { '': {}, 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } } })
  mkdirSync(join(clone, 'node_modules/.sallyport-running'))
  writeFileSync(join(clone, 'node_modules/.sallyport-running', String(process.pid)), '')
  const { code, said } = setUp(redis())
  expect(code).toBe(1)
  expect(said).toContain(`process ${process.pid} runs from this folder`)
})

test('a lock that a dead set-up left is taken over', () => {
  mkdirSync(join(clone, '.setup.lock'))
  writeFileSync(join(clone, '.setup.lock/pid'), '999999999')
  expect(setUp(redis())).toEqual({ code: 0, said: '' })
})

test('without a redis-server and without a way to install one, the error says what to type', () => {
  const { code, said } = setUp('/nonexistent')
  expect(code).toBe(1)
  expect(said).toMatch(/no redis-server on the PATH.*install redis/)
})

test('npm start against a Redis of one’s own needs no redis-server', () => {
  expect(setUp('/nonexistent', 'prestart', { REDIS_URL: 'redis://elsewhere' })).toEqual({ code: 0, said: '' })
})

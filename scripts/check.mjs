// Runs every check that needs no running part: types, lint, format, unused code, the import table. Says which failed; `npm test` is apart.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')

const checks = [
  ['types', 'tsc', ['-p', '.']],
  ['lint', 'oxlint', []],
  ['format', 'oxfmt', ['--check', '.']],
  ['unused', 'knip', ['--no-progress', '--no-config-hints']],
  ['rules', 'node', ['src/bin/cli.ts', 'rules', '--check']],
  ['imports', 'vitest', ['run', 'test/architecture.test.ts', '--reporter=dot']],
]

const failed = checks.filter(([name, program, args]) => {
  const startedAtMs = Date.now()
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` }
  const { status, stdout, stderr, error } = spawnSync(join(bin, program), args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const isFine = status === 0
  console.log(`${isFine ? '✓' : '✗'} ${name.padEnd(8)}${((Date.now() - startedAtMs) / 1_000).toFixed(1)} s`)
  if (!isFine) console.log(`${error?.message ?? ''}${stdout ?? ''}${stderr ?? ''}`)
  return !isFine
})
if (failed.length > 0) {
  console.log(`failed: ${failed.map(([name]) => name).join(', ')}`)
  process.exitCode = 1
}

// The child process that reads hostile files: what it may do, what it cannot, and what each of its ends is called. Its tasks here are scripts of the test's own,
// run in place of the sandbox's entry.
import { mkdtempSync, rmSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createInspector, type InspectionLimits } from '../../src/providers/inspector.ts'
import { createSniffer } from '../../src/providers/sniffer.ts'
import { pdf } from '../support/files.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-inspect-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const input = join(folder, 'input')
writeFileSync(input, pdf())
const limits: InspectionLimits = { wallMs: 10_000, rssBytes: 400 * 1_048_576, outputBytes: 10_000, heapMiB: 64 }
const reply = (code: string): string =>
  `import { writeSync, readSync, readFileSync, fstatSync } from 'node:fs'\nconst say = (value) => writeSync(1, JSON.stringify({ kind: 'ok', value }))\n${code}`

async function run(code: string, more: Partial<InspectionLimits> = {}, signal?: AbortSignal) {
  const entry = join(folder, `entry-${Math.random().toString(36).slice(2)}.mjs`)
  writeFileSync(entry, reply(code))
  const inspector = createInspector({ entry, readable: [entry] })
  return inspector.inspect({ name: 'test', parse: (value) => value }, input, { ...limits, ...more }, signal)
}

describe('an inspection', () => {
  it('of a real file by the real sandbox gives its answer', async () => {
    const sniffer = createSniffer(createInspector())
    expect(await sniffer.sniff(input, new AbortController().signal)).toEqual({
      kind: 'ok',
      value: { kind: 'known', type: 'application/pdf' },
    })
  })

  it('gives the child nothing but its input: no environment, no files, no programs, no threads', async () => {
    process.env['SALLYPORT_TEST_SECRET'] = 'secret'
    const found = await run(`
      const tried = {}
      const attempt = async (name, work) => { try { await work(); tried[name] = 'could' } catch (error) { tried[name] = error.code ?? error.name } }
      const { writeFileSync } = await import('node:fs')
      const { spawnSync } = await import('node:child_process')
      const { Worker } = await import('node:worker_threads')
      await attempt('read', () => readFileSync('/etc/passwd'))
      await attempt('write', () => writeFileSync('/tmp/sallyport-was-here', ''))
      await attempt('spawn', () => spawnSync('/bin/true'))
      await attempt('thread', () => new Worker('1', { eval: true }))
      await attempt('overwrite', () => writeSync(3, 'x'))
      say({ tried, env: Object.keys(process.env).filter((name) => !['MALLOC_ARENA_MAX', 'PWD', 'SHLVL', '_', 'OLDPWD'].includes(name)), bytes: fstatSync(3).size })`)
    delete process.env['SALLYPORT_TEST_SECRET']
    expect(found).toEqual({
      kind: 'ok',
      value: {
        tried: {
          read: 'ERR_ACCESS_DENIED',
          write: 'ERR_ACCESS_DENIED',
          spawn: 'ERR_ACCESS_DENIED',
          thread: 'ERR_ACCESS_DENIED',
          overwrite: 'EBADF',
        },
        env: [],
        bytes: pdf().length,
      },
    })
  })

  it.runIf(process.getuid?.() === 0)('reaches no network where we are root', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const found = await run(`
      const { connect } = await import('node:net')
      const outcome = await new Promise((resolve) => connect(${(server.address() as AddressInfo).port}, '127.0.0.1').once('connect', () => resolve('could')).once('error', (error) => resolve(error.code)))
      say(outcome)
      process.exit(0)`)
    server.close()
    expect(found).toMatchObject({ kind: 'ok', value: expect.stringMatching(/ENETUNREACH|ERR_ACCESS_DENIED/) })
  })

  it('is called by how it ended', async () => {
    expect(await run('for (;;) {}', { wallMs: 400 })).toEqual({ kind: 'timeout' })
    expect(await run('const all = []; for (;;) all.push(Buffer.alloc(20_000_000, 1))', { rssBytes: 200 * 1_048_576 })).toEqual({
      kind: 'memory',
    })
    expect(await run('const all = []; for (;;) all.push({ a: [1, 2, 3] })', { heapMiB: 32, wallMs: 20_000 })).toEqual({ kind: 'memory' })
    expect(await run('Promise.reject(new Error("x"))')).toMatchObject({ kind: 'crashed' })
    expect(await run('process.exit(3)')).toEqual({ kind: 'crashed', signal: 'exit_3' })
    expect(await run('process.kill(process.pid, "SIGSEGV")')).toMatchObject({ kind: 'crashed' })
    expect(await run('writeSync(1, "not json")')).toEqual({ kind: 'crashed', signal: 'reply' })
    expect(await run('for (;;) writeSync(1, "x".repeat(1_000))')).toEqual({ kind: 'crashed', signal: 'output' })
    expect(await run('writeSync(1, JSON.stringify({ kind: "rejected", reason: "encrypted" }))')).toEqual({
      kind: 'rejected',
      reason: 'encrypted',
    })
    expect(await run('writeSync(1, JSON.stringify({ kind: "partial", value: 1, reason: "pages" }))')).toEqual({
      kind: 'partial',
      value: 1,
      reason: 'pages',
    })
  })

  it('ends when it is no longer wanted', async () => {
    expect(await run('for (;;) {}', {}, AbortSignal.timeout(200))).toEqual({ kind: 'crashed', signal: 'aborted' })
  })

  it('follows no link to another file', async () => {
    symlinkSync('/etc/passwd', join(folder, 'link'))
    await expect(createSniffer(createInspector()).sniff(join(folder, 'link'), new AbortController().signal)).rejects.toThrow(/ELOOP/)
  })
})

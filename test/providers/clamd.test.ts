// The conversation with the scanner: with a stand-in that speaks the protocol and misbehaves as the daemon does, and with a real clamd where there is one.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClamdScanner } from '../../src/providers/scanner/clamd.ts'
import { startClamdStandin, type ClamdStandin } from '../../src/standins/clamd.ts'
import { eicar } from '../support/files.ts'
import { until } from '../support/infra.ts'
import { textBytes } from '../support/upload-client.ts'

const MIB = 1_048_576
const none = new AbortController().signal
const contentOf = (bytes: Buffer): Readable =>
  Readable.from([...Array(Math.ceil(bytes.length / 100_000)).keys()].map((n) => bytes.subarray(n * 100_000, (n + 1) * 100_000)))

describe('a scan by the stand-in', () => {
  let clamd: ClamdStandin
  beforeAll(async () => {
    clamd = await startClamdStandin()
  })
  afterAll(() => clamd.stop())
  const scan = (bytes: Buffer, more = {}) =>
    createClamdScanner({ url: clamd.url, maxBytes: 10 * MIB, ...more }).scan(contentOf(bytes), bytes.length, none)

  it('tells clean from infected', async () => {
    expect(await scan(textBytes(3 * MIB))).toEqual({ verdict: 'clean' })
    expect(await scan(eicar)).toEqual({ verdict: 'infected', detail: 'Eicar-Test-Signature' })
    expect(await scan(Buffer.concat([textBytes(2 * MIB), eicar, textBytes(MIB)]))).toMatchObject({ verdict: 'infected' })
  })

  it('takes anything but a plain answer for none', async () => {
    const odd = [
      '',
      'stream: ',
      'OK',
      'stream: OK FOUND OK',
      'stream: (null) FOUND',
      'stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND',
      'stream: lstat() failed ERROR',
      'UNKNOWN COMMAND',
    ]
    for (const says of odd) {
      const scanner = createClamdScanner({ url: clamd.url, maxBytes: 10 * MIB })
      expect(await scanner.scan(contentOf(eicar), 68, none)).toMatchObject({ verdict: 'infected' })
      clamd.misbehave({ says })
      expect([says, (await scanner.scan(contentOf(textBytes(1_000)), 1_000, none)).verdict]).toEqual([says, 'not_scanned'])
      clamd.misbehave({})
    }
  })

  it('is none when the stream is longer than the daemon takes, however it breaks off', async () => {
    const scanner = createClamdScanner({ url: clamd.url, maxBytes: 10 * MIB })
    await scanner.scan(contentOf(eicar), 68, none)
    clamd.misbehave({ limit: MIB })
    expect((await scanner.scan(contentOf(textBytes(5 * MIB)), 5 * MIB, none)).verdict).toBe('not_scanned')
    clamd.misbehave({ hangsUp: true })
    expect((await scanner.scan(contentOf(textBytes(5 * MIB)), 5 * MIB, none)).verdict).toBe('not_scanned')
    clamd.misbehave({})
    expect(await scan(textBytes(100), { maxBytes: 99 })).toEqual({ verdict: 'not_scanned', detail: 'too_large' })
  })

  it('is none by a scanner that does not know EICAR, and unavailable without one', async () => {
    clamd.misbehave({ says: 'stream: OK' })
    expect(await scan(textBytes(100))).toEqual({ verdict: 'not_scanned', detail: 'no_signatures' })
    clamd.misbehave({})
    expect(await scan(textBytes(100), { url: 'tcp://127.0.0.1:1' })).toEqual({ verdict: 'unavailable' })
  })

  it('ends with its job', async () => {
    clamd.hold()
    const scanner = createClamdScanner({ url: clamd.url, maxBytes: 10 * MIB })
    const scanned = scanner.scan(contentOf(textBytes(100)), 100, AbortSignal.timeout(100))
    expect((await scanned).verdict).toBe('not_scanned')
    clamd.release()
  })
})

const hasClamd = spawnSync('clamd', ['--version'], { stdio: 'ignore' }).status === 0

describe.runIf(hasClamd)('a scan by a real clamd with a signature file of our own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-clamd-'))
  const socket = join(folder, 'clamd.sock')
  let daemon: ReturnType<typeof spawn>
  beforeAll(async () => {
    mkdirSync(join(folder, 'db'))
    writeFileSync(join(folder, 'db', 'own.hdb'), '44d88612fea8a8f36de82e1278abb02f:68:Sallyport.Eicar\n')
    const settings = [
      `LocalSocket ${socket}`,
      `DatabaseDirectory ${join(folder, 'db')}`,
      'Foreground yes',
      'StreamMaxLength 2M',
      'MaxThreads 2',
      `TemporaryDirectory ${folder}`,
    ]
    writeFileSync(join(folder, 'clamd.conf'), `${settings.join('\n')}\n`)
    daemon = spawn('clamd', ['--config-file', join(folder, 'clamd.conf')], { stdio: 'ignore' })
    await until(
      () =>
        new Promise<boolean>((resolve) =>
          createConnection(socket)
            .once('connect', () => resolve(true))
            .once('error', () => resolve(false)),
        ),
      { timeoutMs: 30_000 },
    )
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => daemon.once('exit', resolve))
    daemon.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  it('tells clean from infected, and says nothing of what is too long for it', async () => {
    const scanner = createClamdScanner({ url: `unix:${socket}`, maxBytes: 100 * MIB })
    expect(await scanner.scan(contentOf(eicar), 68, none)).toMatchObject({
      verdict: 'infected',
      detail: expect.stringContaining('Sallyport.Eicar'),
    })
    expect(await scanner.scan(contentOf(textBytes(MIB)), MIB, none)).toEqual({ verdict: 'clean' })
    expect((await scanner.scan(contentOf(textBytes(8 * MIB)), 8 * MIB, none)).verdict).toBe('not_scanned')
    expect(await scanner.scan(contentOf(textBytes(1_000)), 1_000, none)).toEqual({ verdict: 'clean' })
  })
})

// The seal's key: files as operators make them, everything that can be wrong with one, and signatures that others verify.
import { execFileSync, spawnSync } from 'node:child_process'
import { X509Certificate, createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { sealReserveBytes } from '../../../src/contracts/seal.ts'
import { loadSealingKey, sealingFaultSentence } from '../../../src/providers/sealing/sealing-key.ts'
import { createSealingKey } from '../../../src/standins/dev-sealing-key.ts'
import { DAY_MS } from '../../../src/lib/durations.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-sealing-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const nowMs = Date.now()
const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', [...args], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })

describe('the key of development', () => {
  const p12 = createSealingKey(nowMs)
  it('may seal for ten years, and says whose it is', () => {
    const { key, fault } = loadSealingKey(p12, '', nowMs)
    expect(fault).toBeNull()
    const standing = key.standing(nowMs + 3_650 * DAY_MS)
    expect(standing).toMatchObject({ ready: true, certificate: { subject: 'CN=Sallyport development seal' } })
    expect(key.standing(nowMs + 3_660 * DAY_MS)).toEqual({ ready: false, reason: 'expired' })
    expect(key.standing(nowMs - 3 * DAY_MS)).toEqual({ ready: false, reason: 'not_yet_valid' })
  })

  it('is another one each time, and always readable', () => {
    const files = Array.from({ length: 200 }, () => createSealingKey(nowMs))
    expect(new Set(files.map((file) => file.toString('base64'))).size).toBe(200)
    expect(files.every((file) => loadSealingKey(file, '', nowMs).fault === null)).toBe(true)
  })

  it('is not shown by printing what was made of it', () => {
    const { key } = loadSealingKey(p12, '', nowMs)
    expect(inspect(key, { depth: 9, showHidden: true })).not.toMatch(/PRIVATE|KeyObject/)
    expect(JSON.stringify(key)).toBe('{}')
  })
})

describe('no key', () => {
  const whole = createSealingKey(nowMs)
  it.each([
    ['is set', undefined, 'missing'],
    ['is in an empty file', Buffer.alloc(0), 'unreadable'],
    ['is in text', Buffer.from('-----BEGIN CERTIFICATE-----'), 'unreadable'],
    ['is in half a file', whole.subarray(0, 200), 'unreadable'],
    ['is in noise', randomBytes(2_000), 'unreadable'],
    ['has a certificate that has expired', createSealingKey(Date.UTC(2010, 0, 1)), 'expired'],
    ['has one from the future', createSealingKey(nowMs + 3 * DAY_MS), 'not_yet_valid'],
  ])('that %s', async (_what, p12, fault) => {
    const loaded = loadSealingKey(p12, '', nowMs)
    expect(loaded.fault).toBe(fault)
    expect(loaded.key.standing(nowMs)).toEqual({ ready: false, reason: fault })
    expect(sealingFaultSentence(loaded.fault ?? 'missing').length).toBeGreaterThan(10)
    if (fault !== 'expired' && fault !== 'not_yet_valid') await expect(loaded.key.sign(Buffer.alloc(32), nowMs)).rejects.toThrow('no key')
  })

  it('comes of a file with any one byte changed without a word, or with a word that is no crash', () => {
    for (let at = 0; at < whole.length; at += 3) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ 0xff
      expect(() => loadSealingKey(changed, '', nowMs)).not.toThrow()
    }
  })
})

describe.runIf(hasOpenssl)('a file made by openssl', () => {
  // Its certificates begin when they are made.
  const soonMs = nowMs + DAY_MS

  const make = (name: string, key: readonly string[], more: readonly string[] = []): void => {
    const usage = more.length > 0 ? more : ['-addext', 'keyUsage=critical,digitalSignature,nonRepudiation']
    openssl(
      'req',
      '-x509',
      '-newkey',
      ...key,
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '30',
      '-subj',
      `/C=NA/O=Ärzte/CN=${name}`,
      ...usage,
    )
  }
  const pack = (name: string, file: string, password: string, ...more: readonly string[]): Buffer => {
    openssl(
      'pkcs12',
      '-export',
      '-inkey',
      `${name}.key`,
      '-in',
      `${name}.pem`,
      '-out',
      `${file}.p12`,
      '-passout',
      `pass:${password}`,
      ...more,
    )
    return readFileSync(join(folder, `${file}.p12`))
  }
  const rsa = ['rsa:2048']
  const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const p384 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']

  it.each([
    ['rsa', rsa],
    ['p256', p256],
    ['p384', p384],
  ] as const)(
    'for %s is read in every protection, with the right password only, and its signature is openssl’s to verify',
    async (name, key) => {
      make(name, key)
      for (const [form, ...flags] of [
        ['modern'],
        ['legacy', '-legacy'],
        ['sha1-3des', '-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
        ['rc2-128', '-legacy', '-certpbe', 'PBE-SHA1-RC2-128'],
        ['aes-128', '-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'],
        ['nomac', '-nomac'],
      ] as const) {
        const p12 = pack(name, `${name}-${form}`, 'gehêim', ...flags)
        expect([form, loadSealingKey(p12, 'gehêim', soonMs).fault]).toEqual([form, null])
        expect([form, loadSealingKey(p12, 'wrong', soonMs).fault]).toEqual([form, 'wrong_password'])
      }
      const { key: sealing } = loadSealingKey(pack(name, `${name}-plain`, '', '-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac'), '', soonMs)
      const standing = sealing.standing(soonMs)
      const certificate = new X509Certificate(readFileSync(join(folder, `${name}.pem`)))
      expect(standing).toMatchObject({ ready: true, certificate: { sha256: createHash('sha256').update(certificate.raw).digest('hex') } })
      const content = randomBytes(5_000)
      writeFileSync(join(folder, 'content'), content)
      writeFileSync(join(folder, 'cms'), await sealing.sign(createHash('sha256').update(content).digest(), soonMs))
      const verify = [
        'cms',
        '-verify',
        '-cades',
        '-inform',
        'DER',
        '-in',
        'cms',
        '-content',
        'content',
        '-binary',
        '-CAfile',
        `${name}.pem`,
        '-purpose',
        'any',
        '-out',
        'verified',
      ]
      openssl(...verify)
      expect(readFileSync(join(folder, 'verified')).equals(content)).toBe(true)
      writeFileSync(join(folder, 'content'), randomBytes(5_000))
      expect(() => openssl(...verify)).toThrow()
    },
  )

  it.each([
    ['a small RSA key', ['rsa:1024'], [], 'key_too_small'],
    ['another curve', ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'], [], 'curve'],
    ['Ed25519', ['ed25519'], [], 'key_type'],
    ['a certificate for encryption', rsa, ['-addext', 'keyUsage=critical,keyEncipherment'], 'key_usage'],
    ['a certificate that is not limited', p256, ['-addext', 'basicConstraints=CA:FALSE'], null],
  ] as const)('with %s is judged by it', (what, key, more, fault) => {
    const name = what.replaceAll(' ', '-')
    make(name, key, more)
    expect(loadSealingKey(pack(name, name, 'x'), 'x', soonMs).fault).toBe(fault)
  })

  it('with another’s certificate, without one, or without a key says so', () => {
    make('one', p256)
    make('other', p256)
    openssl('pkcs12', '-export', '-nokeys', '-in', 'one.pem', '-out', 'nokey.p12', '-passout', 'pass:')
    expect(loadSealingKey(readFileSync(join(folder, 'nokey.p12')), '', soonMs).fault).toBe('no_key')
    openssl('pkcs12', '-export', '-nocerts', '-inkey', 'one.key', '-out', 'nocert.p12', '-passout', 'pass:')
    expect(loadSealingKey(readFileSync(join(folder, 'nocert.p12')), '', soonMs).fault).toBe('no_certificate')
  })

  it('brings its chain into the signature, as long as that fits', async () => {
    make('root', p256)
    make('leaf', p256)
    const withChain = pack('leaf', 'chained', 'x', '-certfile', 'root.pem')
    const { key } = loadSealingKey(withChain, 'x', soonMs)
    const cms = await key.sign(Buffer.alloc(32), soonMs)
    expect(cms.includes(new X509Certificate(readFileSync(join(folder, 'root.pem'))).raw)).toBe(true)
    const subject = `/CN=${'x'.repeat(60)}`
    const chain = Array.from({ length: 40 }, (_, at) => {
      openssl(
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'k',
        '-out',
        'c.pem',
        '-days',
        '9',
        '-subj',
        `${subject}${at}`.slice(0, 60),
      )
      return readFileSync(join(folder, 'c.pem'), 'utf8')
    })
    writeFileSync(join(folder, 'many.pem'), chain.join(''))
    expect(loadSealingKey(pack('leaf', 'long', 'x', '-certfile', 'many.pem'), 'x', soonMs).fault).toBe('chain_too_long')
    expect(cms.length).toBeLessThan(sealReserveBytes)
  })
})

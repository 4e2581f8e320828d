// The key ring: sealing, deriving, rotating, and never being shown.
import { inspect } from 'node:util'
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Keyring } from '../../src/lib/keyring.ts'

const entry = (kid: string, bytes = randomBytes(32)) => `${kid}:${bytes.toString('base64')}`
const [first, second, third] = [entry('k1'), entry('k2'), entry('k3')]
const context = { kind: 'verification', id: 'ver_1' }

describe('sealed data', () => {
  it('opens to what was sealed, with its expiry', () => {
    const ring = Keyring.parse(first)
    for (const plaintext of ['', 'x', '{"to":"ü•"}', 'y'.repeat(100_000)]) {
      expect(ring.open(context, ring.seal(context, 1_790_000_000_000, plaintext))).toEqual({ expiresAtMs: 1_790_000_000_000, plaintext })
    }
  })

  it('never looks the same twice', () => {
    const ring = Keyring.parse(first)
    expect(new Set(Array.from({ length: 100 }, () => ring.seal(context, 1, 'same'))).size).toBe(100)
  })

  it('opens no more once any bit of it is another', () => {
    const ring = Keyring.parse(first)
    const sealed = ring.seal(context, Date.now(), 'secret')
    const body = Buffer.from(sealed.slice('k1.'.length), 'base64url')
    for (let at = 0; at < body.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const touched = Buffer.from(body)
        touched[at] = (touched[at] ?? 0) ^ (1 << bit)
        expect(ring.open(context, `k1.${touched.toString('base64url')}`)).toBeNull()
      }
    }
    for (let length = 0; length < body.length; length++)
      expect(ring.open(context, `k1.${body.subarray(0, length).toString('base64url')}`)).toBeNull()
  })

  it('opens only as what it was sealed as', () => {
    const ring = Keyring.parse(first)
    const sealed = ring.seal(context, 1, 'secret')
    for (const other of [
      { ...context, kind: 'idempotency' },
      { ...context, id: 'ver_2' },
      { kind: 'verification","ver', id: '1' },
    ]) {
      expect(ring.open(other, sealed)).toBeNull()
    }
    for (const text of ['', '.', 'k1', 'k1.', 'k9.AAAA', sealed.replace('k1.', 'k2.')]) expect(ring.open(context, text)).toBeNull()
  })
})

describe('rotation', () => {
  const before = Keyring.parse(`${second},${first}`)
  const after = Keyring.parse(`${third},${second},${first}`)
  const later = Keyring.parse(`${third},${second}`)

  it('in front: what was sealed and derived before still holds, what is new is under the new key', () => {
    const sealed = before.seal(context, 1, 'secret')
    expect(after.open(context, sealed)?.plaintext).toBe('secret')
    expect(after.mac(before.writingTag, 'label', 'text')).toEqual(before.mac(before.writingTag, 'label', 'text'))
    expect(after.writingTag).toBe(Keyring.parse(third).writingTag)
    expect(after.seal(context, 1, 'x')).toMatch(/^k3\./)
    expect(after.fingerprint('destination', '+1')).toBe(before.fingerprint('destination', '+1'))
  })

  it('at the end: what was under the removed key is gone', () => {
    const tag = Keyring.parse(first).writingTag
    const sealed = Keyring.parse(first).seal(context, 1, 'secret')
    expect(after.open(context, sealed)?.plaintext).toBe('secret')
    expect(later.open(context, sealed)).toBeNull()
    expect([after.holds(tag), later.holds(tag)]).toEqual([true, false])
    expect(later.mac(tag, 'label', 'text')).toBeNull()
  })

  it('of the bytes under the same kid opens nothing either', () => {
    const sealed = Keyring.parse(first).seal(context, 1, 'secret')
    expect(Keyring.parse(entry('k1')).open(context, sealed)).toBeNull()
  })
})

describe('what is derived', () => {
  const ring = Keyring.parse(first)
  const tag = ring.writingTag

  it('differs by label and text', () => {
    const macs = [
      ['a', 'b'],
      ['b', 'a'],
      ['a', ''],
      ['ab', ''],
    ].map(([label = '', text = '']) => ring.mac(tag, label, text)?.toString('hex'))
    const prints = [
      ['a', 'b'],
      ['b', 'a'],
      ['a', ''],
      ['ab', ''],
    ].map(([label = '', text = '']) => ring.fingerprint(label, text))
    expect(new Set([...macs, ...prints]).size).toBe(8)
    expect(macs.every((mac) => mac?.length === 64)).toBe(true)
    expect(prints.every((print) => /^[A-Za-z0-9_-]{22}$/.test(print))).toBe(true)
  })
})

describe('MASTER_KEYS', () => {
  const secret = 'A1b2C3d4E5f6A1b2C3d4E5f6A1b2C3d4'

  it.each([
    ['nothing', ''],
    ['a short key', `k1:${randomBytes(31).toString('base64')}`],
    ['a kid twice', `${first},${first}`],
    ['a kid with a blank', entry('a b')],
    ['an entry without a kid', `:${randomBytes(32).toString('base64')}`],
    ['an empty entry at the end', `${first},`],
  ])('refuses %s', (_what, text) => expect(() => Keyring.parse(text)).toThrow(RangeError))

  it.each([secret, `${secret}:`, `k1:${secret}`, `k1:${Buffer.from(secret).toString('base64').slice(0, 30)}`])(
    'shows no key in its refusals: %#',
    (text) => {
      let message = ''
      try {
        Keyring.parse(text)
      } catch (error) {
        message = String(error)
      }
      expect(message).toMatch(/^RangeError/)
      expect(message).not.toContain(secret)
      expect(message).not.toContain(Buffer.from(secret).toString('base64').slice(0, 30))
    },
  )

  it('is shown in no printed form of the ring', () => {
    const ring = Keyring.parse(first)
    ring.fingerprint('a', 'b')
    for (const text of [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)]) expect(text).not.toContain(first.slice(3, 20))
  })
})

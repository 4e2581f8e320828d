// Derived secrets: different where anything differs, evenly spread, gone with their key.
import { describe, expect, it } from 'vitest'
import { purposes } from '../../../src/contracts/verification.ts'
import { createVerificationId, readVerificationId } from '../../../src/domain/verification/id.ts'
import { openPersonalData, sealPersonalData } from '../../../src/domain/verification/personal-data.ts'
import { codeTag, deriveCode, deriveLinkToken, deriveProofId, readLinkToken } from '../../../src/domain/verification/secrets.ts'
import { decodeBase32, encodeBase32 } from '../../../src/lib/base32.ts'
import { Keyring } from '../../../src/lib/keyring.ts'

const key = (kid: string, fill: number) => `${kid}:${Buffer.alloc(32, fill).toString('base64')}`
const keyring = Keyring.parse(key('k1', 1))
const newId = (digits = 6, purpose: (typeof purposes)[number] = 'two_factor', ring = keyring) =>
  createVerificationId({ partition: 0, keyTag: ring.writingTag, purpose, digits })

/** The same id but for the byte that says purpose and digits. */
function withTraits(id: string, traits: number): string {
  const bytes = decodeBase32(id.slice('ver_'.length)) ?? Buffer.alloc(20)
  bytes.writeUInt8(traits, 3)
  return `ver_${encodeBase32(bytes)}`
}

describe('an id', () => {
  it.each(purposes)('carries partition, key, purpose %s and digits', (purpose) => {
    for (let digits = 6; digits <= 10; digits++) {
      for (const partition of [0, 1, 255]) {
        const facts = { partition, keyTag: 0xbeef, purpose, digits }
        expect(readVerificationId(createVerificationId(facts))).toEqual(facts)
      }
    }
  })

  it('of an unknown purpose or too many digits is none', () => {
    expect(readVerificationId(withTraits(newId(), purposes.length << 4))).toBeNull()
    expect(readVerificationId(withTraits(newId(), 5))).toBeNull()
  })
})

describe('a code', () => {
  it.each([6, 7, 8, 9, 10])('of %i digits has them all, leading zeros too', (digits) => {
    for (let at = 0; at < 200; at++) expect(deriveCode(keyring, newId(digits))).toMatch(new RegExp(`^[0-9]{${digits}}$`))
  })

  it('is spread evenly: each digit at each place, and no two ids alike more often than chance has it', () => {
    const amount = 20_000
    const counts = Array.from({ length: 6 }, () => Array.from({ length: 10 }, () => 0))
    const seen = new Set<string>()
    for (let at = 0; at < amount; at++) {
      const code = deriveCode(keyring, newId()) ?? ''
      seen.add(code)
      for (const [place, digit] of [...code].entries()) {
        const row = counts[place] ?? []
        row[Number(digit)] = (row[Number(digit)] ?? 0) + 1
      }
    }
    // Chi-square with 9 degrees of freedom is over 45 once in a million.
    for (const row of counts) expect(row.reduce((sum, count) => sum + (count - amount / 10) ** 2 / (amount / 10), 0)).toBeLessThan(45)
    // 20,000 draws of a million meet about 199 times.
    expect(amount - seen.size).toBeLessThan(320)
  })

  it('differs by purpose even for the same random id, and from key to key', () => {
    let same = 0
    for (let at = 0; at < 500; at++) {
      const id = newId(10)
      const codes = purposes.map((_, purpose) => deriveCode(keyring, withTraits(id, (purpose << 4) | 4)))
      if (new Set(codes).size !== purposes.length) same++
    }
    expect(same).toBe(0)
    const other = Keyring.parse(key('k1', 2))
    const ids = Array.from({ length: 200 }, () => newId(10))
    expect(ids.filter((id) => deriveCode(keyring, id) === deriveCode(other, id))).toEqual([])
  })

  it('outlives a new key in front and goes with its own', () => {
    const id = newId()
    const rotated = Keyring.parse(`${key('k2', 2)},${key('k1', 1)}`)
    for (const derive of [deriveCode, deriveLinkToken, deriveProofId]) {
      expect(derive(rotated, id)).toBe(derive(keyring, id))
      expect(derive(Keyring.parse(key('k2', 2)), id)).toBeNull()
    }
    expect(readVerificationId(newId(6, 'two_factor', rotated))?.keyTag).toBe(Keyring.parse(key('k2', 2)).writingTag)
  })

  it('stands in a script only as a tag that is bound to its id', () => {
    const [one, other] = [newId(), newId()]
    expect(codeTag(keyring, one, '123456')).toBe(codeTag(keyring, one, '123456'))
    expect(codeTag(keyring, one, '123456')).not.toBe(codeTag(keyring, other, '123456'))
    expect(codeTag(keyring, one, '123456')).not.toContain('123456')
  })
})

describe('a link token', () => {
  it('opens its own id and is URL-safe', () => {
    const id = newId()
    const token = deriveLinkToken(keyring, id) ?? ''
    expect(token).toMatch(/^[0-9a-z]{32}[A-Za-z0-9_-]{43}$/)
    expect(readLinkToken(keyring, token)).toBe(id)
  })

  it('opens nothing once any letter of it is another', () => {
    const token = deriveLinkToken(keyring, newId()) ?? ''
    for (let at = 0; at < token.length; at++) {
      for (const letter of ['0', 'a', 'b', 'Z', '-', '_', '+', '=', ' ']) {
        if (token[at] !== letter) expect(readLinkToken(keyring, token.slice(0, at) + letter + token.slice(at + 1))).toBeNull()
      }
    }
  })
})

describe('personal data', () => {
  it('opens only for its own id', () => {
    const [one, other] = [newId(), newId()]
    const data = { to: '+14155552671', locale: 'en', name: 'Ada' }
    const sealed = sealPersonalData(keyring, one, Date.now(), data)
    expect(openPersonalData(keyring, one, sealed)).toEqual(data)
    expect(openPersonalData(keyring, other, sealed)).toBeNull()
    expect(openPersonalData(Keyring.parse(key('k2', 2)), one, sealed)).toBeNull()
  })
})

// Base32: every value has one spelling, and every other text is none.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decodeBase32, encodeBase32 } from '../../src/lib/base32.ts'

describe('base32', () => {
  it('gives back whatever bytes it was given', () => {
    for (const length of [0, 5, 20, 40]) {
      for (const bytes of [Buffer.alloc(length), Buffer.alloc(length, 255), randomBytes(length)]) {
        const text = encodeBase32(bytes)
        expect(text).toMatch(new RegExp(`^[0-9a-hjkmnp-tv-z]{${(length / 5) * 8}}$`))
        expect(decodeBase32(text)).toEqual(bytes)
      }
    }
  })

  it('has one spelling for every value, so that a changed letter is a changed value', () => {
    const text = encodeBase32(randomBytes(20))
    for (let at = 0; at < text.length; at++) {
      const other = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1)
      expect(decodeBase32(other)).not.toEqual(decodeBase32(text))
    }
  })

  it.each(['1', '0000000', '0000000i', '0000000O', '0000000=', 'ÄÄÄÄÄÄÄÄ', '00000000 '])('refuses %j', (text) => {
    expect(decodeBase32(text)).toBeNull()
  })

  it('encodes whole groups only', () => expect(() => encodeBase32(Buffer.alloc(4))).toThrow(RangeError))
})

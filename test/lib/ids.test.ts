// Ids: what they carry, and what is not one.
import { describe, expect, it } from 'vitest'
import { createId, readId } from '../../src/lib/ids.ts'

describe('an id', () => {
  it('says where its record lives and under which key', () => {
    for (const header of [
      { partition: 0, keyTag: 0, traits: 0 },
      { partition: 255, keyTag: 65_535, traits: 255 },
      { partition: 3, keyTag: 4_711, traits: 18 },
    ]) {
      expect(readId('ver', createId('ver', header))).toEqual(header)
    }
  })

  it('is never given twice', () => {
    const ids = Array.from({ length: 10_000 }, () => createId('ver', { partition: 0, keyTag: 0, traits: 0 }))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.every((id) => /^ver_[0-9a-hjkmnp-tv-z]{32}$/.test(id))).toBe(true)
  })

  it.each([
    '',
    'ver_',
    'ver',
    'pop_00000000000000000000000000000000',
    'ver_0000000000000000000000000000000',
    'ver_000000000000000000000000000000000',
    'ver_0000000000000000000000000000000U',
    ' ver_00000000000000000000000000000000',
  ])('%j is none of a verification', (text) => expect(readId('ver', text)).toBeNull())

  it.each([
    { partition: 256, keyTag: 0, traits: 0 },
    { partition: 0, keyTag: 65_536, traits: 0 },
    { partition: 0, keyTag: 0, traits: -1 },
  ])('cannot be made with %j', (header) => expect(() => createId('ver', header)).toThrow(RangeError))
})

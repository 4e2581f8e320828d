// RFC 8785: its own example, and what it says of order, numbers and texts.
import { expect, test } from 'vitest'
import { canonicalJson } from '../../src/lib/canonical-json.ts'

test('the example of RFC 8785 comes out as the RFC writes it', () => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000f\nA\'B"\\\\"/',
    literals: [null, true, false],
  }
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('members are sorted by UTF-16 code units, whatever order they came in', () => {
  const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
  expect(Object.keys(JSON.parse(canonicalJson(value)) as object)).toHaveLength(7)
  expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
  expect(canonicalJson({ b: { d: 1, c: 2 }, a: undefined })).toBe('{"b":{"c":2,"d":1}}')
})

test('what JSON cannot say is refused', () => {
  for (const value of [Number.NaN, Infinity, '\ud800', { '\udc00': 1 }, () => 1]) expect(() => canonicalJson(value)).toThrow(TypeError)
})

// Destinations and typed codes: what is understood, what is refused, and that one person has one spelling.
import examples from 'libphonenumber-js/mobile/examples'
import { getCountries, getExampleNumber } from 'libphonenumber-js/max'
import { describe, expect, test } from 'vitest'
import { canonicalDestination, maskDestination, normaliseCode } from '../../../src/domain/verification/destination.ts'

const phoneSpellings: [string, string, string | undefined][] = [
  ['+14155552671', '+14155552671', 'US'],
  ['+1 (415) 555-2671', '+14155552671', 'US'],
  ['+1.415.555.2671', '+14155552671', 'US'],
  [' +1\u00A0415\u2009555\u20132671 ', '+14155552671', 'US'],
  ['＋１４１５５５５２６７１', '+14155552671', 'US'],
  ['+١٤١٥٥٥٥٢٦٧١', '+14155552671', 'US'],
  ['+१४१५५५५२६७१', '+14155552671', 'US'],
  ['+14165550123', '+14165550123', 'CA'],
  ['+18765550123', '+18765550123', 'JM'],
  ['+15551234567', '+15551234567', 'US'],
  ['+44 (0)20 7946 0018', '+442079460018', 'GB'],
  ['+447700900123', '+447700900123', 'GB'],
  ['+264 81 123 4567', '+264811234567', 'NA'],
  ['+77011234567', '+77011234567', 'KZ'],
  ['+870773111632', '+870773111632', undefined],
]

const badPhones: [string, string][] = [
  ['nothing', ''],
  ['a national number', '415 555 2671'],
  ['an international prefix without plus', '0014155552671'],
  ['a country that is none', '+999123456789'],
  ['too short', '+1415555'],
  ['too long', '+141555526711234567'],
  ['an extension', '+1 415 555 2671 ext 5'],
  ['an RFC 3966 extension', '+14155552671;ext=5'],
  ['an RFC 3966 address', 'tel:+14155552671'],
  ['letters', '+1-800-FLOWERS'],
  ['circled letters', '+1800FLOWⒺRS'],
  ['two numbers', '+14155552671, +14155552672'],
  ['two numbers run together', '+14155552671+14155552672'],
  ['two plus signs', '++14155552671'],
  ['a slash', '+1415/5552671'],
  ['a line break', '+14155552671\n'],
  ['a tab', '+1\t4155552671'],
  ['a zero byte', '+14155552671\0'],
  ['a bidi override', '+1\u202E4155552671'],
  ['a zero-width space', '+1415\u200B5552671'],
  ['a lone surrogate', '+14155552671\uD800'],
  ['an open parenthesis', '+1 (415 5552671'],
  ['nested parentheses', '+1 ((415)) 5552671'],
  ['a premium-rate number', '+1 900 555 1234'],
  ['10,000 digits', `+1${'4'.repeat(10_000)}`],
  ['digits hidden in one ligature', '+1415555267㏒'],
]

const mailSpellings: [string, string][] = [
  ['ada@example.com', 'ada@example.com'],
  ['Ada.Lovelace+Test@EXAMPLE.Com', 'ada.lovelace+test@example.com'],
  ['ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ', 'ada@example.com'],
  ['ada@münchen.de', 'ada@xn--mnchen-3ya.de'],
  ['ada@MU\u0308NCHEN.de', 'ada@xn--mnchen-3ya.de'],
  ['ada@xn--mnchen-3ya.de', 'ada@xn--mnchen-3ya.de'],
  ['ada@пример.рф', 'ada@xn--e1afmkfd.xn--p1ai'],
  ['ada@日本ニッポン.jp', 'ada@xn--9ckp9cueu043acvb.jp'],
  ["o'neil_{x}=y@sub.example.co.uk", "o'neil_{x}=y@sub.example.co.uk"],
]

const badMails: [string, string][] = [
  ['nothing', ''],
  ['no at sign', 'ada.example.com'],
  ['no local part', '@example.com'],
  ['no domain', 'ada@'],
  ['a host without a dot', 'ada@localhost'],
  ['a display name', 'Ada <ada@example.com>'],
  ['angle brackets', '<ada@example.com>'],
  ['a quoted local part', '"ada"@example.com'],
  ['a quoted address inside', '"ada@evil.example"@example.com'],
  ['a comment', 'ada(evil)@example.com'],
  ['a comment in the domain', 'ada@example.com(evil)'],
  ['a group', 'friends:ada@example.com;'],
  ['two addresses', 'ada@example.com,eve@example.com'],
  ['two at signs', 'ada@example.com@evil.example'],
  ['a blank', 'ada @example.com'],
  ['a blank at the end', 'ada@example.com '],
  ['folding', 'ada@\r\n example.com'],
  ['a header', 'ada@example.com\r\nBcc: eve@evil.example'],
  ['a zero byte', 'ada@example.com\0'],
  ['a bidi override', 'ada@\u202Eexample.com'],
  ['a soft hyphen', 'ada@exam\u00ADple.com'],
  ['a zero-width joiner', 'a\u200Dda@example.com'],
  ['an IP address', 'ada@127.0.0.1'],
  ['an IP literal', 'ada@[127.0.0.1]'],
  ['an IPv6 literal', 'ada@[IPv6:::1]'],
  ['a hexadecimal IP address', 'ada@0x7f.0x1'],
  ['a percent-encoded domain', 'ada@ex%61mple.com'],
  ['a route by percent', 'eve%evil.example@example.com'],
  ['a route by bang', 'evil.example!eve@example.com'],
  ['a port', 'ada@example.com:25'],
  ['dots in a row', 'ada..l@example.com'],
  ['a dot first', '.ada@example.com'],
  ['a dot last', 'ada.@example.com'],
  ['an empty label', 'ada@example..com'],
  ['a final dot', 'ada@example.com.'],
  ['a label with a hyphen first', 'ada@-example.com'],
  ['an underscore in the domain', 'ada@ex_ample.com'],
  ['punycode that is none', 'ada@xn--a.com'],
  ['a reserved label', 'ada@ab--cd.com'],
  ['a Cyrillic letter in a Latin label', 'ada@ex\u0430mple.com'],
  ['the same in punycode', 'ada@xn--exmple-4nf.com'],
  ['a Greek letter in a Latin label', 'ada@g\u03BFogle.com'],
  ['a Cyrillic label that reads as a Latin one', 'ada@аррӏе.com'],
  ['a non-ASCII local part', 'jörg@example.de'],
  ['a sign that falls apart into a slash', 'ada@\u2100example.com'],
  ['a long local part', `${'a'.repeat(65)}@example.com`],
  ['a long label', `ada@${'a'.repeat(64)}.com`],
  ['a long address', `ada@${'a.'.repeat(150)}com`],
  ['100,000 characters', `${'a'.repeat(100_000)}@example.com`],
]

describe('a phone number', () => {
  test.each(phoneSpellings)('%j is %s', (to, canonical, country) => {
    expect(canonicalDestination('sms', to)).toEqual({ ok: true, canonical, ...(country ? { country } : {}) })
  })

  test.each(badPhones)('with %s is refused', (_, to) => {
    expect(canonicalDestination('sms', to)).toMatchObject({ ok: false, message: expect.stringMatching(/^must /) as string })
  })

  test('of every country keeps its canonical form', () => {
    for (const country of getCountries()) {
      const number = getExampleNumber(country, examples)
      if (!number) continue
      const first = canonicalDestination('sms', number.formatInternational())
      expect(first, country).toMatchObject({ ok: true, canonical: number.number })
      expect(canonicalDestination('sms', number.number)).toEqual(first)
    }
  })

  test.each([
    ['+14155552671', '+1•••••2671'],
    ['+442079460018', '+44•••••0018'],
    ['+264811234567', '+264•••••4567'],
    ['+29060123', '+290•••••3'],
    ['nonsense', '•••••'],
  ])('%s is shown as %s', (canonical, masked) => {
    expect(maskDestination('sms', canonical)).toBe(masked)
  })
})

describe('an e-mail address', () => {
  test.each(mailSpellings)('%j is %s, and stays that', (to, canonical) => {
    expect(canonicalDestination('email', to)).toEqual({ ok: true, canonical })
    expect(canonicalDestination('email', canonical)).toEqual({ ok: true, canonical })
  })

  test.each(badMails)('with %s is refused', (_, to) => {
    expect(canonicalDestination('email', to)).toMatchObject({ ok: false, message: expect.stringMatching(/^must /) as string })
  })

  test.each([
    ['ada@example.com', 'a•••••@e•••••.com'],
    ['a@b.co', 'a•••••@b•••••.co'],
    ['ada@mail.example.co.uk', 'a•••••@m•••••.uk'],
    ['nonsense', '•••••'],
  ])('%s is shown as %s', (canonical, masked) => {
    expect(maskDestination('email', canonical)).toBe(masked)
  })
})

test('whatever is accepted is canonical already when it comes again, and no refusal quotes its input', () => {
  // A fixed linear congruential generator: the same hostile texts in every run.
  let seed = 20_261_120
  const next = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % below
  const alphabet = [
    'a',
    'B',
    'é',
    'ß',
    'а',
    'ο',
    '日',
    '1',
    '١',
    '９',
    '.',
    '-',
    '@',
    '＠',
    '+',
    '＋',
    '(',
    ')',
    ' ',
    '\u202E',
    '"',
    '\\',
    '%',
    '!',
    'xn--',
    '.com',
    '.de',
    '+1415555267',
  ]
  for (let round = 0; round < 20_000; round += 1) {
    const to = Array.from({ length: 1 + next(14) }, () => alphabet[next(alphabet.length)]).join('')
    for (const channel of ['sms', 'email'] as const) {
      const first = canonicalDestination(channel, to)
      if (first.ok) expect(canonicalDestination(channel, first.canonical)).toEqual(first)
      else if (to.length > 6) expect(first.message).not.toContain(to)
    }
  }
})

describe('a typed code', () => {
  test.each([
    ['123456', '123456'],
    ['012345', '012345'],
    [' 123 456\n', '123456'],
    ['123-456', '123456'],
    ['12\u201334\u201456', '123456'],
    ['123\u2212456', '123456'],
    ['1\u00A02\u20033\u200B4\u202F5\uFEFF6', '123456'],
    ['١٢٣٤٥٦', '123456'],
    ['۱۲۳۴۵۶', '123456'],
    ['१२३४५६', '123456'],
    ['１２３４５６', '123456'],
    ['𝟏𝟐𝟛𝟜𝟱𝟼', '123456'],
    ['𞥑𞥒𞥓𞥔𞥕𞥖', '123456'],
    ['1234567890', '1234567890'],
  ])('%j is %s', (input, code) => {
    expect(normaliseCode(input)).toBe(code)
  })

  test('in the digits of any script means its value', () => {
    for (let codePoint = 0; codePoint < 0x20000; codePoint += 1) {
      const zero = String.fromCodePoint(codePoint)
      // The first digit of a run that no other digit precedes is a zero.
      if (!/\p{Nd}/u.test(zero) || /\p{Nd}/u.test(String.fromCodePoint(codePoint - 1))) continue
      const run = [9, 0, 5, 1, 8, 2].map((value) => String.fromCodePoint(codePoint + value)).join('')
      expect(normaliseCode(run), codePoint.toString(16)).toBe('905182')
    }
  })

  test.each(['', '12345', '12345678901', '12345a', '12e456', '+123456', '123.456', '①②③④⑤⑥', '²³¹²³¹', '一二三四五六', '123456\0'])(
    '%j is none',
    (input) => {
      expect(normaliseCode(input)).toBeNull()
    },
  )

  test('of 100,000 blanks is none', () => {
    expect(normaliseCode(' '.repeat(100_000))).toBeNull()
  })
})

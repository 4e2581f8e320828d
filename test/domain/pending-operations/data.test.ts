// What may be kept, what may be shown, and what may stand in a spreadsheet.
import { describe, expect, it } from 'vitest'
import { csvCell } from '../../../src/domain/pending-operations/export.ts'
import { requirePlainObject } from '../../../src/domain/pending-operations/plain-data.ts'
import { lifetimeMs } from '../../../src/domain/pending-operations/policy.ts'
import { isSecretName, sanitise } from '../../../src/domain/pending-operations/sanitise.ts'
import { canonicalRecipient } from '../../../src/domain/pending-operations/who.ts'

describe('a name', () => {
  it.each([
    'password',
    'passwordHash',
    'hashedCode',
    'code',
    'otpCode',
    'resetToken',
    'secret',
    'PASSWORD',
    'pass-word',
    'pass_word',
    'Password Hash',
    'newPassword',
    'pwd',
    'apiKey',
    'api_key',
    'X-API-Key',
    'accessToken',
    'refresh_token',
    'idToken',
    'token',
    'pin',
    'userPIN',
    'pin_code',
    'cvv',
    'cardCvc',
    'privateKey',
    'clientSecret',
    'verificationCode',
    'verification_code',
    'smscode',
    'otp',
    'OTP',
    'totpSecret',
    'recoveryCodes',
    'salt',
    'password_salt',
    'sessionId',
    'authorization',
    'ｐａｓｓｗｏｒｄ',
    'credentials',
    'code_verifier',
    'cardNumber',
    'passphrase',
    'mnemonic',
    'hash',
    'otp1',
    'pin2',
    'code1',
    'backupCode2',
    'line2pin',
    'userpin',
    'smsotp',
    'otpvalue',
    'pinNumber',
    'pinnumber',
    'PINs',
    'O-T-P',
    'codehash',
    'hashvalue',
    'filehash',
    'qrCode',
    'qr',
    'qr_data',
    'pw',
    'userPw',
    'dbpw',
    'authKey',
    'resetLink',
    'magic_link',
    'answer',
    'securityQuestionAnswer',
    'twoFactorKey',
    'otpStatusCode',
  ])('%s is a secret’s', (name) => {
    expect(isSecretName(name)).toBe(true)
  })
  it.each([
    'name',
    'email',
    'postalCode',
    'post_code',
    'zipCode',
    'countryCode',
    'country_code',
    'currencyCode',
    'languageCode',
    'areaCode',
    'shipping',
    'spinner',
    'pineapple',
    'passenger',
    'passport',
    'compass',
    'encoder',
    'barcode',
    'errorCode',
    'address2',
    'line1',
    'countryCode2',
    'iso3166CountryCode',
    'billing_zip_code',
    'pinnedMessage',
    'hashtags',
    'codec',
    'mapping',
    'address',
    'company',
    'japan',
    'expansion',
    'opinion',
    'phone',
    'step',
    'decode',
  ])('%s is not', (name) => {
    // "decode" ends in a code, and what may be one is rather left out than shown.
    expect(isSecretName(name)).toBe(name === 'decode')
  })
})

it('secrets go at any depth, in lists too, and nothing else does', () => {
  const value = { a: [{ b: [[{ password: 1, ok: 2 }]] }], token: {}, n: null, text: 'password', deep: { deeper: { apiKey: 'x' } } }
  expect(sanitise(value)).toEqual({ a: [{ b: [[{ ok: 2 }]] }], n: null, text: 'password', deep: { deeper: {} } })
})

describe('data', () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = { circle }
  const inherits: unknown = Object.create({ a: 1 })
  it.each<[string, unknown]>([
    ['a cycle', circle],
    ['a date', { at: new Date() }],
    ['a function', { run: () => {} }],
    ['a big number', { n: 1n }],
    ['not a number', { n: Number.NaN }],
    ['undefined', { n: undefined }],
    ['a map', { n: new Map() }],
    ['what inherits', inherits],
    ['a prototype of its own', JSON.parse('{"__proto__":{"a":1}}')],
    ['half a character', { list: ['\ud800x'] }],
    ['half a character in a name', { '\udc00': 1 }],
    ['U+0000', { deep: { text: 'a\0b' } }],
    ['null', null],
    ['a list', []],
    ['very many values', { list: Array.from({ length: 60_000 }, () => 0) }],
  ])('is not %s', (_what, value) => {
    expect(() => requirePlainObject(value, '/data', 1_000_000)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('has a limit in bytes, not letters', () => {
    expect(requirePlainObject({ a: 'é' }, '/data', 10)).toEqual({ a: 'é' })
    expect(() => requirePlainObject({ a: 'éé' }, '/data', 10)).toThrow(expect.objectContaining({ code: 'too_large' }))
  })
})

it('a recipient has one spelling', () => {
  expect(canonicalRecipient(' Ada@EXAMPLE.com ')).toBe('ada@example.com')
  expect(canonicalRecipient('+1 (415) 555-2671')).toBe('+14155552671')
  expect(canonicalRecipient(' user-7 ')).toBe('user-7')
})

it('durations are whole seconds of up to 30 days', () => {
  expect(lifetimeMs('x', '24h')).toBe(86_400_000)
  for (const wrong of [0, -1, 1.5, 2_592_001, '31d', '0s', '1w', '1.5h', 'toString', '99999999d'])
    expect(() => lifetimeMs('x', wrong)).toThrow()
  expect(lifetimeMs('constructor', undefined)).toBe(3_600_000)
})

it.each([
  ['=1+1', `"'=1+1"`],
  ['+14155552671', `"'+14155552671"`],
  ['-2', `"'-2"`],
  ['@cmd', `"'@cmd"`],
  ['\t=1', `"'\t=1"`],
  ['\r=1', `"'\r=1"`],
  ['  =1', `"'  =1"`],
  ['＝1', `"'＝1"`],
  ['＋1', `"'＋1"`],
  ['－1', `"'－1"`],
  ['＠x', `"'＠x"`],
  ['\u200B=1', `"'\u200B=1"`],
  ['﹦1', `"'﹦1"`],
  ['−1', `"'−1"`],
  ['a;=1', `"a;'=1"`],
  ['; +1', `"; '+1"`],
  [{ a: ';=1' }, `"{""a"":"";'=1""}"`],
  ['a"b', '"a""b"'],
  ['a,b\nc', '"a,b\nc"'],
  [undefined, '""'],
  [{ a: '=1' }, '"{""a"":""=1""}"'],
  [7, '"7"'],
])('a cell of %j is safe', (value, cell) => {
  expect(csvCell(value)).toBe(cell)
})

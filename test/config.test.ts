// The settings: every fault at once, none of them showing a value.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError, givenSettings, loadConfig, settingRows } from '../src/config.ts'
import { generateSecrets } from '../src/standins/dev-secrets.ts'

const { redisPassword: _redis, postgresPassword: _postgres, ...secrets } = generateSecrets()
const least = { ...secrets, REDIS_URL: 'redis://localhost', DATABASE_URL: 'postgres://localhost/x' }
const production = {
  ...least,
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://verify.example',
  JWT_ISSUER: 'https://login.example',
  JWT_AUDIENCE: 'sallyport',
  SMTP_URL: 'smtps://user:pass@mail.example',
  MAIL_FROM: 'a@verify.example',
  TWILIO_PHONE_NUMBER: '+15005550006',
}

/** The lines of the refusal. */
function faults(env: Record<string, string | undefined>): string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^ {2}- /, ''))
  }
  throw new Error('the settings were accepted')
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('development', () => {
  it('needs only its parts and keys, and has the defaults of the contract', () => {
    expect(loadConfig(least)).toMatchObject({
      NODE_ENV: 'development',
      PORT: 3_000,
      PUBLIC_URL: 'http://localhost:3000',
      PUBLIC_API: true,
      OTP_DIGITS: 6,
      OTP_TTL_SECONDS: 600,
      EMAIL_CODE_TTL_SECONDS: 600,
      PASSWORD_RESET_TTL_SECONDS: 1_800,
      EMAIL_LINK_TTL_SECONDS: 86_400,
      RATE_LIMIT_PER_MINUTE: 600,
      LISTING_LIMIT_PER_MINUTE: 60,
      QUEUE_PARTITIONS: 1,
      DURABILITY: 'local',
      BOARD_WRITE: false,
    })
    expect(loadConfig(least).REDIRECTS.get('console')).toBe('http://localhost:3000/docs')
  })

  it('gives frozen settings', () => expect(Object.isFrozen(loadConfig(least))).toBe(true))

  it('takes an empty variable for one that is not set', () => expect(loadConfig({ ...least, OTP_DIGITS: '' }).OTP_DIGITS).toBe(6))
})

describe('faults', () => {
  it('are all named at once', () => {
    const lines = faults({
      ...least,
      PORT: '99999',
      OTP_DIGITS: '4',
      DURABILITY: 'maybe',
      REDIRECTS: 'x=ftp://y',
      REDIS_URL: undefined,
      ALLOWED_COUNTRIES: 'us',
    })
    const names = lines.map((line) => line.split(/[: ]/, 1)[0])
    expect(new Set(names)).toEqual(new Set(['ALLOWED_COUNTRIES', 'DURABILITY', 'OTP_DIGITS', 'PORT', 'REDIRECTS', 'REDIS_URL']))
    expect(names).toHaveLength(6)
  })

  it.each([
    ['OTP_DIGITS', '5'],
    ['OTP_DIGITS', '11'],
    ['OTP_TTL_SECONDS', '9'],
    ['OTP_TTL_SECONDS', '601'],
    ['EMAIL_CODE_TTL_SECONDS', '3601'],
    ['PASSWORD_RESET_TTL_SECONDS', '3601'],
    ['EMAIL_LINK_TTL_SECONDS', '86401'],
    ['QUEUE_PARTITIONS', '0'],
    ['QUEUE_PARTITIONS', '257'],
    ['PORT', '3.5'],
    ['PORT', 'x'],
    ['BOARD_WRITE', 'yes'],
    ['REDIS_URL', 'localhost'],
    ['TWILIO_PHONE_NUMBER', '5551234'],
    ['CHANNELS', 'fax'],
    ['ALLOW_UNSAFE', 'everything'],
    ['WEBOTP_ORIGIN', 'a b'],
  ])('%s=%s is one', (name, value) => {
    expect(faults({ ...least, [name]: value })).toEqual([expect.stringMatching(new RegExp(`^${name}: `))])
  })

  it('show no value', () => {
    const value = 'c0ffee-c0ffee-c0ffee'
    const names = settingRows().map(({ name }) => name)
    const text = faults(Object.fromEntries(names.map((name) => [name, value]))).join('\n')
    expect(text).not.toContain(value)
    expect(faults({ ...least, MASTER_KEYS: 'c0ffeec0ffeec0ffeec0ffeec0ffee12' }).join()).not.toContain('c0ffee')
  })
})

describe('production', () => {
  it('starts with all it needs, closed to anonymous callers and without a console redirect', () => {
    expect(loadConfig(production)).toMatchObject({ PUBLIC_API: false, PUBLIC_URL: 'https://verify.example' })
    expect(loadConfig(production).REDIRECTS.size).toBe(0)
  })

  it('names everything that is missing at once', () => {
    expect(faults({ NODE_ENV: 'production' }).toSorted()).toEqual(
      [
        'DATABASE_URL',
        'JWT_AUDIENCE',
        'JWT_ISSUER',
        'JWT_SECRET or JWKS_URL',
        'MAIL_FROM',
        'MASTER_KEYS',
        'PROOF_KEY',
        'PUBLIC_URL',
        'REDIS_URL',
        'SEALING_KEY_P12',
        'SMTP_URL',
        'TWILIO_ACCOUNT_SID',
        'TWILIO_AUTH_TOKEN',
        'TWILIO_PHONE_NUMBER or TWILIO_MESSAGING_SERVICE_SID',
      ].map((name) => `${name} is missing`),
    )
  })

  it('asks for nothing of a channel that is not in use', () => {
    expect(faults({ NODE_ENV: 'production', CHANNELS: 'email' }).join()).not.toContain('TWILIO')
    expect(faults({ NODE_ENV: 'production', CHANNELS: 'sms' }).join()).not.toMatch(/SMTP|MAIL/)
  })

  it.each([
    ['a short JWT secret', { JWT_SECRET: 'x'.repeat(31) }, 'JWT_SECRET'],
    ['webhooks into the private network', { WEBHOOK_ALLOW_PRIVATE: 'true' }, 'WEBHOOK_ALLOW_PRIVATE'],
    ['an outbox', { OUTBOX_URL: 'http://localhost/outbox' }, 'OUTBOX_URL'],
    ['a redirect without TLS', { REDIRECTS: 'shop=http://shop.example' }, 'REDIRECTS'],
  ])('refuses %s', (_what, more, name) => expect(faults({ ...production, ...more })).toEqual([expect.stringContaining(name)]))
})

describe('NAME_FILE', () => {
  it('gives the content of a file, without the line break at its end', () => {
    const config = loadConfig({ ...least, BRAND_NAME_FILE: file('brand', 'From a file\n') })
    expect(config.BRAND_NAME).toBe('From a file')
  })

  it('serves for what production needs, and the variable itself wins', () => {
    const { MASTER_KEYS, SMTP_URL, ...rest } = production
    const env = { ...rest, MASTER_KEYS_FILE: file('keys', MASTER_KEYS), SMTP_URL_FILE: file('smtp', SMTP_URL) }
    expect(loadConfig(env).SMTP_URL?.reveal()).toBe(SMTP_URL)
    expect(loadConfig({ ...env, SMTP_URL: 'smtp://other' }).SMTP_URL?.reveal()).toBe('smtp://other')
    expect(givenSettings(env).SMTP_URL).toBe(SMTP_URL)
  })

  it('of the sealing key may hold its bytes or their base64', () => {
    const { SEALING_KEY_P12: encoded, ...rest } = production
    for (const content of [encoded, `${encoded}\n`, Buffer.from(encoded, 'base64')]) {
      const config = loadConfig({ ...rest, SEALING_KEY_P12_FILE: file('seal.p12', content) })
      expect(config.SEALING_KEY_P12?.reveal()).toBe(encoded)
    }
  })

  it('that cannot be read is a fault beside the others', () => {
    const lines = faults({ ...least, BRAND_NAME_FILE: join(folder, 'nothing'), PORT: 'x' })
    expect(lines).toEqual(['BRAND_NAME_FILE names a file that cannot be read', expect.stringMatching(/^PORT: /)])
  })
})

describe('printing the settings', () => {
  it('shows no secret', () => {
    const config = loadConfig(production)
    const secretsIn = [
      secrets.JWT_SECRET,
      secrets.TWILIO_AUTH_TOKEN,
      secrets.EMAIL_CALLBACK_SECRET,
      secrets.SEALING_KEY_P12,
      production.SMTP_URL,
      secrets.MASTER_KEYS.slice(5),
      JSON.parse(secrets.PROOF_KEY).d,
    ]
    for (const text of [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config)]) {
      for (const value of secretsIn) expect(text).not.toContain(value)
    }
  })

  it('as a table gives a sentence for each', () => {
    const rows = settingRows()
    expect(rows.length).toBeGreaterThan(30)
    expect(rows.filter(({ meaning }) => meaning.length < 5)).toEqual([])
    expect(rows.find(({ name }) => name === 'OTP_DIGITS')).toMatchObject({ fallback: '6' })
  })
})

// Every message in every language, and what a broken template does at the start.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { purposes } from '../../src/contracts/verification.ts'
import type { MessageFacts } from '../../src/domain/ports.ts'
import { createTemplates } from '../../src/providers/templates.ts'

const directory = resolve(import.meta.dirname, '../../templates')
const templates = createTemplates(directory)
const locales = readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const facts: MessageFacts = { brand: 'Acme', name: 'Ada', code: '012345', minutes: 10, locale: 'en', purpose: 'email_verification' }
const link = 'https://verify.example.com/v/abc_DEF-123'

// GSM 03.38, the basic set: one septet each.
const gsm7 = /^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]*$/

const copies: string[] = []
afterEach(() => copies.splice(0).forEach((copy) => rmSync(copy, { recursive: true })))

function copyTemplates(): string {
  const copy = mkdtempSync(join(tmpdir(), 'templates-'))
  copies.push(copy)
  cpSync(directory, copy, { recursive: true })
  return copy
}

/** The WICG grammar, strictly: the last line is `@host #code`, with nothing after it. */
function parseOriginBoundCode(text: string): { host: string; code: string } | null {
  const [, host, code] = /^@([a-z0-9.-]+) #([^ \n]+)$/.exec(text.split('\n').at(-1) ?? '') ?? []
  return host !== undefined && code !== undefined ? { host, code } : null
}

describe.each(locales)('in %s', (locale) => {
  test('a text message is one cheap segment that says code, brand and duration', () => {
    const { text } = templates.text({ ...facts, locale, webOtpOrigin: 'verify.example.com' })
    expect(text).toMatch(gsm7)
    expect(text.length).toBeLessThanOrEqual(160)
    expect(text).toMatch(/^012345 /)
    expect(text).toContain('Acme')
    expect(text).toMatch(/10 minut/i)
    expect(parseOriginBoundCode(text)).toEqual({ host: 'verify.example.com', code: '012345' })
  })

  test('a text message without an origin ends with its prose', () => {
    expect(templates.text({ ...facts, locale }).text).toMatch(/[.]$/)
  })

  test.each(purposes)('a mail for %s has its code in both parts and never in the subject', (purpose) => {
    for (const mail of [templates.mail({ ...facts, locale, purpose }), templates.mail({ ...facts, locale, purpose, link })]) {
      expect(mail.subject).toContain('Acme')
      expect(mail.subject).not.toMatch(/\d/)
      expect(mail.text).toContain('\n\n012345\n\n')
      expect(mail.text).toContain(' Ada,')
      expect(mail.html).toContain('>012345</p>')
      expect(`${mail.subject}${mail.text}${mail.html}`).not.toMatch(/\{\{|\}\}|undefined/)
    }
  })

  test('a mail with a link has it whole in the text, as a button and in clear', () => {
    const mail = templates.mail({ ...facts, locale, link })
    expect(mail.text).toContain(`\n${link}\n`)
    expect(mail.html.split(`href="${link}"`)).toHaveLength(3)
    expect(mail.html).toContain(`>${link}</a>`)
  })

  test('a mail loads nothing from anywhere', () => {
    const html = templates.mail({ ...facts, locale, link }).html
    expect(html).not.toMatch(/<(?:img|script|link|style|iframe|object|form)\b|src=|url\(|@import/i)
    expect(html.match(/https?:\/\/[^"<\s]+/g)).toEqual([link, link, link])
  })
})

test('every locale says every purpose in its own words', () => {
  const texts = locales.map((locale) => purposes.map((purpose) => templates.mail({ ...facts, locale, purpose }).text))
  expect(new Set(texts.flat()).size).toBe(locales.length * purposes.length)
})

test('values are escaped in HTML and left alone in text', () => {
  const mail = templates.mail({ ...facts, brand: `<b>&"A'`, name: '{{code}}' })
  expect(mail.html).not.toContain('<b>')
  expect(mail.html).toContain('&lt;b&gt;&amp;&quot;A&#39;')
  expect(mail.text).toContain(`<b>&"A'`)
  expect(mail.text).toContain('Hello {{code}},')
})

test('without a name the greeting has no gap', () => {
  const { name: _, ...nameless } = facts
  expect(templates.mail(nameless).text).toMatch(/^Hello,\n/)
})

test.each([
  [10, '10 minutes'],
  [1, '1 minute'],
  [90, '90 minutes'],
  [60, '1 hour'],
  [1_440, '24 hours'],
  [0.5, '30 seconds'],
])('%d minutes read %s', (minutes, words) => {
  expect(templates.text({ ...facts, minutes }).text).toContain(`for ${words}.`)
})

test.each([
  ['pt-BR', 'pt'],
  ['DE-at-1996', 'de'],
  ['xx', 'en'],
  ['zh-Hant-TW', 'en'],
  ['../../etc', 'en'],
])('the locale %s falls back to %s', (locale, found) => {
  expect(templates.mail({ ...facts, locale }).html).toContain(`<html lang="${found}"`)
})

describe('a start is refused, naming the file, when', () => {
  test.each([
    [
      'a placeholder is unknown',
      'fr/mail-code.txt',
      (text: string) => text.replace('{{duration}}', '{{minuts}}'),
      /fr\/mail-code\.txt.*minuts/,
    ],
    ['braces are broken', 'de/text.txt', (text: string) => text.replace('{{code}}', '{{code'), /de\/text\.txt/],
    ['a subject shows the code', 'en/mail-link.txt', (text: string) => `{{code}} ${text}`, /en\/mail-link\.txt \(subject\).*code/],
    ['a purpose has no words', 'af/purposes.txt', (text: string) => text.replace(/^two_factor.*$/m, ''), /af\/purposes\.txt.*two_factor/],
  ])('%s', (_, file, change, expected) => {
    const copy = copyTemplates()
    writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'utf8')))
    expect(() => createTemplates(copy)).toThrow(expected)
  })

  test('a file is missing', () => {
    const copy = copyTemplates()
    rmSync(join(copy, 'pt/text.txt'))
    expect(() => createTemplates(copy)).toThrow(/pt\/text\.txt/)
  })

  test('there is no English', () => {
    const copy = copyTemplates()
    rmSync(join(copy, 'en'), { recursive: true })
    expect(() => createTemplates(copy)).toThrow(/en/)
  })
})

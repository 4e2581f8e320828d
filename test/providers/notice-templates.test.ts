// Every notice in every language: whole, honest about what is ours and what is somebody's, and proof against what people put into names.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { noticeKinds } from '../../src/contracts/notification.ts'
import type { NoticeFacts } from '../../src/domain/notice-ports.ts'
import { createNoticeTemplates } from '../../src/providers/notice-templates.ts'

const directory = resolve(import.meta.dirname, '../../templates')
const templates = createNoticeTemplates(directory)
const locales = readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
const link = 'https://sign.example.com/s/abc_DEF-123'
const signer: NoticeFacts = {
  brand: 'Acme',
  locale: 'en',
  name: 'Ada',
  title: 'Lease of flat 7',
  sender: 'Carol (carol@example.com)',
  message: 'Please by Friday.\nThank you!',
  link,
  deadlineMs: Date.UTC(2026, 11, 24, 18, 30),
  sha256: 'b'.repeat(64),
  count: 12,
  titles: ['Signed: Lease', 'Declined: Will'],
}
const sender: NoticeFacts = {
  brand: 'Acme',
  locale: 'en',
  title: 'Lease of flat 7',
  sha256: 'b'.repeat(64),
  envelope: 'env_aaaa',
  decliner: 'Ben',
  message: 'Too dear.',
  missing: ['Ada', 'Ben', 'Cem'],
  count: 1,
  titles: ['Signed: Lease'],
}

const copies: string[] = []
afterEach(() => copies.splice(0).forEach((copy) => rmSync(copy, { recursive: true })))

function copyTemplates(): string {
  const copy = mkdtempSync(join(tmpdir(), 'templates-'))
  copies.push(copy)
  cpSync(directory, copy, { recursive: true })
  return copy
}

/** Every tag of a mail, as it stands there. */
const tagsOf = (html: string): string[] => html.match(/<[^>]*>/g) ?? []

test('there are the five languages', () => expect(locales.toSorted()).toEqual(['af', 'de', 'en', 'fr', 'pt']))

describe.each(locales)('in %s', (locale) => {
  describe.each(noticeKinds)('%s', (kind) => {
    test.each([
      ['a signer', signer],
      ['the sender', sender],
      ['somebody of whom little is known', { brand: 'Acme', locale: 'en' }],
    ])('to %s is whole in both parts', (_whom, facts) => {
      const mail = templates.notice(kind, { ...facts, locale })
      expect(`${mail.subject}${mail.text}${mail.html}`).not.toMatch(/\{\{|\}\}|undefined|null|Invalid/)
      expect(mail.subject).toMatch(/^[^\n\r]{3,120}$/)
      expect(mail.text).not.toMatch(/\n\n\n|:\n\n$|[:“„«] *[.”“»]/)
      expect(mail.html).toContain(`<html lang="${locale}"`)
    })

    test('cannot be made to say more than it should', () => {
      const evil = `"</p><script>alert(1)</script>\r\nBcc: eve@example.com\r\n\r\n{{link}} \u202E${'x'.repeat(400)}`
      const hostile = {
        ...signer,
        locale,
        name: evil,
        title: evil,
        sender: evil,
        message: evil,
        decliner: evil,
        missing: [evil],
        titles: [evil],
      }
      const mail = templates.notice(kind, hostile)
      expect(mail.subject).toMatch(/^[^\p{Cc}\u202E]{3,160}$/u)
      expect(mail.html).not.toMatch(/<script|\u202E/)
      const plain = templates.notice(kind, { ...signer, locale, titles: ['x'], missing: ['x'], decliner: 'x' })
      expect(tagsOf(mail.html).filter((tag) => tag !== '<br>')).toEqual(tagsOf(plain.html).filter((tag) => tag !== '<br>'))
      expect(mail.text).not.toMatch(/\r|\u202E|^Bcc:/m)
      expect(mail.text.split(link)).toHaveLength(plain.text.split(link).length)
    })
  })

  test('a request has its link, its end and the sender’s words, told from ours', () => {
    const { subject, text, html } = templates.notice('signature_request', { ...signer, locale })
    expect(subject).toContain('Lease of flat 7')
    expect(subject).not.toContain('Carol')
    expect(text).toContain(`\n${link}\n`)
    expect(text).toContain('\n> Please by Friday.\n> Thank you!\n')
    expect(text).toMatch(/24.*2026.*18:30.*UTC/)
    expect(html).toContain(`<a href="${link}"`)
    expect(html).toMatch(/<blockquote[^>]*>Please by Friday\.<br>\nThank you!<\/blockquote>/)
  })

  test('a request without a message leaves the sender’s words out', () => {
    const { message: _message, ...facts } = signer
    const { text, html } = templates.notice('signature_request', { ...facts, locale })
    expect(text).not.toContain('>')
    expect(html).not.toContain('blockquote')
    expect(text.split('Carol')).toHaveLength(2)
  })

  test('a completed envelope has its copy for signers, its id for the sender, and the hash for both', () => {
    const [toSigner, toSender] = [signer, sender].map((facts) => templates.notice('envelope_completed', { ...facts, locale }).text)
    expect(toSigner).toContain(link)
    expect(toSigner).not.toContain('env_')
    expect(toSender).toContain('env_aaaa')
    expect(toSender).not.toContain('/s/')
    for (const text of [toSigner, toSender]) expect(text).toContain('b'.repeat(64))
  })

  test('no notice claims what an accredited provider could', () => {
    for (const kind of noticeKinds) {
      const { text } = templates.notice(kind, { ...signer, locale })
      expect(text).not.toMatch(
        /accredit|akkredit|acr[eé]dit|recogni[sz]ed|advanced|qualifi|fortgeschritten|avançad|avancé|gevorderd|erkend/i,
      )
    }
  })

  test('a digest says how many more there are', () => {
    expect(templates.notice('digest', { ...signer, locale }).text).toMatch(/\b10\b/)
    expect(templates.notice('digest', { ...sender, locale }).text).not.toMatch(/\b0\b/)
  })
})

test('a locale that is not there falls back to its parent, then to English', () => {
  expect(templates.notice('digest', { ...signer, locale: 'pt-BR' }).subject).toMatch(/^Novas/)
  expect(templates.notice('digest', { ...signer, locale: 'xx' }).subject).toMatch(/^New/)
})

test('a message keeps its lines, and an endless one is cut', () => {
  const text = templates.notice('signature_request', { ...signer, message: `a\u2028b\r\n\r\n\r\n\r\nc${'d'.repeat(2_000)}` }).text
  expect(text).toContain('\n> a\n> b\n> \n> cd')
  expect(text).toContain('d…')
})

test.each([
  ['is missing', (folder: string) => rmSync(join(folder, 'de/notice-digest.txt')), /notice-digest\.txt/],
  [
    'has a placeholder nobody fills',
    (folder: string) => append(join(folder, 'fr/notice-digest.txt'), '\n\n{{secret}}'),
    /fr\/notice-digest\.txt must not have \{\{secret\}\}/,
  ],
  ['has stray braces', (folder: string) => append(join(folder, 'en/notice-digest.txt'), '\n\n{{'), /braces/],
  ['shows a link in its subject', (folder: string) => writeFileSync(join(folder, 'en/notice-digest.txt'), '{{link}}\n\nx'), /subject/],
  ['is of no English', (folder: string) => rmSync(join(folder, 'en'), { recursive: true }), /no folder en/],
])('a template that %s stops the start', (_what, damage, message) => {
  const folder = copyTemplates()
  damage(folder)
  expect(() => createNoticeTemplates(folder)).toThrow(message)
})

function append(file: string, text: string): void {
  writeFileSync(file, `${readFileSync(file, 'utf8')}${text}`)
}

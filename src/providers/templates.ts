// The words of every message: reads templates/ as data and fills it in. How a message looks as HTML is templates/mail.html;
// sending is the providers' work. A locale is a folder with text.txt, mail-code.txt, mail-link.txt and purposes.txt.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { purposes } from '../contracts/verification.ts'
import type { MessageFacts, RenderedMail, Templates } from '../domain/ports.ts'
import { checkPlaceholders, fill, type Values } from './template-text.ts'
import { renderHtmlBody } from './template-html.ts'

const fallbackLocale = 'en'
const mailPlaceholders = ['brand', 'name', 'code', 'duration', 'purpose', 'link']

type MailTemplate = { subject: string; body: string }
type LocaleTemplates = { locale: string; text: string; code: MailTemplate; link: MailTemplate; purposes: ReadonlyMap<string, string> }

/**
 * Reads `directory` once. Throws, naming the file, if one is missing or has a placeholder nobody fills, if a subject would show a code,
 * or if there is no English. A locale that is not there falls back by its parts: pt-BR, pt, en.
 */
export function createTemplates(directory: string): Templates {
  const layout = readFileSync(join(directory, 'mail.html'), 'utf8')
  checkPlaceholders('mail.html', layout, ['locale', 'subject', 'body'])
  const locales = new Map<string, LocaleTemplates>()
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) locales.set(entry.name.toLowerCase(), readLocale(directory, entry.name))
  }
  const fallback = locales.get(fallbackLocale)
  if (!fallback) throw new Error(`templates: there is no folder ${fallbackLocale}`)
  const find = (locale: string): LocaleTemplates => findLocale(locales, locale) ?? fallback
  return {
    text: (facts) => ({ text: renderText(find(facts.locale), facts) }),
    mail: (facts) => renderMail(find(facts.locale), layout, facts),
  }
}

function readLocale(directory: string, locale: string): LocaleTemplates {
  const read = (name: string): string => readFileSync(join(directory, locale, name), 'utf8').trim()
  const text = read('text.txt')
  checkPlaceholders(`${locale}/text.txt`, text, ['brand', 'code', 'duration'])
  return {
    locale,
    text,
    code: readMail(`${locale}/mail-code.txt`, read('mail-code.txt')),
    link: readMail(`${locale}/mail-link.txt`, read('mail-link.txt')),
    purposes: readPurposes(`${locale}/purposes.txt`, read('purposes.txt')),
  }
}

/** The first line is the subject: phones show it while locked, so it never has the code. */
function readMail(file: string, text: string): MailTemplate {
  const [subject = '', ...body] = text.split('\n')
  checkPlaceholders(`${file} (subject)`, subject, ['brand'])
  checkPlaceholders(file, body.join('\n'), mailPlaceholders)
  return { subject: subject.trim(), body: body.join('\n').trim() }
}

function readPurposes(file: string, text: string): ReadonlyMap<string, string> {
  const phrases = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()] as const),
  )
  for (const purpose of purposes) if (!phrases.get(purpose)) throw new Error(`templates: ${file} says nothing of ${purpose}`)
  return phrases
}

/** What is there for a locale or for its nearest parent: pt-BR, pt. */
export function findLocale<Words>(locales: ReadonlyMap<string, Words>, locale: string): Words | undefined {
  const parts = locale.toLowerCase().split('-')
  for (let length = parts.length; length > 0; length -= 1) {
    const found = locales.get(parts.slice(0, length).join('-'))
    if (found) return found
  }
  return undefined
}

/** With a WebOTP origin the last line is `@host #code` and nothing follows it, not even a line break (WICG origin-bound one-time codes). */
function renderText(templates: LocaleTemplates, facts: MessageFacts): string {
  const text = fill(templates.text, valuesOf(templates, facts))
  return facts.webOtpOrigin === undefined ? text : `${text}\n\n@${facts.webOtpOrigin} #${facts.code}`
}

function renderMail(templates: LocaleTemplates, layout: string, facts: MessageFacts): RenderedMail {
  const template = facts.link === undefined ? templates.code : templates.link
  const values = valuesOf(templates, facts)
  const subject = fill(template.subject, values)
  return {
    subject,
    text: `${fill(template.body, values)}\n`,
    html: fill(layout, { locale: templates.locale, ...renderHtmlBody(subject, template.body, values) }),
  }
}

function valuesOf({ locale, purposes: phrases }: LocaleTemplates, facts: MessageFacts): Values {
  return {
    brand: facts.brand,
    name: facts.name ?? '',
    code: facts.code,
    duration: formatDuration(locale, facts.minutes),
    purpose: phrases.get(facts.purpose) ?? '',
    link: facts.link ?? '',
  }
}

/** Whole hours as hours, less than a minute as seconds, all else as minutes. */
function formatDuration(locale: string, minutes: number): string {
  const [value, unit] = minutes < 1 ? [minutes * 60, 'second'] : minutes % 60 === 0 ? [minutes / 60, 'hour'] : [minutes, 'minute']
  const text = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(value)
  // No-break spaces are not in GSM-7: one would make the text message cost double.
  return text.replace(/[\u00A0\u202F]/g, ' ')
}

// The words of notices: reads templates/<locale>/notice-*.txt as data and fills them in. A paragraph that would show an empty value is left out, so that one
// template serves signers and senders. Values are anybody's words: they are cleaned here, and escaped where they become HTML.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { noticeKinds, type NoticeKind } from '../contracts/notification.ts'
import type { NoticeFacts, NoticeTemplates } from '../domain/notice-ports.ts'
import { cleanLine, cleanLines } from './template-clean.ts'
import { renderHtmlBody } from './template-html.ts'
import { checkPlaceholders, fill, type Values } from './template-text.ts'
import { findLocale } from './templates.ts'

type Template = { subject: string; blocks: readonly string[] }
type Notices = { locale: string; templates: ReadonlyMap<NoticeKind, Template> }

const subjectWords = ['brand', 'title', 'count']
const bodyWords = 'brand name title sender message link deadline digest envelope decliner missing count titles more'.split(' ')
const fallbackLocale = 'en'
const lineLimit = 200
/** A subject stays readable in a list of mails. */
const subjectTitleLimit = 80
const messageLimit = 1_000

/** Reads `directory` once. Throws, naming the file, when one is missing or has a placeholder nobody fills. A locale that is not there falls back by its parts: pt-BR, pt, en. */
export function createNoticeTemplates(directory: string): NoticeTemplates {
  const layout = readFileSync(join(directory, 'mail.html'), 'utf8')
  const locales = new Map<string, Notices>()
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) locales.set(entry.name.toLowerCase(), readNotices(directory, entry.name))
  }
  const fallback = locales.get(fallbackLocale)
  if (!fallback) throw new Error(`templates: there is no folder ${fallbackLocale}`)
  return {
    notice(kind, facts) {
      const { locale, templates } = findLocale(locales, facts.locale) ?? fallback
      const template = templates.get(kind)
      if (!template) throw new Error(`templates: nothing is said of ${kind}`)
      const values = valuesOf(locale, facts)
      const subject = fill(template.subject, { ...values, title: cleanLine(facts.title ?? '', subjectTitleLimit) })
      const body = template.blocks.filter((block) => isSaid(block, values)).join('\n\n')
      return {
        subject,
        text: `${fill(body, { ...values, message: quoted(values['message'] ?? '') })}\n`,
        html: fill(layout, { locale, ...renderHtmlBody(subject, body, values) }),
      }
    },
  }
}

function readNotices(directory: string, locale: string): Notices {
  const templates = noticeKinds.map((kind) => {
    const file = `${locale}/notice-${kind.replaceAll('_', '-')}.txt`
    const [subject = '', ...body] = readFileSync(join(directory, file), 'utf8').trim().split('\n')
    checkPlaceholders(`${file} (subject)`, subject, subjectWords)
    checkPlaceholders(file, body.join('\n'), bodyWords)
    const blocks = body
      .join('\n')
      .trim()
      .split(/\n{2,}/)
    return [kind, { subject: subject.trim(), blocks }] as const
  })
  return { locale, templates: new Map(templates) }
}

/** Whether every value of a paragraph is there; one with a blank inside its braces may be missing. */
function isSaid(block: string, values: Values): boolean {
  return [...block.matchAll(/\{\{([A-Za-z]+)\}\}/g)].every(([, word = '']) => (values[word] ?? '') !== '')
}

function valuesOf(locale: string, facts: NoticeFacts): Values {
  const line = (text = ''): string => cleanLine(text, lineLimit)
  const titles = (facts.titles ?? []).map(line)
  const more = (facts.count ?? 0) - titles.length
  return {
    brand: facts.brand,
    name: line(facts.name),
    title: line(facts.title),
    sender: facts.sender === undefined ? facts.brand : line(facts.sender),
    message: cleanLines(facts.message ?? '', messageLimit),
    link: facts.link ?? '',
    deadline: facts.deadlineMs === undefined ? '' : formatMoment(locale, facts.deadlineMs),
    digest: facts.sha256 ?? '',
    envelope: facts.envelope ?? '',
    decliner: line(facts.decliner),
    missing: new Intl.ListFormat(locale).format((facts.missing ?? []).map(line)),
    count: facts.count === undefined ? '' : String(facts.count),
    titles: titles.map((title) => `• ${title}`).join('\n'),
    more: more > 0 && titles.length > 0 ? String(more) : '',
  }
}

/** Somebody else's words are told from ours, line by line. */
function quoted(message: string): string {
  return message === '' ? '' : message.replace(/^/gm, '> ')
}

function formatMoment(locale: string, atMs: number): string {
  const parts = { year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const
  return new Intl.DateTimeFormat(locale, { ...parts, timeZone: 'UTC', hourCycle: 'h23' }).format(atMs).replace(/[\u00A0\u202F]/g, ' ')
}

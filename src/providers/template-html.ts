// The HTML of a mail, made from the same text as its plain part, so that the two never differ. Everything is escaped; styles are inline,
// and no colour is set where the reader's own (light or dark) will do.
import { fill, type Values } from './template-text.ts'

const paragraphStyle = 'margin:0 0 16px'
const codeStyle =
  'margin:0 0 16px;padding:12px 16px;border:1px solid #8a8a8a;border-radius:8px;' +
  'font:bold 28px/1.3 Menlo,Consolas,monospace;letter-spacing:4px;text-align:center'
const buttonStyle =
  'display:inline-block;padding:12px 20px;border-radius:8px;background:#0b57d0;color:#ffffff;font-weight:bold;text-decoration:none'
const linkStyle = 'margin:0 0 16px;font-size:13px;word-break:break-all'
const quoteStyle = 'margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #8a8a8a'

/**
 * `subject` and `body` as HTML. In the body, a block that is `{{code}}` becomes a box, one that is `{{title}}` bold, one of a label and
 * `{{link}}` a button and the link in clear, one of a label and `{{message}}` a quotation. Line breaks in values stay line breaks.
 */
export function renderHtmlBody(subject: string, body: string, values: Values): { subject: string; body: string } {
  const safe = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, escapeHtml(value).replaceAll('\n', '<br>\n')]))
  const blocks = body.split(/\n{2,}/).map((block) => renderBlock(block.trim(), safe))
  return { subject: escapeHtml(subject), body: blocks.join('\n') }
}

function renderBlock(block: string, safe: Values): string {
  if (block === '{{code}}') return fill(`<p style="${codeStyle}">{{code}}</p>`, safe)
  if (block === '{{title}}') return fill(`<p style="${paragraphStyle};font-weight:bold">{{title}}</p>`, safe)
  const [label = '', link] = block.split('\n')
  const text = fill(escapeHtml(block).replaceAll('\n', '<br>\n'), safe)
  if (link === '{{message}}') return fill(quoteOf(label), safe)
  if (link !== '{{link}}') return `<p style="${paragraphStyle}">${text}</p>`
  const button = escapeHtml(label.replace(/\s*:$/, ''))
  const asButton = `<p style="${paragraphStyle}"><a href="{{link}}" style="${buttonStyle}">${button}</a></p>`
  return fill(`${asButton}\n<p style="${linkStyle}"><a href="{{link}}" style="color:inherit">{{link}}</a></p>`, safe)
}

function quoteOf(label: string): string {
  return `<p style="margin:0 0 8px">${escapeHtml(label)}</p>\n<blockquote style="${quoteStyle}">{{message}}</blockquote>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')
}

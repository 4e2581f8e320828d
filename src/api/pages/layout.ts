// The frame of every page: one style sheet inside the page, no script, nothing loaded from anywhere.
import { createHash } from 'node:crypto'
import type { Response } from 'express'
import { html, trusted, type Html } from './html.ts'
import { style } from './style.ts'

/**
 * A whole page; in English if no `lang` is named. `formTargets`: other origins to which a form of the page may lead (a redirect after it counts).
 * `hasImages`: it shows pictures of this origin.
 */
export type Page = {
  status: number
  title: string
  brand: string
  body: Html
  lang?: string
  width?: 'reading' | 'wide'
  formTargets?: readonly string[]
  hasImages?: boolean
}

/** Whole, since the hash is of everything between its tags: no formatter may put a blank there. */
const styleElement = trusted(`<style>${style}</style>`)
const styleHash = createHash('sha256').update(style).digest('base64')
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%23135e4b'/%3E%3Cpath d='M9 26V15a7 7 0 0 1 14 0v11h-4V15a3 3 0 0 0-6 0v11z' fill='%23fff'/%3E%3C/svg%3E"

/** Sends a page that may hold a one-time link: never cached, never indexed, no referrer, no script. */
export function sendPage(res: Response, page: Page): void {
  const targets = ["'self'", ...(page.formTargets ?? [])].join(' ')
  const images = page.hasImages ? "'self' data:" : 'data:'
  const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; img-src ${images}; form-action ${targets}; base-uri 'none'; frame-ancestors 'none'`
  res.setHeader('Content-Security-Policy', policy)
  res.setHeader('X-Robots-Tag', 'noindex, nofollow')
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.status(page.status).end(render(page).html)
}

function render({ title, brand, body, lang, width }: Page): Html {
  return html`<!doctype html>
    <html lang="${lang ?? 'en'}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${brand}</title>
        <link rel="icon" href="${icon}" />
        ${styleElement}
      </head>
      <body>
        <div class="${width === undefined ? 'frame' : `frame ${width}`}">
          <header class="brand">
            <svg aria-hidden="true" viewBox="0 0 32 32" width="28" height="28">
              <rect width="32" height="32" rx="8" fill="currentColor" />
              <path class="gate" d="M9 26V15a7 7 0 0 1 14 0v11h-4V15a3 3 0 0 0-6 0v11z" /></svg
            ><span>${brand}</span>
          </header>
          <main>${body}</main>
        </div>
      </body>
    </html> `
}

export type Mark = 'ask' | 'done' | 'late' | 'wrong'

const markPaths: Readonly<Record<Mark, string>> = {
  ask: 'M3.5 6.5h17v11h-17zM4 7l8 6 8-6',
  done: 'M5 12.5l4.5 4.5L19 7.5',
  late: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 2',
  wrong: 'M7 7l10 10M17 7L7 17',
}

/** The sign above a page's heading. It says nothing that the words do not say. */
export function mark(kind: Mark): Html {
  return html`<div class="mark ${kind}" aria-hidden="true">
    <svg
      viewBox="0 0 24 24"
      width="30"
      height="30"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
    >
      <path d="${markPaths[kind]}" />
    </svg>
  </div>`
}

/** A page with a sign, a heading and one sentence. */
export function notice(options: {
  status: number
  brand: string
  kind: Mark
  title: string
  text: string
  after?: Html
  lang?: string
}): Page {
  const { status, brand, kind, title, text, after, lang } = options
  return {
    status,
    brand,
    title,
    ...(lang === undefined ? {} : { lang }),
    body: html`<section class="card">
      ${mark(kind)}
      <h1>${title}</h1>
      <p>${text}</p>
      ${after}
    </section>`,
  }
}

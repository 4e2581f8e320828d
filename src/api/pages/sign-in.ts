// Sign-in for the console and Bull Board: an admin's JWT or API key is exchanged for a session cookie.
import type { Response } from 'express'
import { errorRow, type AppError } from '../../errors.ts'
import { readForm } from '../body.ts'
import { endConsoleSession, issueConsoleSession } from '../console-caller.ts'
import { clearSession, setSession } from '../cookies.ts'
import type { ApiDeps } from '../deps.ts'
import { toAppError } from '../problem.ts'
import { queryText } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { html } from './html.ts'
import { notice, sendPage, type Page } from './layout.ts'

const defaultTarget = '/admin/queues'
const here = 'http://here.invalid'
const places = /^\/(?:admin|console|docs)(?:\/|$)/

/** `GET` and `POST /sign-in`, `POST /sign-out`. */
export function signInRoutes(deps: ApiDeps): Route[] {
  const shared: Pick<Route, 'access' | 'limit' | 'showError'> = {
    access: 'open',
    limit: 'general',
    showError: (res, error) => showError(deps, res, error),
  }
  return [
    {
      ...shared,
      method: 'get',
      path: '/sign-in',
      handle: ({ req, res }) => sendPage(res, signInPage(deps, { status: 200, next: safeTarget(queryText(req, 'next')) })),
    },
    { ...shared, method: 'post', path: '/sign-in', reads: 'form', handle: (call) => signIn(deps, call) },
    {
      ...shared,
      method: 'post',
      path: '/sign-out',
      reads: 'form',
      handle: async ({ req, res }) => {
        requireSameOrigin(req, deps.config.PUBLIC_URL)
        await readForm(req, res)
        await endConsoleSession(deps, req)
        clearSession(res, isSecure(deps))
        res.redirect(303, '/sign-in')
      },
    },
  ]
}

async function signIn(deps: ApiDeps, { req, res, requestId }: Call): Promise<void> {
  requireSameOrigin(req, deps.config.PUBLIC_URL)
  const form = await readForm(req, res)
  const next = safeTarget(form.get('next') ?? '')
  try {
    setSession(res, await issueConsoleSession(deps, (form.get('credential') ?? '').trim(), requestId), isSecure(deps))
  } catch (thrown) {
    const { code } = toAppError(thrown)
    if (code === 'unauthenticated') return sendPage(res, signInPage(deps, { status: 401, next, fault: 'This is no valid token or key.' }))
    if (code === 'forbidden')
      return sendPage(res, signInPage(deps, { status: 403, next, fault: 'This credential is valid, but not an admin’s.' }))
    throw thrown
  }
  res.redirect(303, next)
}

/** A place of this site that a signed-in person may want, or the board. What counts is the path as a browser will read it. */
export function safeTarget(next: string): string {
  if (!/^\/[!-~]*$/.test(next) || !URL.canParse(next, here)) return defaultTarget
  const url = new URL(next, here)
  return url.origin === here && places.test(url.pathname) ? url.pathname + url.search : defaultTarget
}

function isSecure({ config }: ApiDeps): boolean {
  return config.PUBLIC_URL.startsWith('https:')
}

function showError({ config }: ApiDeps, res: Response, error: AppError): void {
  const isForbidden = error.code === 'forbidden'
  const text = isForbidden ? 'This form was sent by another site.' : error.message
  const { status } = errorRow(error.code)
  sendPage(
    res,
    notice({
      status,
      brand: config.BRAND_NAME,
      kind: 'wrong',
      title: 'Sign-in did not work',
      text,
    }),
  )
}

function signInPage({ config }: ApiDeps, options: { status: number; next: string; fault?: string }): Page {
  const { status, next, fault } = options
  const isDevelopment = config.NODE_ENV !== 'production'
  const body = html`<section class="card">
    <h1>Sign in</h1>
    <p>For admins: the job queues.</p>
    <form method="post" action="/sign-in">
      <input type="hidden" name="next" value="${next}" />
      ${fault === undefined ? null : html`<span class="fault" id="fault" role="alert">${fault}</span>`}
      <label for="credential">Token or API key</label>
      <input
        id="credential"
        name="credential"
        type="password"
        autocomplete="off"
        spellcheck="false"
        required
        autofocus
        ${fault === undefined ? null : html`aria-invalid="true" aria-describedby="fault"`}
      />
      <button type="submit">Sign in</button>
    </form>
    ${isDevelopment ? html`<p class="fine">In development: <code>npm run token -- --sub me --roles admin</code></p>` : null}
  </section>`
  return { status, title: 'Sign in', brand: config.BRAND_NAME, body }
}

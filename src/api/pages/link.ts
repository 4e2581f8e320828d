// The page behind a link in a mail. Reading it changes nothing; only its form, sent by a person, approves.
import type { CheckVerificationResponse, Purpose } from '../../contracts/verification.ts'
import { confirmLink, confirmLinkCode, inspectLink, type LinkView } from '../../domain/verification/link.ts'
import { AppError, errorRow, type ErrorCode } from '../../errors.ts'
import { MINUTE_MS } from '../../lib/durations.ts'
import { readForm } from '../body.ts'
import type { ApiDeps } from '../deps.ts'
import { setProblemHeaders } from '../problem.ts'
import { contextOf } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { html, type Html } from './html.ts'
import { mark, notice, sendPage, type Mark, type Page } from './layout.ts'
import { createNonce, isNonce } from './nonce.ts'

type OpenView = Exclude<LinkView, { state: 'invalid' }>
type FormOptions = { status?: number; fault?: string }

const nonceLifetimeMs = 10 * MINUTE_MS
const maxTokenLength = 256

/** `GET` and `POST /v/{token}`. */
export function linkRoutes(deps: ApiDeps): Route[] {
  const shared: Pick<Route, 'path' | 'access' | 'limit' | 'showError'> = {
    path: '/v/{token}',
    access: 'open',
    limit: 'general',
    showError: (res, error) => {
      setProblemHeaders(res, error)
      sendPage(res, errorPage(deps, error))
    },
  }
  return [
    { ...shared, method: 'get', handle: (call) => show(deps, call) },
    { ...shared, method: 'post', reads: 'form', handle: (call) => approve(deps, call) },
  ]
}

async function show(deps: ApiDeps, call: Call): Promise<void> {
  const token = tokenOf(call)
  sendPage(call.res, viewPage(deps, token, await inspectLink(deps, call.caller, token)))
}

async function approve(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  requireSameOrigin(req, deps.config.PUBLIC_URL)
  const token = tokenOf(call)
  const form = await readForm(req, res)
  const view = await inspectLink(deps, call.caller, token)
  if (!isNonce(deps, token, nonceLifetimeMs, form.get('nonce') ?? '')) {
    const fault = view.state === 'open' ? 'This page had been open for too long. Please try again.' : undefined
    return sendPage(res, viewPage(deps, token, view, { status: 400, ...(fault === undefined ? {} : { fault }) }))
  }
  if (view.state === 'invalid') return sendPage(res, viewPage(deps, token, view))
  try {
    await confirm(deps, call, token, form.get('code'))
  } catch (error) {
    if (!(error instanceof AppError) || !staysOnForm.has(error.code)) throw error
    setProblemHeaders(res, error)
    return sendPage(res, codePage(deps, token, view, { status: errorRow(error.code).status, fault: codeFault(error) }))
  }
  if (view.redirectUrl !== undefined) return res.redirect(303, view.redirectUrl)
  sendPage(res, { ...confirmed, brand: deps.config.BRAND_NAME })
}

const confirmed = notice({
  status: 200,
  brand: '',
  kind: 'done',
  title: 'Confirmed',
  text: 'Thank you. You can close this page and go on where you started.',
})

/** A wrong code, or the wrong browser: the person may go on with the code. */
const staysOnForm: ReadonlySet<ErrorCode> = new Set(['incorrect_code', 'binding_mismatch'])

async function confirm(deps: ApiDeps, call: Call, token: string, code: string | null): Promise<CheckVerificationResponse> {
  return code === null
    ? confirmLink(deps, call.caller, token, contextOf(call))
    : confirmLinkCode(deps, call.caller, token, code, contextOf(call))
}

function codeFault({ code, details }: AppError): string {
  if (code === 'binding_mismatch') return 'This browser did not start the request. Enter the code from the same e‑mail instead.'
  const left = details.attemptsRemaining
  return `That code is not correct.${left === undefined ? '' : ` ${left} ${left === 1 ? 'try' : 'tries'} left.`}`
}

function viewPage(deps: ApiDeps, token: string, view: LinkView, options: FormOptions = {}): Page {
  if (view.state !== 'open') return errorPage(deps, new AppError(codeOfState[view.state]))
  const isElsewhere = view.linkMode === 'bound' && !view.isStarter
  return isElsewhere ? codePage(deps, token, view, options) : buttonPage(deps, token, view, options)
}

const codeOfState: Readonly<Record<Exclude<LinkView['state'], 'open'>, ErrorCode>> = {
  failed: 'verification_failed',
  used: 'token_used',
  expired: 'token_expired',
  canceled: 'verification_canceled',
  invalid: 'token_invalid',
}

function buttonPage(deps: ApiDeps, token: string, view: OpenView, options: FormOptions): Page {
  const { title, button } = words[view.purpose]
  const fields = html`<button type="submit">${button}</button>`
  return formPage(deps, token, view, {
    ...options,
    title,
    lead: html`<p>One tap and you are done. This is for ${recipient(view)}.</p>`,
    fields,
  })
}

function codePage(deps: ApiDeps, token: string, view: OpenView, options: FormOptions): Page {
  const lead = html`<p>
    This link was asked for in another browser. To go on here, enter the code from the same e‑mail to ${recipient(view)}.
  </p>`
  const fields = html`<label for="code">Code from the e‑mail</label>
    <input
      class="digits"
      id="code"
      name="code"
      type="text"
      inputmode="numeric"
      autocomplete="one-time-code"
      maxlength="20"
      required
      autofocus
      ${options.fault === undefined ? null : html`aria-invalid="true" aria-describedby="fault"`}
    />
    <button type="submit">Confirm</button>`
  return formPage(deps, token, view, { ...options, title: 'Enter your code', lead, fields })
}

function formPage(deps: ApiDeps, token: string, view: OpenView, parts: FormOptions & { title: string; lead: Html; fields: Html }): Page {
  const body = html`<section class="card">
    ${mark('ask')}
    <h1>${parts.title}</h1>
    ${parts.lead}
    <form method="post" autocomplete="off">
      <input type="hidden" name="nonce" value="${createNonce(deps, token, nonceLifetimeMs)}" />
      ${parts.fault === undefined ? null : html`<span class="fault" id="fault" role="alert">${parts.fault}</span>`}${parts.fields}
    </form>
    <p class="fine">You did not ask for this? Close this page. Nothing happens unless you confirm.</p>
  </section>`
  const targets = view.redirectUrl === undefined ? [] : [new URL(view.redirectUrl).origin]
  return { status: parts.status ?? 200, title: parts.title, brand: deps.config.BRAND_NAME, body, formTargets: targets }
}

function recipient(view: OpenView): Html {
  return html`<b>${view.maskedTo}</b>`
}

const words: Readonly<Record<Purpose, { title: string; button: string }>> = {
  email_verification: { title: 'Confirm your e‑mail address', button: 'Confirm address' },
  phone_verification: { title: 'Confirm your request', button: 'Confirm' },
  identity_verification: { title: 'Confirm that it is you', button: 'Yes, it is me' },
  password_reset: { title: 'Reset your password', button: 'Go on with the reset' },
  two_factor: { title: 'Confirm your sign-in', button: 'Sign me in' },
  registration: { title: 'Finish your registration', button: 'Finish registration' },
}

const explanations: Readonly<Partial<Record<ErrorCode, { kind: Mark; title: string; text: string }>>> = {
  token_used: { kind: 'done', title: 'Already confirmed', text: 'This link was used before. There is nothing left to do here.' },
  already_approved: { kind: 'done', title: 'Already confirmed', text: 'This was confirmed before. There is nothing left to do here.' },
  token_expired: { kind: 'late', title: 'This link has expired', text: 'Go back to where you started and ask for a new one.' },
  verification_expired: { kind: 'late', title: 'This link has expired', text: 'Go back to where you started and ask for a new one.' },
  verification_canceled: {
    kind: 'wrong',
    title: 'This request was canceled',
    text: 'If you still need it, go back to where you started and ask again.',
  },
  verification_failed: { kind: 'wrong', title: 'This link no longer works', text: 'Go back to where you started and ask for a new one.' },
  token_invalid: {
    kind: 'wrong',
    title: 'This link is not valid',
    text: 'It may have been cut off. Open it again from the e‑mail, or ask for a new one.',
  },
  max_attempts_reached: {
    kind: 'wrong',
    title: 'Too many wrong codes',
    text: 'For safety this request is closed. Go back to where you started and ask for a new one.',
  },
  rate_limited: { kind: 'late', title: 'Too many requests', text: 'Please wait a minute and open the link again.' },
  service_degraded: {
    kind: 'late',
    title: 'Just a moment',
    text: 'A part of the service is away. Please try again shortly; your link stays valid.',
  },
  forbidden: { kind: 'wrong', title: 'Not from here', text: 'This form was sent by another site. Open the link from the e‑mail instead.' },
}

function errorPage({ config }: ApiDeps, error: AppError): Page {
  const row = errorRow(error.code)
  const known = explanations[error.code] ?? { kind: 'wrong', title: 'This did not work', text: row.title }
  return notice({ status: row.status, brand: config.BRAND_NAME, ...known })
}

function tokenOf({ req }: Call): string {
  const { token } = req.params
  if (typeof token !== 'string' || token.length > maxTokenLength) throw new AppError('token_invalid')
  return token
}

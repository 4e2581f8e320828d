// The pages of a signer behind the link in a mail: identify, read, agree, sign or decline. Reading them changes nothing, whoever reads and however often;
// what a signer does is done by forms (signer-forms.ts).
import type { Request } from 'express'
import { pipeline } from 'node:stream/promises'
import { inspectSigner, type SignerView } from '../../domain/envelopes/inspect.ts'
import { signerDocument, signerPageImage } from '../../domain/envelopes/signer-files.ts'
import { AppError } from '../../errors.ts'
import { attachment } from '../attachment.ts'
import type { ApiDeps } from '../deps.ts'
import { setProblemHeaders } from '../problem.ts'
import { queryText } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { sendPage, type Page } from './layout.ts'
import { closedPage, faultPage, invalidPage } from './signer-closed.ts'
import { readSignerCookie } from './signer-cookie.ts'
import { submitSignerForm } from './signer-forms.ts'
import { addressOf, signerForms, type Fault, type Visit } from './signer-frame.ts'
import { reviewPage } from './signer-review.ts'
import { codePage, consentPage, declinePage, identifyPage, signPage, type OpenView } from './signer-steps.ts'

const maxTokenLength = 256
const pageNumber = /^[1-9]\d{0,3}$/

/** `GET /s/{token}`, its forms, and what the review shows: pages and file. */
export function signerRoutes(deps: ApiDeps): Route[] {
  const base = '/s/{token}'
  const shared: Pick<Route, 'access' | 'limit' | 'showError'> = {
    access: 'open',
    limit: 'general',
    showError: (res, error) => {
      setProblemHeaders(res, error)
      sendPage(res, faultPage(deps.signerTexts.wordsFor(languagesOf(res.req)), deps.config.BRAND_NAME, error))
    },
  }
  return [
    { ...shared, method: 'get', path: base, handle: (call) => show(deps, call) },
    ...signerForms.flatMap((form): Route[] => [
      { ...shared, method: 'post', path: `${base}/${form}`, reads: 'form', handle: (call) => submit(deps, call, form) },
      // Somebody who loads a refused form's address again.
      { ...shared, method: 'get', path: `${base}/${form}`, handle: (call) => call.res.redirect(303, addressOf(tokenOf(call))) },
    ]),
    { ...shared, method: 'get', path: `${base}/pages/{page}`, handle: (call) => sendImage(deps, call) },
    { ...shared, method: 'get', path: `${base}/document`, handle: (call) => sendDocument(deps, call) },
  ]
}

async function show(deps: ApiDeps, call: Call): Promise<void> {
  const token = tokenOf(call)
  const cookie = readSignerCookie(deps, call.req, token)
  const view = await inspectSigner(deps, call.caller, token, cookie)
  sendPage(call.res, viewPage(visitOf(deps, call.req, token, cookie, view), view, { show: queryText(call.req, 'show') }))
}

/** Done: to the page that comes next, by a GET, so that nothing is sent twice. Refused: the page once more, with what was wrong. */
async function submit(deps: ApiDeps, call: Call, form: (typeof signerForms)[number]): Promise<void> {
  const token = tokenOf(call)
  const cookie = readSignerCookie(deps, call.req, token)
  const result = await submitSignerForm(deps, call, { token, cookie, form })
  if (result === 'done') return call.res.redirect(303, addressOf(token))
  const view = await inspectSigner(deps, call.caller, token, cookie)
  const visit = visitOf(deps, call.req, token, cookie, view)
  const fault = result(visit.words.say, view.state === 'open' ? view.signerName : '')
  sendPage(call.res, viewPage(visit, view, { fault, show: form === 'decline' ? 'decline' : '' }))
}

type Shown = { fault?: Fault; show: string }

function viewPage(visit: Visit, view: SignerView, shown: Shown): Page {
  switch (view.state) {
    case 'invalid':
      return invalidPage(visit.words, visit.deps.config.BRAND_NAME)
    case 'closed':
      return closedPage(visit, view, shown.fault)
    case 'open':
      return openPage(visit, view, shown)
  }
}

/** The step that is next; once the signer is known also, when asked for, the document again or the way to decline. */
function openPage(visit: Visit, view: OpenView, { fault, show }: Shown): Page {
  if (view.step === 'identify') return identifyPage(visit, view, fault)
  if (view.step === 'code') return codePage(visit, view, fault)
  if (show === 'decline') return declinePage(visit, view, fault)
  if (view.step === 'review' || show === 'review') return reviewPage(visit, view, fault)
  return view.step === 'consent' ? consentPage(visit, view, fault) : signPage(visit, view, fault)
}

/** In the language that the sender named for this signer; where none is known, in the browser's. */
function visitOf(deps: ApiDeps, req: Request, token: string, cookie: string | undefined, view: SignerView): Visit {
  const locales = view.state === 'invalid' ? languagesOf(req) : [view.locale]
  return { deps, token, cookie, words: deps.signerTexts.wordsFor(locales) }
}

function languagesOf(req: Request): string[] {
  return req.acceptsLanguages().filter((language) => language !== '*')
}

async function sendImage(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  const token = tokenOf(call)
  const page = typeof req.params.page === 'string' && pageNumber.test(req.params.page) ? Number(req.params.page) : 0
  const webp = await signerPageImage(deps, token, readSignerCookie(deps, req, token), page)
  res.setHeader('Content-Type', 'image/webp')
  res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
  res.end(webp)
}

/** As it was sent, or with its seal once it has one. */
async function sendDocument(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  const token = tokenOf(call)
  const { content, bytes, filename } = await signerDocument(deps, token, readSignerCookie(deps, req, token))
  res.setHeader('Content-Type', 'application/pdf')
  res.setHeader('Content-Disposition', attachment(filename))
  res.setHeader('Content-Length', String(bytes))
  if (req.method === 'HEAD') {
    content.destroy()
    res.end()
    return
  }
  // A reader that goes away is no fault of ours.
  await pipeline(content, res).catch((error: unknown) => {
    if (!res.destroyed) throw error
  })
}

function tokenOf({ req }: Call): string {
  const { token } = req.params
  if (typeof token !== 'string' || token.length > maxTokenLength) throw new AppError('token_invalid')
  return token
}

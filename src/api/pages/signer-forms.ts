// What the forms of a signer's pages do: each is one call of the domain. What is shown afterwards is signer.ts's.
import { inspectSigner } from '../../domain/envelopes/inspect.ts'
import { confirmSigner, identifySigner } from '../../domain/envelopes/identify.ts'
import { consentSigner, declineSigner, reviewSigner, signSigner } from '../../domain/envelopes/sign.ts'
import type { SignerWords } from '../../domain/signer-text-ports.ts'
import { AppError } from '../../errors.ts'
import { DAY_MS } from '../../lib/durations.ts'
import { readForm } from '../body.ts'
import type { ApiDeps } from '../deps.ts'
import { setProblemHeaders } from '../problem.ts'
import { contextOf } from '../request-context.ts'
import type { Call } from '../route.ts'
import { requireSameOrigin } from '../same-origin.ts'
import { setSignerCookie } from './signer-cookie.ts'
import { faultFor } from './signer-faults.ts'
import { isSignerNonce, type Fault, type SignerForm } from './signer-frame.ts'
import { consentText, intentText, type ActText } from './signer-texts.ts'

/** One form on its way: whose, and which. */
type Submission = { token: string; cookie: string | undefined; form: SignerForm }
/** What came with it, and the text that it answers to, as it is now. */
type Sent = Submission & { fields: URLSearchParams; answersTo: ActText | undefined }
type Shown = { locale: string; isPublicBody: boolean; isAlternativeOffered: boolean }

/**
 * Does what the form is for. `done`, or what to say above the form when it is shown again. Throws what is no answer to a form: another site sent it,
 * the link is none, a bug.
 */
export async function submitSignerForm(
  deps: ApiDeps,
  call: Call,
  submission: Submission,
): Promise<'done' | ((say: SignerWords['say'], name: string) => Fault)> {
  const { form, token, cookie } = submission
  requireSameOrigin(call.req, deps.config.PUBLIC_URL)
  const fields = await readForm(call.req, call.res)
  const answersTo = await textOf(deps, call, submission)
  const entered = form === 'decline' ? { entered: reasonIn(fields) } : {}
  if (!isSignerNonce({ deps, token, cookie, answersTo }, form, fields.get('nonce') ?? '')) {
    return (say) => ({ status: 400, text: say('fault.stale'), ...entered })
  }
  if (form === 'consent' && fields.get('agree') !== 'yes') return (say) => ({ status: 422, text: say('consent.missing'), field: 'agree' })
  try {
    await acts[form](deps, call, { ...submission, fields, answersTo })
    return 'done'
  } catch (error) {
    if (!(error instanceof AppError) || faultFor(() => '', form, error, '') === null) throw error
    setProblemHeaders(call.res, error)
    return (say, name) => ({ ...(faultFor(say, form, error, name) ?? { status: 500, text: say('fault.other') }), ...entered })
  }
}

type Act = (deps: ApiDeps, call: Call, sent: Sent) => Promise<void>

const acts: Readonly<Record<SignerForm, Act>> = {
  async identify(deps, call, { token }) {
    await identifySigner(deps, call.caller, token, contextOf(call))
  },
  async verify(deps, call, { token, fields }) {
    const { cookie } = await confirmSigner(deps, call.caller, token, fields.get('code') ?? '', contextOf(call))
    const view = await inspectSigner(deps, call.caller, token, cookie)
    setSignerCookie(deps, call.res, token, cookie, view.state === 'open' ? Date.parse(view.expiresAt) : deps.clock.nowMs() + DAY_MS)
  },
  async review(deps, call, { token, cookie, fields }) {
    await reviewSigner(deps, call.caller, token, cookie, { name: fields.get('name') ?? '' }, contextOf(call))
  },
  async consent(deps, call, { token, cookie, answersTo }) {
    const { version, sha256 } = shown(answersTo)
    await consentSigner(deps, call.caller, token, cookie, { textVersion: version, textSha256: sha256 }, contextOf(call))
  },
  async sign(deps, call, { token, cookie, fields, answersTo }) {
    const { version, sha256 } = shown(answersTo)
    const typedName = fields.get('typedName') ?? ''
    const signature = { typedName, intentVersion: version, intentSha256: sha256, method: 'typed' } as const
    await signSigner(deps, call.caller, token, cookie, signature, contextOf(call))
  },
  async decline(deps, call, { token, cookie, fields }) {
    await declineSigner(deps, call.caller, token, cookie, { reason: reasonIn(fields) }, contextOf(call))
  },
}

/** A browser counts a line break as one character, and sends two. */
function reasonIn(fields: URLSearchParams): string {
  return (fields.get('reason') ?? '').replaceAll('\r\n', '\n')
}

/** Computed once for the nonce and the act: what the act names is what stood above the form. */
async function textOf(deps: ApiDeps, call: Call, { token, cookie, form }: Submission): Promise<ActText | undefined> {
  if (form !== 'consent' && form !== 'sign') return undefined
  const view = await openView(deps, call, token, cookie)
  const words = deps.signerTexts.wordsFor([view.locale])
  return form === 'consent' ? consentText(words, view) : intentText(words)
}

function shown(text: ActText | undefined): ActText {
  if (text === undefined) throw new TypeError('this form answers to no text')
  return text
}

/** The page from which a form came, for the words that stood on it. Signing twice is once: what is closed by now is the domain's to say. */
async function openView(deps: ApiDeps, call: Call, token: string, cookie: string | undefined): Promise<Shown> {
  const view = await inspectSigner(deps, call.caller, token, cookie)
  if (view.state === 'invalid') throw new AppError('token_invalid')
  return view.state === 'open' ? view : { locale: view.locale, isPublicBody: false, isAlternativeOffered: false }
}

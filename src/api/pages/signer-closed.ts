// What a signer sees when there is nothing to do: it is over, or others come first, or the link is none.
import type { SignerView } from '../../domain/envelopes/inspect.ts'
import type { SignerWord, SignerWords } from '../../domain/signer-text-ports.ts'
import { errorRow, type AppError, type ErrorCode } from '../../errors.ts'
import { html, type Html } from './html.ts'
import { notice, type Mark, type Page } from './layout.ts'
import { addressOf, signerForm, type Fault, type Visit } from './signer-frame.ts'
import { codeForms } from './signer-steps.ts'

type ClosedView = Extract<SignerView, { state: 'closed' }>
type Closing = { kind: Mark; status: number }

const closings: Readonly<Record<ClosedView['why'], Closing>> = {
  completed: { kind: 'done', status: 200 },
  signed: { kind: 'done', status: 200 },
  sealing: { kind: 'done', status: 200 },
  seal_failed: { kind: 'done', status: 200 },
  waiting: { kind: 'late', status: 200 },
  declined: { kind: 'wrong', status: 410 },
  expired: { kind: 'late', status: 410 },
  canceled: { kind: 'wrong', status: 410 },
}

/** One sentence for each way in which it is closed; who has shown to be a signer that signed can take the document along. */
export function closedPage(visit: Visit, view: ClosedView, fault?: Fault): Page {
  const { kind, status } = closings[view.why]
  const after = html`${view.title === undefined ? null : html`<p><b>${view.title}</b></p>`} ${takeAlong(visit, view, fault)}`
  const { words, deps } = visit
  const shown = { status: fault?.status ?? status, kind, title: `${view.why}.title`, text: `${view.why}.text`, after } as const
  return wordPage(words, deps.config.BRAND_NAME, shown)
}

/** The download, or the way to it for a browser that is not known yet. */
function takeAlong(visit: Visit, { why, mayDownload, identify, sealedSha256 }: ClosedView, fault: Fault | undefined): Html | null {
  const { say } = visit.words
  if (mayDownload) {
    const label = say(why === 'completed' ? 'completed.button' : 'review.download')
    return html`<a class="${why === 'completed' ? 'button' : 'button quiet'}" href="${addressOf(visit.token, 'document')}" download
        >${label}</a
      >
      ${sealedSha256 === null ? null : html`<p class="fine">${say('completed.hash')}<br /><code>${sealedSha256}</code></p>`}`
  }
  if (identify === null) return null
  const button = html`<button class="${why === 'completed' ? '' : 'quiet'}" type="submit">${say('identify.button')}</button>`
  const forms = identify.step === 'code' ? codeForms(visit, identify, fault) : signerForm(visit, 'identify', button, fault)
  return html`<p>${say('completed.code', { to: identify.maskedTo })}</p>
    ${forms}`
}

export function invalidPage(words: SignerWords, brand: string): Page {
  return wordPage(words, brand, { status: 400, kind: 'wrong', title: 'invalid.title', text: 'invalid.text' })
}

/** A page for what went wrong outside a form. */
export function faultPage(words: SignerWords, brand: string, error: AppError): Page {
  const { status } = errorRow(error.code)
  const known = faultPages[error.code]
  return wordPage(words, brand, { status, kind: 'wrong', ...(known ?? { title: 'fault.title', text: 'fault.other' }) })
}

const away = { kind: 'late', title: 'unavailable.title', text: 'unavailable.text' } as const
const invalid = { title: 'invalid.title', text: 'invalid.text' } as const
const faultPages: Readonly<Partial<Record<ErrorCode, { kind?: Mark; title: SignerWord; text: SignerWord }>>> = {
  service_degraded: away,
  not_replicated: away,
  token_invalid: invalid,
  token_expired: { kind: 'late', title: 'expired.title', text: 'expired.text' },
  not_found: invalid,
  envelope_not_found: invalid,
  forbidden: { title: 'forbidden.title', text: 'forbidden.text' },
  rate_limited: { kind: 'late', title: 'fault.title', text: 'unavailable.text' },
}

type Words = { status: number; kind: Mark; title: SignerWord; text: SignerWord; after?: Html }

function wordPage(words: SignerWords, brand: string, { status, kind, title, text, after }: Words): Page {
  return notice({ status, brand, kind, title: words.say(title), text: words.say(text), lang: words.locale, ...(after ? { after } : {}) })
}

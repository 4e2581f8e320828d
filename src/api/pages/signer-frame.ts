// What every page of a signer shares: whose visit it is, its frame with the four steps, and its forms.
import type { SignerWord, SignerWords } from '../../domain/signer-text-ports.ts'
import { HOUR_MS } from '../../lib/durations.ts'
import type { ApiDeps } from '../deps.ts'
import { html, type Html } from './html.ts'
import type { Page } from './layout.ts'
import { createNonce, isNonce } from './nonce.ts'
import type { ActText } from './signer-texts.ts'

/** A browser at one signer's address, and the words of its language. */
export type Visit = { deps: ApiDeps; token: string; cookie: string | undefined; words: SignerWords }

/** What a form of the pages does: the last part of its address. */
export const signerForms = ['identify', 'verify', 'review', 'consent', 'sign', 'decline'] as const
export type SignerForm = (typeof signerForms)[number]

/** Why a form is shown again. `field` is the one that is wrong, where it is one; `entered` is put back into it. */
export type Fault = { text: string; status: number; field?: string; entered?: string }

/** Whose form it is, and the text that its act answers to, where it answers to one. */
type FormOf = Pick<Visit, 'deps' | 'token' | 'cookie'> & { answersTo?: ActText | undefined }

export const shownSteps = ['identify', 'review', 'consent', 'sign'] as const
export type ShownStep = (typeof shownSteps)[number]

/** Reading takes its time. */
const nonceLifetimeMs = 6 * HOUR_MS

/** The address of a signer's page, or of one of its parts. */
export function addressOf(token: string, part?: string): string {
  return `/s/${encodeURIComponent(token)}${part === undefined ? '' : `/${part}`}`
}

/** A page in the signer's language. With a `step` it shows how far that is. */
export function signerPage(visit: Visit, parts: { title: string; body: Html; step?: ShownStep; fault?: Fault | undefined }): Page {
  const { title, body, step, fault } = parts
  return {
    status: fault?.status ?? 200,
    title,
    brand: visit.deps.config.BRAND_NAME,
    lang: visit.words.locale,
    body: html`${step === undefined ? null : stepList(visit.words, step)}${body}${disclaimer(visit)}`,
    hasImages: true,
    ...(step === undefined || step === 'identify' ? {} : { width: 'reading' as const }),
  }
}

function stepList({ say }: SignerWords, current: ShownStep): Html {
  const at = shownSteps.indexOf(current)
  const items = shownSteps.map((step, index) => {
    const state = index === at ? html`aria-current="step"` : index < at ? html`class="past"` : null
    return html`<li ${state}><i aria-hidden="true">${index < at ? '✓' : index + 1}</i><span>${say(`step.${step}`)}</span></li>`
  })
  return html`<nav aria-label="${say('step.where', { step: at + 1, steps: shownSteps.length })}">
    <ol class="steps">
      ${items}
    </ol>
  </nav>`
}

function disclaimer({ deps, words }: Visit): Html {
  return html`<p class="fine aside">${words.say('disclaimer', { brand: deps.config.BRAND_NAME })}</p>`
}

/** A form with its nonce and, above its fields, what was wrong the last time. */
export function signerForm(visit: FormOf, action: SignerForm, fields: Html, fault?: Fault): Html {
  return html`<form method="post" action="${addressOf(visit.token, action)}" autocomplete="off">
    <input type="hidden" name="nonce" value="${createNonce(visit.deps, nonceSubject(visit, action), nonceLifetimeMs)}" />
    ${faultLine(fault)}${fields}
  </form>`
}

/** Whether a form came from this browser's page and not long ago, and stood below the very text that its act is to name. */
export function isSignerNonce(visit: FormOf, action: SignerForm, given: string): boolean {
  return isNonce(visit.deps, nonceSubject(visit, action), nonceLifetimeMs, given)
}

/**
 * The cookie belongs to it: a page that somebody else fetched is of no use in this browser. So does the text: after a roll-out with other words nobody signs what
 * was not shown.
 */
function nonceSubject({ token, cookie = '', answersTo }: FormOf, action: SignerForm): string {
  const text = answersTo === undefined ? '' : `:${answersTo.version}:${answersTo.sha256}`
  return `signer ${action}:${token}:${cookie}${text}`
}

export function faultLine(fault: Fault | undefined): Html | null {
  return fault === undefined ? null : html`<span class="fault" id="fault" role="alert">${fault.text}</span>`
}

/** What tells a reader aloud that a field is the one that is wrong, and leads there. */
export function faultOf(field: string, fault: Fault | undefined): Html | null {
  return fault?.field === field ? html`aria-invalid="true" aria-describedby="fault" autofocus` : null
}

/** Text in paragraphs. */
export function paragraphs(text: string): Html[] {
  return text.split('\n').map((part) => html`<p>${part}</p>`)
}

/** Names and values, one under the other. Rows without a value are left out. */
export function facts(words: SignerWords, rows: readonly (readonly [SignerWord, Html | string | number | null])[]): Html {
  return html`<dl class="facts">
    ${rows.flatMap(([name, value]) =>
      value === null
        ? []
        : [
            html`<dt>${words.say(name)}</dt>
              <dd>${value}</dd>`,
          ],
    )}
  </dl>`
}

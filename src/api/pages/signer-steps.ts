// What a signer sees while the envelope is open: identify, code, consent, sign, decline. Reading the document is signer-review.ts's.
import type { Identification, SignerView } from '../../domain/envelopes/inspect.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { html, type Html } from './html.ts'
import { mark, type Page } from './layout.ts'
import { addressOf, facts, faultOf, paragraphs, signerForm, signerPage, type Fault, type Visit } from './signer-frame.ts'
import { consentText, intentText } from './signer-texts.ts'

export type OpenView = Extract<SignerView, { state: 'open' }>
type Waiting = Pick<Identification, 'resendAvailableAt'>

/** Who asks, where the code would go, and one button. Nothing of the document is said before the code. */
export function identifyPage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const title = view.senderName === null ? say('identify.title') : say('identify.title.sender', { sender: view.senderName })
  const body = html`<section class="card">
    ${mark('ask')}
    <h1>${title}</h1>
    <p>${destination(visit, view, 'identify')}</p>
    ${signerForm(visit, 'identify', html`<button type="submit">${say('identify.button')}</button>`, fault)}
    <p class="fine">${say('identify.fine')}</p>
  </section>`
  return signerPage(visit, { title: say('identify.title'), body, step: 'identify', fault })
}

export function codePage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const body = html`<section class="card">
    ${mark('ask')}
    <h1>${say('code.title')}</h1>
    <p>${destination(visit, view, 'code')}</p>
    ${codeForms(visit, view, fault)}
    <p class="fine">${say('code.fine', { brand: visit.deps.config.BRAND_NAME })}</p>
  </section>`
  return signerPage(visit, { title: say('code.title'), body, step: 'identify', fault })
}

/** One form for the code, one for another message. */
export function codeForms(visit: Visit, view: Waiting, fault: Fault | undefined): Html {
  const again = html`<button class="quiet" type="submit">${visit.words.say('code.resend')}</button>`
  return html`${signerForm(visit, 'verify', codeFields(visit, fault), fault)} ${signerForm(visit, 'identify', again)}
  ${waitLine(visit, view)}`
}

/** A label, a field for digits, a button. */
function codeFields({ words: { say } }: Visit, fault: Fault | undefined): Html {
  return html`<label for="code">${say('code.label')}</label>
    <input
      class="digits"
      id="code"
      name="code"
      type="text"
      inputmode="numeric"
      autocomplete="one-time-code"
      maxlength="20"
      required
      ${faultOf('code', fault) ?? html`autofocus`}
    />
    <button type="submit">${say('code.button')}</button>`
}

function waitLine({ deps, words }: Visit, { resendAvailableAt }: Waiting): Html | null {
  const waitMs = resendAvailableAt === undefined ? 0 : Date.parse(resendAvailableAt) - deps.clock.nowMs()
  return waitMs > 0 ? html`<p class="fine">${words.say('code.wait', { seconds: Math.ceil(waitMs / SECOND_MS) })}</p>` : null
}

function destination(
  { words }: Visit,
  { channel, maskedTo }: Pick<Identification, 'channel' | 'maskedTo'>,
  step: 'identify' | 'code',
): string {
  return words.say(channel === 'sms' ? `${step}.text.sms` : `${step}.text.email`, { to: maskedTo })
}

/** The text, and a box that nobody ticks but the signer. */
export function consentPage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const fields = html`<label class="tick" for="agree">
      <input id="agree" name="agree" type="checkbox" value="yes" required ${faultOf('agree', fault)} />
      <span>${say('consent.box')}</span>
    </label>
    <button type="submit">${say('consent.button')}</button>`
  const answersTo = consentText(visit.words, view)
  const { text, version } = answersTo
  const shown = text.slice(0, text.lastIndexOf('\n'))
  const body = html`<section class="card">
      <h1>${say('consent.title')}</h1>
      <div class="terms" data-version="${version}">${paragraphs(shown)}</div>
      ${signerForm({ ...visit, answersTo }, 'consent', fields, fault)}
    </section>
    ${otherWays(visit)}`
  return signerPage(visit, { title: say('consent.title'), body, step: 'consent', fault })
}

/** What is signed, what signing means, and an empty field for the name. */
export function signPage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const fields = html`<label for="typedName">${say('sign.label')}</label>
    <span class="hint" id="hint">${say('sign.hint', { name: view.signerName })}</span>
    <input
      id="typedName"
      name="typedName"
      type="text"
      autocomplete="off"
      spellcheck="false"
      maxlength="200"
      required
      ${faultOf('typedName', fault) ?? html`aria-describedby="hint"`}
    />
    <button type="submit">${say('sign.button')}</button>`
  const answersTo = intentText(visit.words)
  const body = html`<section class="card">
      <h1>${say('sign.title')}</h1>
      ${facts(visit.words, [
        ['sign.document', view.title],
        ['review.pages', view.pages],
        ['sign.hash', html`<code>${inShort(view.documentSha256)}</code>`],
        ['sign.name', view.signerName],
      ])}
    </section>
    <section class="card">
      <div class="terms" data-version="${answersTo.version}">${paragraphs(answersTo.text)}</div>
      ${signerForm({ ...visit, answersTo }, 'sign', fields, fault)}
    </section>
    ${otherWays(visit)}`
  return signerPage(visit, { title: say('sign.title'), body, step: 'sign', fault })
}

/** Enough to compare by eye; the whole of it is in the certificate. */
function inShort(sha256: string): string {
  return `${sha256.slice(0, 8)} ${sha256.slice(8, 16)} … ${sha256.slice(-8)}`
}

function otherWays({ token, words: { say } }: Visit): Html {
  return html`<p class="links">
    <a href="${addressOf(token)}?show=review">${say('sign.review')}</a>
    <a href="${addressOf(token)}?show=decline">${say('decline.link')}</a>
  </p>`
}

/** Says what declining does; it is done by the second press. */
export function declinePage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const fields = html`<label for="reason">${say('decline.label')}</label>
    <textarea id="reason" name="reason" maxlength="500" ${faultOf('reason', fault)}>${fault?.entered}</textarea>
    <button class="grave" type="submit">${say('decline.button')}</button>`
  const body = html`<section class="card">
      <h1>${say('decline.title')}</h1>
      ${facts(visit.words, [['sign.document', view.title]])}
      <p>${say('decline.text')}</p>
      ${signerForm(visit, 'decline', fields, fault)}
    </section>
    <p class="links"><a href="${addressOf(visit.token)}">${say('decline.back')}</a></p>`
  return signerPage(visit, { title: say('decline.title'), body, step: stepOf(view), fault })
}

function stepOf({ step }: OpenView): 'review' | 'consent' | 'sign' {
  return step === 'consent' || step === 'sign' ? step : 'review'
}

// Reading and correcting before anything is agreed to: every page, who else signs, the sender's words, and the signer's own name.
import { maxPageImages } from '../../domain/envelopes/pages.ts'
import { html, type Html } from './html.ts'
import type { Page } from './layout.ts'
import { addressOf, facts, faultLine, faultOf, paragraphs, signerForm, signerPage, type Fault, type Visit } from './signer-frame.ts'
import type { OpenView } from './signer-steps.ts'

/** The whole document with all that is known of it. Its form stands behind the last page. */
export function reviewPage(visit: Visit, view: OpenView, fault?: Fault): Page {
  const { say } = visit.words
  const body = html`<section class="card">
      <h1>${say('review.title')}</h1>
      ${faultLine(fault?.field === undefined ? fault : undefined)} ${view.step === 'review' ? null : readBefore(visit)}
      ${aboutIt(visit, view)}
    </section>
    ${sheets(visit, view)} ${ownName(visit, view, fault)}
    <section class="card">
      <h2>${say('review.wrong.title')}</h2>
      <p>${say('review.wrong.text')}</p>
      <p><a href="${addressOf(visit.token)}?show=decline">${say('review.wrong.link')}</a></p>
    </section>`
  return signerPage(visit, { title: say('review.title'), body, step: 'review', fault })
}

/** Who comes back from a later step finds the way there again. */
function readBefore({ token, words: { say } }: Visit): Html {
  return html`<p>${say('review.again')} <a href="${addressOf(token)}">${say('review.back')}</a></p>`
}

function aboutIt({ words }: Visit, view: OpenView): Html {
  const { say } = words
  return html`${facts(words, [
      ['sign.document', html`<b>${view.title}</b>`],
      ['review.from', view.senderName],
      ['review.pages', view.pages],
      ['review.until', untilText(words.locale, view.expiresAt)],
    ])}
    ${
      view.message
        ? html`<h2 class="gap">${say('review.message')}</h2>
            <blockquote>${view.message}</blockquote>`
        : null
    }
    <h2 class="gap">${say('review.signers')}</h2>
    <ul class="people">
      ${view.signers.map(
        ({ name, status, isYou }) =>
          html`<li>
            <b>${name}${isYou ? ` (${say('signer.you')})` : ''}</b>
            <span>${say(status === 'signed' ? 'signer.signed' : status === 'declined' ? 'signer.declined' : 'signer.open')}</span>
          </li>`,
      )}
    </ul>`
}

function untilText(locale: string, expiresAt: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return `${format.format(new Date(expiresAt))} UTC`
}

/** Pictures of this origin, loaded as they come into sight. */
function sheets({ token, words: { say } }: Visit, { pages }: OpenView): Html {
  const shown = Math.min(pages, maxPageImages)
  const items = Array.from({ length: shown }, (_, index) => {
    const alt = say('review.page', { page: index + 1, pages })
    const address = addressOf(token, `pages/${index + 1}`)
    return html`<li>
      <a href="${address}" target="_blank" rel="noopener"><img src="${address}" alt="${alt}" loading="lazy" decoding="async" /></a>
      <p aria-hidden="true">${alt}</p>
    </li>`
  })
  return html`<section class="card">
    <h2>${say('review.document')}</h2>
    <ol class="sheets">
      ${items}
    </ol>
    ${shown < pages ? paragraphs(say('review.long', { count: shown, pages })) : null}
    <a class="button quiet" href="${addressOf(token, 'document')}" download>${say('review.download')}</a>
  </section>`
}

/** The name can be corrected here; the button says that everything was read. */
function ownName(visit: Visit, view: OpenView, fault: Fault | undefined): Html {
  const { say } = visit.words
  const fields = html`<label for="name">${say('review.name.label')}</label>
    <span class="hint" id="hint">${say('review.name.hint')}</span>
    <input
      id="name"
      name="name"
      type="text"
      autocomplete="name"
      spellcheck="false"
      maxlength="200"
      required
      value="${view.signerName}"
      ${faultOf('name', fault) ?? html`aria-describedby="hint"`}
    />
    <button type="submit">${say('review.button')}</button>`
  return html`<section class="card">
    <h2>${say('review.name.title')}</h2>
    ${signerForm(visit, 'review', fields, fault?.field === 'name' ? fault : undefined)}
  </section>`
}

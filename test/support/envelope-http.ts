// Envelopes over HTTP, as a sender and as signers go through them: links and codes from the outbox, the forms of the signer's pages without a browser.
import { processPdf } from './documents.ts'
import { until } from './infra.ts'
import { textPdf } from './pdf-files.ts'
import { codeIn, type Answer, type System } from './system.ts'

type Credential = Record<string, string>

/** Uploads, processes and sends a document; the envelope as it was answered. `documentId` in `request` replaces the new one. */
export async function sendEnvelope(
  system: System,
  who: Credential,
  request: Record<string, unknown>,
): Promise<Record<string, unknown> & { id: string }> {
  const documentId =
    request['documentId'] ?? (await processPdf(system, who, textPdf([`An agreement, made ${new Date().toISOString()}`])))['id']
  const body = { documentId, requiredClass: 'party_agreed', order: 'parallel', ...request }
  const made = await system.call('POST', '/v1/envelopes', body, who)
  if (made.status !== 202) throw new Error(`the envelope was refused: ${made.status} ${made.text}`)
  return made.body as Record<string, unknown> & { id: string }
}

/** The envelope once it has this status (or one of these). */
export async function envelopeThatIs(
  system: System,
  who: Credential,
  id: string,
  statuses: readonly string[],
  timeoutMs = 40_000,
): Promise<Record<string, unknown>> {
  return until(
    async () => {
      const { body } = await system.call('GET', `/v1/envelopes/${id}`, undefined, who)
      return statuses.includes(String(body['status'])) ? body : null
    },
    { timeoutMs },
  )
}

/** The path of the signer's link in the newest mail to this address that has one. */
export async function signerLink(system: System, email: string): Promise<string> {
  return until(
    () => {
      for (const { text } of system.standins.outbox.list(email)) {
        const path = /\/s\/[A-Za-z0-9_-]+/.exec(text)?.[0]
        if (path !== undefined) return path
      }
      return null
    },
    { timeoutMs: 20_000 },
  )
}

/** A browser without scripts: keeps the cookies of the pages and fills in their forms. */
export type SignerBrowser = {
  open(path?: string): Promise<Answer>
  /** Loads the page, fills in the form of this name, sends it; the page to which that leads, or the refusal. */
  submit(form: string, fields?: Record<string, string>, show?: string): Promise<Answer>
  /** Asks for a code and takes it from the outbox. */
  identify(email: string): Promise<Answer>
  /** All of it, from the link to the signature. */
  sign(email: string, name: string): Promise<Answer>
  cookies: Map<string, string>
}

export function openSignerBrowser(system: System, link: string): SignerBrowser {
  const cookies = new Map<string, string>()
  const call = async (method: string, path: string, body?: string): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const form = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const answer = await system.call(method, path, body, { ...(cookie === '' ? {} : { cookie }), ...form })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    return answer
  }
  const browser: SignerBrowser = {
    cookies,
    open: (path = link) => call('GET', path),
    submit: async (form, fields = {}, show) => {
      const page = await call('GET', show === undefined ? link : `${link}?show=${show}`)
      const [, nonce] = new RegExp(`action="${link}/${form}"[^]*?name="nonce" value="([^"]*)"`).exec(page.text) ?? []
      if (nonce === undefined) throw new Error(`the page has no form "${form}": ${page.status} ${page.text.slice(0, 3_000)}`)
      const answer = await call('POST', `${link}/${form}`, new URLSearchParams({ nonce, ...fields }).toString())
      return answer.status === 303 ? call('GET', answer.headers.get('location') ?? link) : answer
    },
    identify: async (email) => {
      const before = system.standins.outbox.list(email).length
      await browser.submit('identify')
      const mail = await until(() => {
        const all = system.standins.outbox.list(email)
        return all.length > before ? all[0] : null
      })
      return browser.submit('verify', { code: codeIn(mail.text) })
    },
    sign: async (email, name) => {
      await browser.identify(email)
      await browser.submit('review', { name })
      await browser.submit('consent', { agree: 'yes' })
      return browser.submit('sign', { typedName: name })
    },
  }
  return browser
}

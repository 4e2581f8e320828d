// The pages of a signer over HTTP, with the real domain, stores and blobs behind them: a browser is played by a jar of cookies and the forms it finds.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { consentText, intentText } from '../../src/api/pages/signer-texts.ts'
import type { SignerWords } from '../../src/domain/signer-text-ports.ts'
import { AppError } from '../../src/errors.ts'
import { createTestEnvelopes, twoSigners, type TestEnvelopes, type TestSigner } from '../support/envelopes.ts'
import { startApi, type Harness } from './harness.ts'

let t: TestEnvelopes
let api: Harness
beforeAll(async () => {
  t = await createTestEnvelopes({ policy: { networkFactor: 1_000, requestsPerMinute: 0 } })
  api = await startApi({}, t.deps)
})
afterAll(() => api.close())

/** A browser without scripts at a signer's address. */
class Browser {
  readonly path: string
  readonly jar = new Map<string, string>()
  status = 0
  text = ''
  headers = new Headers()

  constructor(token: string) {
    this.path = `/s/${token}`
  }

  async get(path = this.path, more: Record<string, string> = {}): Promise<this> {
    return this.#take(await api.fetch(path, { headers: { ...this.cookies, ...more } }))
  }

  /** Sends the form of this action as the page has it, with these fields, and follows where it leads. */
  async submit(form: string, fields: Record<string, string> = {}, more: Record<string, string> = {}): Promise<this> {
    await this.post(form, { nonce: this.nonceOf(form), ...fields }, more)
    return this.status === 303 ? this.get(this.headers.get('location') ?? '') : this
  }

  async post(form: string, fields: Record<string, string>, more: Record<string, string> = {}, to = api): Promise<this> {
    const headers = { ...this.cookies, 'sec-fetch-site': 'same-origin', ...more }
    return this.#take(await to.fetch(`${this.path}/${form}`, { method: 'POST', headers, body: new URLSearchParams(fields) }))
  }

  nonceOf(form: string): string {
    const at = this.text.indexOf(`action="${this.path}/${form}"`)
    return at < 0 ? '' : (/name="nonce" value="([^"]+)"/.exec(this.text.slice(at))?.[1] ?? '')
  }

  /** Another tab of the same browser. */
  tab(): Browser {
    const tab = new Browser(this.path.slice('/s/'.length))
    for (const [name, value] of this.jar) tab.jar.set(name, value)
    return tab
  }

  get cookies(): Record<string, string> {
    return this.jar.size === 0 ? {} : { cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ') }
  }

  get heading(): string {
    return /<h1>([^<]*)<\/h1>/.exec(this.text)?.[1] ?? ''
  }

  async #take(answer: Response): Promise<this> {
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.jar.set(name, value)
    }
    Object.assign(this, { status: answer.status, headers: answer.headers, text: await answer.text() })
    return this
  }
}

type Visit = { id: string; signer: TestSigner; browser: Browser }

async function visit(request: Record<string, unknown> = {}, number = 1): Promise<Visit> {
  const { id } = await t.ready(request)
  const signer = t.signer(id, number)
  return { id, signer, browser: await new Browser(signer.token).get() }
}

/** As a verified signer, at the review. */
async function verified(request: Record<string, unknown> = {}): Promise<Visit> {
  const made = await visit(request)
  await made.browser.submit('identify')
  await made.browser.submit('verify', { code: await made.signer.code() })
  return made
}

async function atSigning(request: Record<string, unknown> = {}): Promise<Visit> {
  const made = await verified(request)
  await made.browser.submit('review', { name: 'Ada Shikongo' })
  await made.browser.submit('consent', { agree: 'yes' })
  return made
}

const typesOf = async (id: string): Promise<string[]> => (await t.acts(id)).map(({ type }) => type.slice('envelope.'.length))
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The facts of an act that name these words. */
const asked = (words: SignerWords): Record<string, string> => {
  const { version, sha256: textSha256 } = consentText(words, { isPublicBody: false, isAlternativeOffered: false })
  return { textVersion: version, textSha256 }
}
const meant = (words: SignerWords): Record<string, string> => {
  const { version, sha256: intentSha256 } = intentText(words)
  return { intentVersion: version, intentSha256 }
}

describe('a signer’s link', () => {
  it('changes nothing and sends nothing when it is read, however often and by whichever method', async () => {
    const { id, browser } = await visit()
    const before = await t.read(id)
    for (let at = 0; at < 10; at++) {
      expect((await browser.get()).status).toBe(200)
      const head = await api.fetch(browser.path, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([200, ''])
      expect(head.headers.getSetCookie()).toEqual([])
    }
    expect(await t.read(id)).toEqual(before)
  })

  it('says nothing of the document, of the names or of whole addresses before the code', async () => {
    const { browser } = await visit({ message: 'A secret word' })
    expect(browser.heading).toContain('asked to sign a document')
    for (const word of ['Lease of House 7', 'Ada Shikongo', 'Ben Müller', 'A secret word', 'sender@example.com'])
      expect(browser.text).not.toContain(word)
    expect(browser.text).not.toMatch(/ada-\d+@/)
    for (const part of ['pages/1', 'document']) expect((await api.fetch(`${browser.path}/${part}`)).status).toBe(409)
  })

  it('runs no script, loads nothing from elsewhere, and is neither cached nor indexed', async () => {
    const { browser } = await verified()
    const policy = browser.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("img-src 'self' data:")
    expect(policy).not.toMatch(/script-src|unsafe-inline/)
    expect(browser.headers.get('cache-control')).toBe('no-store')
    expect(browser.headers.get('referrer-policy')).toBe('no-referrer')
    expect(browser.text).not.toMatch(/<script|\son\w+=|https?:\/\/(?!www\.w3\.org)/)
  })

  it('looks as it is meant to: its style sheet is the very one that its policy allows', async () => {
    const { browser } = await visit()
    const [, style = ''] = /<style>(.*?)<\/style>/s.exec(browser.text) ?? []
    const digest = createHash('sha256').update(style).digest('base64')
    expect(browser.headers.get('content-security-policy')).toContain(`style-src 'sha256-${digest}'`)
  })

  it('breaks long words wherever people’s names stand', async () => {
    const { browser } = await visit()
    for (const part of ['h1', '.fault', '.hint', '.brand', 'p']) {
      const [, rule = ''] = new RegExp(`(?:^|\\n)${part.replace('.', '\\.')}\\{([^}]*)\\}`).exec(browser.text) ?? []
      expect([part, rule]).toEqual([part, expect.stringContaining('overflow-wrap:anywhere')])
    }
  })

  it('that is none, or cut off, shows a page that says so, in the browser’s language', async () => {
    const { signer } = await visit()
    for (const token of ['nonsense', signer.token.slice(0, -1), 'x'.repeat(400)]) {
      const browser = await new Browser(token).get(undefined, { 'accept-language': 'de-CH, en;q=0.5' })
      expect([browser.status, browser.heading]).toEqual([400, 'Dieser Link ist nicht gültig'])
      expect(browser.text).toContain('<html lang="de">')
    }
  })

  it('speaks the signer’s language', async () => {
    const signers = twoSigners().map((signer) => ({ ...signer, locale: 'pt-BR' }))
    const { browser } = await visit({ signers })
    expect(browser.text).toContain('<html lang="pt">')
    expect(browser.heading).toBe('Pedem-lhe que assine um documento')
  })
})

describe('identifying', () => {
  it('sends a code by the press of a button, asks for it, and remembers the browser', async () => {
    const { browser, signer } = await visit()
    await browser.submit('identify')
    expect([browser.status, browser.heading]).toEqual([200, 'Enter your code'])
    await browser.post('verify', { nonce: browser.nonceOf('verify'), code: await signer.code() })
    expect([browser.status, browser.headers.get('location')]).toEqual([303, browser.path])
    const [cookie = ''] = browser.headers.getSetCookie()
    expect(cookie).toMatch(/^sallyport_signer_[\w-]{16}=[\w-]+; Max-Age=86\d{3}; Path=\/s\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/)
    expect(cookie).not.toContain(signer.token)
    expect((await browser.get()).heading).toBe('Please read before you sign')
  })

  it('with https sets a cookie that only https can set', async () => {
    const secure = await startApi({ PUBLIC_URL: 'https://sign.example.com' }, t.deps)
    try {
      const { signer, browser } = await visit()
      await browser.submit('identify')
      const answer = await fetch(`${secure.url}${browser.path}/verify`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ nonce: browser.nonceOf('verify'), code: await signer.code() }),
      })
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Secure-sallyport_signer_.*; HttpOnly; Secure; SameSite=Lax$/)
    } finally {
      await secure.close()
    }
  })

  it('counts wrong codes, says how many tries are left, and after the last one offers a new code', async () => {
    const { browser, signer, id } = await visit()
    await browser.submit('identify')
    const wrong = (await signer.code()) === '000000' ? '111111' : '000000'
    await browser.submit('verify', { code: wrong })
    expect(browser.status).toBe(422)
    expect(browser.text).toMatch(/role="alert">That code is not correct\. Tries left: 2\./)
    expect(browser.text).toMatch(/name="code"[^>]*aria-invalid="true"/s)
    expect(browser.text).not.toContain(wrong)
    await browser.submit('verify', { code: 'what?' })
    expect([browser.status, browser.heading]).toEqual([400, 'Enter your code'])
    await browser.submit('verify', { code: wrong })
    await browser.submit('verify', { code: wrong })
    await browser.submit('verify', { code: await signer.code() })
    expect(browser.heading).toContain('asked to sign')
    expect(await typesOf(id)).not.toContain('verified')
  })

  it('keeps two signers in one browser apart', async () => {
    const { id } = await t.ready()
    const [ada, ben] = [t.signer(id, 1), t.signer(id, 2)]
    const [first, second] = [new Browser(ada.token), new Browser(ben.token)]
    for (const [browser, signer] of [
      [first, ada],
      [second, ben],
    ] as const) {
      await (await browser.get()).submit('identify')
      await browser.submit('verify', { code: await signer.code() })
    }
    for (const [name, value] of second.jar) first.jar.set(name, value)
    expect(first.jar.size).toBe(2)
    expect((await first.get()).text).toContain('Ada Shikongo (you)')
    second.jar.clear()
    for (const [name, value] of first.jar) second.jar.set(name, value)
    expect((await second.get()).text).toContain('Ben Müller (you)')
    expect((await (await new Browser(ada.token).get()).get()).heading).toContain('asked to sign')
  })
})

describe('a form', () => {
  it('is taken neither without its nonce, nor with that of another form or browser, nor for another site', async () => {
    const { browser, id } = await verified()
    const nonce = browser.nonceOf('review')
    expect((await browser.post('review', { name: 'Ada Shikongo' })).status).toBe(400)
    expect(browser.text).toContain('open for too long')
    expect((await browser.post('consent', { agree: 'yes', nonce })).status).toBe(400)
    const other = await verified()
    expect((await other.browser.post('review', { name: 'Ada Shikongo', nonce })).status).toBe(400)
    await browser.post('review', { name: 'Ada Shikongo', nonce }, { 'sec-fetch-site': 'cross-site' })
    expect([browser.status, browser.heading]).toEqual([403, 'Not from here'])
    expect(await typesOf(id)).not.toContain('reviewed')
  })

  it('is not taken from a browser that has not shown to be the signer’s', async () => {
    const { id, browser, signer } = await verified()
    const stranger = await new Browser(signer.token).get()
    for (const form of ['review', 'consent', 'sign', 'decline']) {
      await stranger.post(form, { nonce: browser.nonceOf('review'), name: 'Mallory', agree: 'yes', typedName: 'Mallory' })
      expect(stranger.status).toBe(400)
    }
    expect(await typesOf(id)).toEqual(['sent', 'prepared', 'invited', 'invited', 'viewed', 'verified'])
  })

  it('loaded again by its own address leads back to the page', async () => {
    const { browser } = await visit()
    for (const form of ['identify', 'verify', 'review', 'consent', 'sign', 'decline']) {
      const answer = await api.fetch(`${browser.path}/${form}`)
      expect([answer.status, answer.headers.get('location')]).toEqual([303, browser.path])
    }
  })
})

describe('reviewing', () => {
  it('shows every page as a picture, the file, who signs, and the sender’s words as text', async () => {
    const { browser } = await verified({ message: '<b>Please</b> sign\nsoon' })
    expect(browser.text).toContain('Lease of House 7')
    expect(browser.text).toContain('&lt;b&gt;Please&lt;/b&gt; sign\nsoon')
    for (const page of [1, 2]) {
      expect(browser.text).toContain(`alt="Page ${page} of 2"`)
      const picture = await api.fetch(`${browser.path}/pages/${page}`, { headers: browser.cookies })
      expect([picture.status, picture.headers.get('content-type'), picture.headers.get('cache-control')]).toEqual([
        200,
        'image/webp',
        'no-store',
      ])
      expect(await picture.text()).toBe(`page ${page}`)
    }
    for (const page of ['0', '3', '1.5', '-1', 'x'])
      expect((await api.fetch(`${browser.path}/pages/${page}`, { headers: browser.cookies })).status).toBe(404)
  })

  it('gives the file as it was sent, by HEAD its headers only', async () => {
    const { browser, id } = await verified()
    const { documentSha256, documentBytes } = await t.read(id)
    const file = await api.fetch(`${browser.path}/document`, { headers: browser.cookies })
    expect([file.headers.get('content-type'), file.headers.get('content-length')]).toEqual(['application/pdf', String(documentBytes)])
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename="Lease of House 7\.pdf"/)
    expect(
      createHash('sha256')
        .update(Buffer.from(await file.arrayBuffer()))
        .digest('hex'),
    ).toBe(documentSha256)
    const head = await api.fetch(`${browser.path}/document`, { method: 'HEAD', headers: browser.cookies })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(documentBytes)])
  })

  it('lets the name be corrected, also later, and refuses one that is none', async () => {
    const { browser, id } = await verified()
    await browser.submit('review', { name: '   ' })
    expect(browser.status).toBe(400)
    expect(browser.text).toMatch(/role="alert">Please enter your name/)
    await browser.submit('review', { name: 'Ada N. Shikongo' })
    expect(browser.heading).toBe('Do you agree to sign electronically?')
    await browser.get(`${browser.path}?show=review`)
    expect(browser.text).toContain('value="Ada N. Shikongo"')
    await browser.submit('review', { name: 'Ada Ndapewa Shikongo' })
    expect((await typesOf(id)).filter((type) => type === 'corrected')).toHaveLength(2)
  })

  it.each([['\u200b'], ['\u3164'], ['Ada\u200b Shikongo'], ['\u200fAda Shikongo'], ['Ada Shikongo\u061c'], ['. ’ -']])(
    'refuses a name that is not seen, or not wholly: %j',
    async (name) => {
      const { browser, id } = await verified()
      await browser.submit('review', { name })
      expect([browser.status, browser.heading]).toEqual([400, 'Please read before you sign'])
      expect(browser.text).toMatch(/role="alert">Please enter your name/)
      expect(browser.text).toMatch(/name="name"[^>]*value="Ada Shikongo"[^>]*aria-invalid="true"/s)
      expect(await typesOf(id)).not.toContain('reviewed')
    },
  )
})

describe('agreeing and signing', () => {
  it('needs the box to be ticked by the signer, and records the very text that was shown', async () => {
    const { browser, id } = await verified()
    await browser.submit('review', { name: 'Ada Shikongo' })
    expect(browser.text).toMatch(/<input[^>]*type="checkbox"[^>]*>/)
    expect(browser.text).not.toMatch(/\bchecked\b/)
    await browser.submit('consent')
    expect(browser.status).toBe(422)
    expect(browser.text).toMatch(/role="alert">Please tick the box/)
    expect(await typesOf(id)).not.toContain('consented')
    await browser.submit('consent', { agree: 'yes' })
    const act = (await t.acts(id)).find(({ type }) => type === 'envelope.consented')
    const { say } = api.deps.signerTexts.wordsFor(['en'])
    expect(act?.facts).toEqual({ textVersion: 'en.1', textSha256: sha256(`${say('consent.text')}\n${say('consent.box')}`) })
  })

  it('of a public body says that there is another way', async () => {
    const { browser, id } = await verified({ declarations: { publicBody: true } })
    await browser.submit('review', { name: 'Ada Shikongo' })
    const { say } = api.deps.signerTexts.wordsFor(['en'])
    expect(browser.text).toContain(say('consent.public'))
    await browser.submit('consent', { agree: 'yes' })
    const act = (await t.acts(id)).find(({ type }) => type === 'envelope.consented')
    expect(act?.facts['textSha256']).toBe(sha256([say('consent.text'), say('consent.public'), say('consent.box')].join('\n')))
  })

  it('takes a name that is typed, not one that the page brought, and only the signer’s', async () => {
    const { browser, id } = await atSigning()
    expect(browser.heading).toBe('Sign the document')
    expect(/<input[^>]*name="typedName"[^>]*>/s.exec(browser.text)?.[0]).not.toContain('value=')
    expect(browser.text).toContain((await t.read(id)).documentSha256.slice(0, 8))
    await browser.submit('sign', { typedName: 'Ben Müller' })
    expect(browser.status).toBe(400)
    expect(browser.text).toMatch(/role="alert">This is not the name above/)
    expect(/<input[^>]*name="typedName"[^>]*>/s.exec(browser.text)?.[0]).not.toContain('value=')
    await browser.submit('sign', { typedName: ' ada  SHIKONGO' })
    expect([browser.status, browser.heading]).toEqual([200, 'Thank you, you have signed'])
    const act = (await t.acts(id)).find(({ type }) => type === 'envelope.signed')
    expect(act?.facts).toMatchObject({
      intentVersion: 'en.1',
      intentSha256: sha256(api.deps.signerTexts.wordsFor(['en']).say('intent.text')),
      method: 'typed',
    })
  })

  it.each([
    ['consent', 'consent.text', verified, { agree: 'yes' }],
    ['consent', 'consent.version', verified, { agree: 'yes' }],
    ['sign', 'intent.text', atSigning, { typedName: 'Ada Shikongo' }],
    ['sign', 'intent.version', atSigning, { typedName: 'Ada Shikongo' }],
  ] as const)('never names words that were not shown: a form for %s from before a change of %s is shown anew', async (...of) => {
    const [form, changed, reach, fields] = of
    const wordsFor = (locales: readonly string[]): SignerWords => {
      const words = api.deps.signerTexts.wordsFor(locales)
      return { ...words, say: (word, values) => (word === changed ? '2' : words.say(word, values)) }
    }
    const rolledOut = await startApi({}, { ...t.deps, keyring: api.deps.keyring, signerTexts: { wordsFor } })
    try {
      const { browser, id } = await reach()
      if (form === 'consent') await browser.submit('review', { name: 'Ada Shikongo' })
      const before = await typesOf(id)
      await browser.post(form, { nonce: browser.nonceOf(form), ...fields }, {}, rolledOut)
      expect([browser.status, await typesOf(id)]).toEqual([400, before])
      expect(browser.text).toMatch(/role="alert">This page had been open for too long/)
      await browser.post(form, { nonce: browser.nonceOf(form), ...fields }, {}, rolledOut)
      expect([browser.status, await typesOf(id)]).toEqual([303, [...before, form === 'consent' ? 'consented' : 'signed']])
      const { facts = {} } = (await t.acts(id)).at(-1) ?? {}
      const words = wordsFor(['en'])
      expect(Object.values(facts)).toEqual(expect.arrayContaining(Object.values(form === 'consent' ? asked(words) : meant(words))))
    } finally {
      await rolledOut.close()
    }
  })

  it('sent twice is done once', async () => {
    const { browser, id } = await atSigning()
    const nonce = browser.nonceOf('sign')
    const answers = await Promise.all([1, 2].map(() => browser.tab().post('sign', { nonce, typedName: 'Ada Shikongo' })))
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect((await typesOf(id)).filter((type) => type === 'signed')).toHaveLength(1)
  })

  it('is for the browser that showed last to be the signer’s; an older one is asked anew', async () => {
    const { browser, id, signer } = await atSigning()
    const elsewhere = await new Browser(signer.token).get()
    await elsewhere.submit('identify')
    await elsewhere.submit('verify', { code: await signer.code() })
    expect(elsewhere.heading).toBe('Sign the document')
    await browser.submit('sign', { typedName: 'Ada Shikongo' })
    expect(browser.status).toBe(409)
    expect(browser.heading).toContain('asked to sign')
    expect(browser.text).toContain('This step is not open')
    expect(await typesOf(id)).not.toContain('signed')
  })
})

describe('declining', () => {
  it('takes a second press, keeps the reason, and ends it for everybody', async () => {
    const { browser, id } = await verified()
    await browser.get(`${browser.path}?show=decline`)
    expect(browser.heading).toBe('Decline to sign?')
    expect(await typesOf(id)).not.toContain('declined')
    await browser.submit('decline', { reason: 'The rent is wrong.' })
    expect([browser.status, browser.heading]).toEqual([410, 'This request was declined'])
    const act = (await t.acts(id)).find(({ type }) => type === 'envelope.declined')
    expect(act?.personal).toMatchObject({ reason: 'The rent is wrong.' })
    const other = await new Browser(t.signer(id, 2).token).get()
    expect([other.status, other.heading]).toEqual([410, 'This request was declined'])
  })

  it('takes a reason as long as its field does, with line breaks as browsers send them', async () => {
    const { browser, id } = await verified()
    await browser.get(`${browser.path}?show=decline`)
    const lines = Array.from({ length: 250 }, () => 'x')
    await browser.submit('decline', { reason: `${lines.join('\r\n')}y` })
    expect([browser.status, browser.heading]).toEqual([410, 'This request was declined'])
    const act = (await t.acts(id)).find(({ type }) => type === 'envelope.declined')
    expect(act?.personal).toMatchObject({ reason: `${lines.join('\n')}y` })
  })

  it.each([
    ['is too long', '<b>' + 'x'.repeat(498)],
    ['has control characters', '<b>a\u001bb'],
    ['turns the text around', '<b>a\u202eb'],
  ])('refuses a reason that %s, says so at its field and keeps what was written', async (_why, reason) => {
    const { browser, id } = await verified()
    await browser.get(`${browser.path}?show=decline`)
    await browser.submit('decline', { reason })
    expect([browser.status, browser.heading]).toEqual([400, 'Decline to sign?'])
    expect(browser.text).toMatch(/role="alert">Please give a shorter or simpler reason/)
    const [, attributes = '', text = ''] = /<textarea([^>]*)>(.*?)<\/textarea>/s.exec(browser.text) ?? []
    expect(attributes).toContain('aria-invalid="true"')
    expect(text).toBe(reason.replace('<b>', '&lt;b&gt;'))
    expect(await typesOf(id)).not.toContain('declined')
    await browser.submit('decline', { reason: 'The rent is wrong.' })
    expect(await typesOf(id)).toContain('declined')
  })

  it('keeps what was written also when the page was open for too long', async () => {
    const { browser } = await verified()
    await browser.post('decline', { reason: 'The rent is wrong.' })
    expect(browser.status).toBe(400)
    expect(browser.text).toMatch(/<textarea[^>]*>The rent is wrong\.<\/textarea>/)
  })

  it('is not offered to whoever merely holds the link', async () => {
    const { browser } = await visit()
    await browser.get(`${browser.path}?show=decline`)
    expect(browser.heading).toContain('asked to sign')
  })
})

describe('when there is nothing to do, a page says why', () => {
  it('before one’s turn, and once one has signed', async () => {
    const { id, browser, signer } = await visit({ order: 'sequential' })
    const second = await new Browser(t.signer(id, 2).token).get()
    expect([second.status, second.heading]).toEqual([200, 'It is not your turn yet'])
    await signer.all()
    expect((await browser.get()).heading).toBe('Thank you, you have signed')
    expect(browser.text).not.toContain('Lease of House 7')
    expect((await second.get()).heading).toContain('asked to sign')
  })

  it('while it is sealed: who signed may fetch the document, in another browser after another code', async () => {
    const { id, browser } = await atSigning()
    await t.signer(id, 2).all()
    await browser.submit('sign', { typedName: 'Ada Shikongo' })
    expect([browser.status, browser.heading]).toEqual([200, 'Everybody has signed'])
    expect(browser.text).toContain(`href="${browser.path}/document"`)
    const elsewhere = await new Browser(browser.path.slice(3)).get()
    expect(elsewhere.text).not.toContain('Lease of House 7')
    await elsewhere.submit('identify')
    await elsewhere.submit('verify', { code: await t.signer(id, 1).code() })
    expect(elsewhere.text).toContain(`href="${browser.path}/document"`)
    expect((await typesOf(id)).filter((type) => type === 'verified')).toHaveLength(2)
  })

  it('when its time is over', async () => {
    const { browser } = await visit({ expiresIn: 60 })
    t.clock.advance(61_000)
    expect((await browser.get()).heading).toBe('The time to sign is over')
    expect(browser.status).toBe(410)
    await browser.post('identify', { nonce: 'x' })
    expect([browser.status, browser.heading]).toEqual([400, 'The time to sign is over'])
  })
})

describe('while a part is away', () => {
  it('a page says so, and asks to come back', async () => {
    const read = () => Promise.reject(new AppError('service_degraded', { retryAfterMs: 1_000 }))
    const degraded = await startApi({}, { ...t.deps, envelopes: { ...t.deps.envelopes, read } })
    try {
      const { signer } = await visit()
      const answer = await degraded.fetch(`/s/${signer.token}`)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await answer.text()).toContain('your link stays valid')
    } finally {
      await degraded.close()
    }
  })
})

it('no line of the log has a token or a cookie', async () => {
  const { browser, signer } = await atSigning()
  await browser.get(`${browser.path}/nonsense`)
  const secrets = [signer.token, ...browser.jar.values()]
  for (const line of api.logLines) for (const secret of secrets) expect(line.includes(secret)).toBe(false)
  expect(api.logLines.length).toBeGreaterThan(0)
})

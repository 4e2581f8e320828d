// Envelopes as people meet them: two signers with a browser each, mails from the outbox, pages used by label and role as a reader's software would.
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processPdf } from '../support/documents.ts'
import { until } from '../support/infra.ts'
import { textPdf } from '../support/pdf-files.ts'
import { codeIn, startSystem, type System } from '../support/system.ts'

const browserPath = '/usr/bin/chromium'
// Without these Chromium asks the world for things while it starts.
const browserOptions = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const phone = { width: 390, height: 844 }
const folder = mkdtempSync(join(tmpdir(), 'sallyport-signers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.runIf(existsSync(browserPath))('a signer in Chromium', () => {
  let system: System
  let browser: Browser
  let alice: Record<string, string>
  beforeAll(async () => {
    system = await startSystem({ env: { STORAGE_URL: `file:${folder}` } })
    alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
    browser = await chromium.launch({ executablePath: browserPath, args: browserOptions })
  }, 60_000)
  afterAll(() => browser?.close())

  let drawn = 0
  /** Sends a document of two pages of its own to two people. */
  async function send(more: object = {}): Promise<{ path: string; ada: string; ben: string }> {
    const number = ++drawn
    const document = await processPdf(system, alice, textPdf([`Lease number ${number}`, 'Signature of the tenant: ____________']))
    const [ada, ben] = [`ada-${number}@example.com`, `ben-${number}@example.com`]
    const signers = [
      { name: 'Ada Shikongo', email: ada },
      { name: 'Ben ǃNaruseb', email: ben },
    ]
    const request = { documentId: document['id'], requiredClass: 'party_agreed', order: 'sequential', signers, ...more }
    const made = await system.call('POST', '/v1/envelopes', request, alice)
    expect([made.status, made.text]).toEqual([202, expect.any(String)])
    return { path: made.headers.get('location') ?? '', ada, ben }
  }

  const envelope = async (path: string): Promise<Record<string, unknown>> => (await system.call('GET', path, undefined, alice)).body
  const mails = (to: string): string[] => system.standins.outbox.list(to).map(({ text }) => text)

  /** The path of the link that this person was mailed. */
  async function linkOf(to: string): Promise<string> {
    const pathIn = (text: string): string | undefined => /\/s\/[A-Za-z0-9_-]+/.exec(text)?.[0]
    return until(() => mails(to).map(pathIn).find(Boolean), { timeoutMs: 40_000 })
  }

  /** The newest code that this person was mailed, once there are so many. */
  async function codeOf(to: string, count = 1): Promise<string> {
    const codes = (): string[] => mails(to).filter((text) => !text.includes('/s/') && /(?<!\d)\d{6}(?!\d)/.test(text))
    await until(() => codes().length >= count)
    return codeIn(codes()[0] ?? '')
  }

  async function open(path: string, options: object = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: phone, ...options })
    const page = await context.newPage()
    await page.goto(`${system.url}${path}`)
    return page
  }

  const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

  /** Nothing is wider than the screen, no picture is missing, and the page looks as it is meant to. */
  async function expectFits(page: Page): Promise<void> {
    const { over, broken, styled } = await page.evaluate(async () => {
      const images = [...document.images]
      for (const image of images) image.loading = 'eager'
      await Promise.all(images.map((image) => image.decode().catch(() => {})))
      return {
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        broken: images.filter(({ naturalWidth }) => naturalWidth === 0).length,
        styled: getComputedStyle(document.body).margin === '0px',
      }
    })
    expect({ over, broken, styled }).toEqual({ over: 0, broken: 0, styled: true })
  }

  async function identify(page: Page, to: string, count = 1): Promise<void> {
    await press(page, 'Send me a code')
    await heading(page, 'Enter your code')
    await page.getByLabel('Code from the message').fill(await codeOf(to, count))
    await press(page, 'Confirm')
  }

  async function sign(page: Page, to: string, name: string): Promise<void> {
    await identify(page, to)
    await heading(page, 'Please read before you sign')
    await press(page, 'I have read all pages')
    await page.getByLabel('I agree to deal').check()
    await press(page, 'Go on')
    await page.getByLabel('Type your name to sign').fill(name)
    await press(page, 'Sign')
  }

  it('goes from the mail to the signature, one after the other, and both have the sealed copy in the end', async () => {
    const { path, ada, ben } = await send({ message: 'Before Friday, please.' })
    const page = await open(await linkOf(ada))
    await heading(page, 'You are asked to sign a document')
    await expectFits(page)
    await press(page, 'Send me a code')
    await heading(page, 'Enter your code')
    await expectFits(page)
    const code = await codeOf(ada)
    await page.getByLabel('Code from the message').fill(code === '000000' ? '111111' : '000000')
    await press(page, 'Confirm')
    await page.getByRole('alert').getByText('That code is not correct. Tries left: 2.').waitFor()
    await page.getByLabel('Code from the message').fill(code)
    await page.keyboard.press('Enter')

    await heading(page, 'Please read before you sign')
    await page.getByText('Before Friday, please.').waitFor()
    await expectFits(page)
    for (const alt of ['Page 1 of 2', 'Page 2 of 2'])
      expect(await page.getByAltText(alt).evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1_200)
    const original = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download the original (PDF)' }).click()
    expect(
      readFileSync(await (await original).path())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
    await page.getByLabel('Your name as it will appear').fill('Ada Ndapewa Shikongo')
    await press(page, 'I have read all pages')

    await heading(page, 'Do you agree to sign electronically?')
    await expectFits(page)
    expect(await page.getByRole('checkbox').isChecked()).toBe(false)
    await press(page, 'Go on')
    await heading(page, 'Do you agree to sign electronically?')
    expect((await envelope(path))['signers']).toMatchObject([{ status: 'verified' }, {}])
    await page.getByRole('checkbox').check()
    await press(page, 'Go on')

    await heading(page, 'Sign the document')
    await expectFits(page)
    const field = page.getByLabel('Type your name to sign')
    expect(await field.inputValue()).toBe('')
    await field.fill('Somebody Else')
    await press(page, 'Sign')
    await page.getByRole('alert').getByText('This is not the name above.').waitFor()
    expect(await field.inputValue()).toBe('')
    await field.fill('ada ndapewa shikongo')
    await press(page, 'Sign')
    await heading(page, 'Thank you, you have signed')
    await expectFits(page)
    await page.reload()
    await heading(page, 'Thank you, you have signed')

    const second = await open(await linkOf(ben), { viewport: { width: 1_280, height: 900 }, colorScheme: 'dark' })
    await sign(second, ben, 'Ben ǃNaruseb')
    await second.getByRole('heading', { level: 1, name: /Everybody has signed|The document is complete/ }).waitFor()
    const done = await until(
      async () => {
        const now = await envelope(path)
        return ['completed', 'seal_failed'].includes(String(now['status'])) ? now : null
      },
      { timeoutMs: 60_000 },
    )
    expect(done).toMatchObject({ status: 'completed', signers: [{ name: 'Ada Ndapewa Shikongo', status: 'signed' }, { status: 'signed' }] })
    for (const reader of [page, second]) {
      await reader.reload()
      await heading(reader, 'The document is complete')
      await expectFits(reader)
      const sealed = reader.waitForEvent('download')
      await reader.getByRole('link', { name: 'Download the sealed document (PDF)' }).click()
      const sha256 = createHash('sha256')
        .update(readFileSync(await (await sealed).path()))
        .digest('hex')
      expect(sha256).toBe((done['seal'] as { sha256: string }).sha256)
      await reader.getByText(sha256).waitFor()
    }
  }, 180_000)

  it('meets names that are one long word, and the pages still fit a phone', async () => {
    const { ada } = await send({ sender: { name: 'W'.repeat(80) } })
    const page = await open(await linkOf(ada))
    await page.getByRole('heading', { level: 1, name: /^W+ asks/ }).waitFor()
    await expectFits(page)
    await identify(page, ada)
    await heading(page, 'Please read before you sign')
    await page.getByLabel('Your name as it will appear').fill('M'.repeat(80))
    await press(page, 'I have read all pages')
    await page.getByLabel('I agree to deal').check()
    await press(page, 'Go on')
    await page.getByLabel('Type your name to sign').fill('Somebody Else')
    await press(page, 'Sign')
    await page.getByRole('alert').getByText('M'.repeat(80)).waitFor()
    await expectFits(page)
  }, 90_000)

  it('that is a mail scanner changes nothing and sends nothing, by ten HEADs, ten GETs and ten visits', async () => {
    const { path, ada } = await send()
    const link = await linkOf(ada)
    const before = await envelope(path)
    const messages = mails(ada).length
    for (let at = 0; at < 10; at++) {
      expect((await system.call('HEAD', link)).status).toBe(200)
      expect((await system.call('GET', link)).status).toBe(200)
      const page = await open(link)
      await page.waitForLoadState('networkidle')
      await page.context().close()
    }
    expect((await envelope(path))['sequence']).toBe(before['sequence'])
    expect(mails(ada)).toHaveLength(messages)
  }, 90_000)

  it('declines with a reason, which ends it for everybody', async () => {
    const { path, ada, ben } = await send({ order: 'parallel' })
    const page = await open(await linkOf(ada))
    await identify(page, ada)
    await page.getByRole('link', { name: 'Something is wrong, or I do not want to sign' }).click()
    await heading(page, 'Decline to sign?')
    await expectFits(page)
    await page.getByLabel('Reason (optional)').fill('The rent is wrong.')
    expect((await envelope(path))['status']).toBe('sent')
    await press(page, 'Yes, decline')
    await heading(page, 'This request was declined')
    expect(await envelope(path)).toMatchObject({ status: 'declined', signers: [{ declineReason: 'The rent is wrong.' }, {}] })
    await heading(await open(await linkOf(ben)), 'This request was declined')
  }, 90_000)

  it('whose turn has not come, whose link is none, and whose codes were all wrong reads so', async () => {
    const { path, ada } = await send()
    const link = await linkOf(ada)
    const page = await open(link)
    await press(page, 'Send me a code')
    const code = await codeOf(ada)
    for (let at = 0; at < 3; at++) {
      await page.getByLabel('Code from the message').fill(code === '000000' ? '111111' : '000000')
      await press(page, 'Confirm')
      await page.getByRole('alert').waitFor()
    }
    await page.goto(`${system.url}${link}`)
    await page.getByRole('button', { name: 'Send me a code' }).waitFor()
    expect((await envelope(path))['signers']).toMatchObject([{ status: 'viewed' }, {}])
    await heading(await open(link.slice(0, -1)), 'This link is not valid')
    await heading(await open('/s/nonsense', { locale: 'de-DE' }), 'Dieser Link ist nicht gültig')
  }, 90_000)

  it('can do everything by keyboard alone', async () => {
    const { ada } = await send()
    const page = await open(await linkOf(ada))
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await heading(page, 'Enter your code')
    await page.keyboard.type(await codeOf(ada))
    await page.keyboard.press('Enter')
    await heading(page, 'Please read before you sign')
    await page.getByLabel('Your name as it will appear').focus()
    await page.keyboard.press('Enter')
    await heading(page, 'Do you agree to sign electronically?')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await heading(page, 'Sign the document')
    await page.keyboard.press('Tab')
    await page.keyboard.type('Ada Shikongo')
    await page.keyboard.press('Enter')
    await heading(page, 'Thank you, you have signed')
  }, 90_000)

  it('leaves no token and no cookie in any log', () => {
    const links = system.standins.outbox.list().flatMap(({ text }) => /\/s\/([A-Za-z0-9_-]+)/.exec(text)?.[1] ?? [])
    expect(links.length).toBeGreaterThan(5)
    for (const { lines } of [...system.apis, ...system.workers]) for (const token of links) expect(lines.join('\n')).not.toContain(token)
  })
})

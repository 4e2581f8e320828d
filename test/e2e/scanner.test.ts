// Mail scanners: they send HEAD and GET, some in a real browser with scripts on. None of it may approve; one press of the button does.
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linkIn, startSystem, type System } from '../support/system.ts'

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

describe('a link in a mail', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem()
    // The link must lead to where the API listens, which is known only now.
    system.url = await system.startApi({ PUBLIC_URL: 'http://localhost' })
  })

  async function begin(to: string, more: object = {}): Promise<{ path: string; id: string; cookie: string }> {
    const { body, headers } = await system.call('POST', '/v1/verifications', { channel: 'email', to, method: 'link', ...more })
    return {
      path: linkIn((await system.message(to)).text),
      id: String(body['id']),
      cookie: headers.get('set-cookie')?.split(';', 1)[0] ?? '',
    }
  }
  const statusOf = async (id: string): Promise<unknown> => (await system.call('GET', `/v1/verifications/${id}`)).body['status']

  it('is not spent by ten HEADs and ten GETs', async () => {
    const { path, id } = await begin('head@example.com')
    for (let at = 0; at < 10; at++) {
      expect((await system.call('HEAD', path)).status).toBe(200)
      expect((await system.call('GET', path)).status).toBe(200)
    }
    expect(['sent', 'delivered']).toContain(await statusOf(id))
  })

  it('is not approved by a POST without the nonce of the page', async () => {
    const { path, id } = await begin('nonce@example.com')
    const answer = await system.call('POST', path, 'nonce=made-up', { 'content-type': 'application/x-www-form-urlencoded' })
    expect(answer.status).toBe(400)
    expect(await statusOf(id)).not.toBe('approved')
  })

  it('when bound, approves only in the browser that started, and elsewhere by the code from the same mail', async () => {
    const { path, id, cookie } = await begin('bound@example.com', { linkMode: 'bound' })
    const elsewhere = await system.call('GET', path)
    expect(elsewhere.text).toContain('name="code"')
    const token = path.slice('/v/'.length)
    expect(await system.call('POST', '/v1/verifications/confirm', { token })).toMatchObject({
      status: 403,
      body: { code: 'binding_mismatch' },
    })
    expect(await statusOf(id)).not.toBe('approved')
    expect((await system.call('POST', '/v1/verifications/confirm', { token }, { cookie })).status).toBe(200)
    expect(await statusOf(id)).toBe('approved')
  })

  describe.runIf(existsSync(browserPath))('in Chromium, with scripts on', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: browserPath, args: browserOptions })
    })
    afterAll(() => browser.close())

    it('survives ten visits and is approved by one press of the button', async () => {
      const { path, id } = await begin('browser@example.com')
      for (let at = 0; at < 10; at++) {
        const page = await browser.newPage()
        await page.goto(`${system.url}${path}`, { waitUntil: 'networkidle' })
        await page.close()
      }
      expect(await statusOf(id)).not.toBe('approved')
      const page = await browser.newPage({ viewport: { width: 390, height: 844 } })
      await page.goto(`${system.url}${path}`)
      await page.getByRole('button').click()
      await page.getByRole('heading', { name: 'Confirmed' }).waitFor()
      expect(await statusOf(id)).toBe('approved')
      await page.goto(`${system.url}${path}`)
      await page.getByRole('heading', { name: 'Already confirmed' }).waitFor()
    })
  })
})

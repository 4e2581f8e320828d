// From a request to an approved verification, with every process and every conversation real.
import { beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { codeIn, linkIn, startSystem, type System } from '../support/system.ts'

describe('a verification', () => {
  let system: System
  beforeAll(async () => {
    system = await startSystem()
  })

  it('by text message is approved with the code that arrived', async () => {
    const to = '+14155550101'
    const started = await system.call('POST', '/v1/verifications', { channel: 'sms', to })
    expect(started.status).toBe(202)
    expect(started.headers.get('location')).toBe(`/v1/verifications/${started.body['id']}`)
    expect(started.body).toMatchObject({ status: 'queued', to: '+1•••••0101', attemptsRemaining: 5, sendsRemaining: 4, sequence: 1 })
    const code = codeIn((await system.message(to)).text)
    const checked = await system.call('POST', `/v1/verifications/${started.body['id']}/check`, { code })
    expect(checked.status).toBe(200)
    expect(checked.body).toMatchObject({ valid: true, verification: { status: 'approved' } })
  })

  it('is delivered once the provider says so', async () => {
    const to = '+14155550102'
    const { body } = await system.call('POST', '/v1/verifications', { channel: 'sms', to })
    await system.message(to)
    const path = `/v1/verifications/${body['id']}`
    await until(async () => (await system.call('GET', path)).body['status'] === 'sent')
    const attempts = await system.call('GET', `${path}/attempts`)
    expect(attempts.body['nodes']).toMatchObject([{ number: 1, channel: 'sms', provider: 'twilio', status: 'accepted' }])
  })

  it('by e-mail is approved with the code that arrived', async () => {
    const to = 'ada@example.com'
    const { body, status } = await system.call('POST', '/v1/verifications', { channel: 'email', to })
    expect(status).toBe(202)
    const mail = await system.message(to)
    expect(mail.subject).not.toMatch(/\d{6}/)
    const checked = await system.call('POST', `/v1/verifications/${body['id']}/check`, { code: codeIn(mail.text) })
    expect(checked.body).toMatchObject({ valid: true })
  })

  it('by link is approved by the button and only once', async () => {
    const to = 'grace@example.com'
    const { body } = await system.call('POST', '/v1/verifications', { channel: 'email', to, method: 'link' })
    const path = linkIn((await system.message(to)).text)
    const page = await system.call('GET', path)
    expect(page.status).toBe(200)
    expect((await system.call('GET', `/v1/verifications/${body['id']}`)).body['status']).not.toBe('approved')
    const form = new URLSearchParams(
      [...page.text.matchAll(/<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
        ([, name = '', value = '']): [string, string] => [name, value],
      ),
    )
    const posted = await system.call('POST', path, form.toString(), { 'content-type': 'application/x-www-form-urlencoded' })
    expect(posted.status).toBe(200)
    expect((await system.call('GET', `/v1/verifications/${body['id']}`)).body['status']).toBe('approved')
    expect((await system.call('GET', path)).status).toBe(410)
  })
})

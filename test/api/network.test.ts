import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normalizeNetwork } from '../../src/api/network.ts'
import { adminKey, createToken, startApi, type Harness } from './harness.ts'

describe('a network', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::', '1:0:0:0::/64'],
    ['203.0.113.007', null],
    ['203.0.113.7:80', null],
    ['unknown', null],
    ['', null],
  ])('%s counts as %s', (address, network) => {
    expect(normalizeNetwork(address)).toBe(network)
  })
})

describe('whose address counts', () => {
  let api: Harness
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  /** The fingerprints that the limits of a start were asked about. */
  async function subjectsOf(headers: Record<string, string>): Promise<string[]> {
    api.calls.length = 0
    await api.post('/v1/verifications', { channel: 'sms', to: '+14155552671' }, headers)
    const start = api.calls.find((call) => call.name === 'start')?.input as { limits: { kind: string; subject: string }[] }
    return start.limits.filter((rule) => rule.kind === 'network').map((rule) => rule.subject)
  }
  const print = (network: string) => api.deps.keyring.fingerprint('network', network)

  it('is the forwarded one behind a trusted proxy, and the last trusted hop decides', async () => {
    expect(await subjectsOf({ 'x-forwarded-for': '198.51.100.1, 203.0.113.7' })).toEqual([print('203.0.113.7')])
  })

  it('is the socket when a proxy forwards nonsense', async () => {
    expect(await subjectsOf({ 'x-forwarded-for': 'unknown' })).toEqual([print('127.0.0.1')])
  })

  it('is never one that an ordinary caller names itself', async () => {
    expect(await subjectsOf({ 'x-client-ip': '203.0.113.9' })).toEqual([print('127.0.0.1')])
    expect(await subjectsOf({ authorization: `Bearer ${await createToken()}`, 'x-client-ip': '203.0.113.9' })).toEqual([print('127.0.0.1')])
  })

  it('is the one that a server names, or none', async () => {
    for (const authorization of [`Bearer ${adminKey}`, `Bearer ${await createToken({ roles: ['system'] })}`]) {
      expect(await subjectsOf({ authorization, 'x-client-ip': '2001:db8:1:2:3::4' })).toEqual([print('2001:db8:1:2::/64')])
      expect(await subjectsOf({ authorization })).toEqual([])
      expect(await subjectsOf({ authorization, 'x-client-ip': 'nonsense' })).toEqual([])
    }
  })

  it('refuses to start when TRUST_PROXY is no list of addresses', async () => {
    await expect(startApi({ TRUST_PROXY: ['everyone'] })).rejects.toThrow(TypeError)
  })
})

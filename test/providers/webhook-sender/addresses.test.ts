// What counts as public: nothing that could be ours, in whatever spelling.
import { describe, expect, it } from 'vitest'
import { isPublicAddress } from '../../../src/providers/webhook-sender/addresses.ts'
import { refuseTarget } from '../../../src/providers/webhook-sender/target.ts'

const notPublic = [
  '0.0.0.0', '10.1.2.3', '100.64.0.1', '100.127.255.254', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1',
  '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255',
  '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '64:ff9b::7f00:1', '64:ff9b::10.0.0.1',
  '64:ff9b::169.254.169.254', '64:ff9b:1::1', '100::1', '2001::1', '2001:db8::1', '2002:7f00:1::1', '3fff::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1',
  'fe80::1%eth0', 'fec0::1', 'ff02::1', '4000::1', 'localhost', '', '1.2.3', '1.2.3.4.5',
] // prettier-ignore
const open = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '2606:4700:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b::808:808'] // prettier-ignore

describe('an address', () => {
  it.each(notPublic)('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false))
  it.each(open)('%s is', (address) => expect(isPublicAddress(address)).toBe(true))
})

describe('a URL', () => {
  it.each([
    'http://example.com/', 'ftp://example.com/', 'https://user:secret@example.com/', 'https://example.com/#part', 'nonsense', 'https://',
    'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f.0.0.1/', 'https://0177.0.0.1/', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/',
    'https://169.254.169.254/latest/meta-data/', 'https://localhost/', 'https://localhost./', 'https://api.localhost/', 'https://printer.local/',
    'https://metadata.google.internal/', 'https://intranet/', 'https://１２７.0.0.1/', 'https://db.home.arpa/', 'https://printer.local../', 'https://intranet../',
  ])('%s is refused', (url) => expect(refuseTarget(url, false)).toMatch(/^must /)) // prettier-ignore

  it.each(['https://example.com/hooks', 'https://example.com:8443/a?b=c', 'https://1.1.1.1/', 'https://[2606:4700:4700::1111]/'])(
    '%s is taken',
    (url) => expect(refuseTarget(url, false)).toBeNull(),
  )

  it('may be http and private in development, when told so', () => {
    expect(refuseTarget('http://127.0.0.1:4000/hook', true)).toBeNull()
    expect(refuseTarget('file:///etc/passwd', true)).toMatch(/^must /)
  })
})

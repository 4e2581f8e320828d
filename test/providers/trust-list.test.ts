// The operator's list of accredited providers: what is read of it, and that a faulty one is refused whole, with the place of the fault.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/lib/run-file.ts'
import { loadTrustList, TrustListError } from '../../src/providers/trust-list.ts'
import { createSigner } from '../sandbox/signer.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-trust-list-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const load = (content: unknown) => {
  const path = join(folder, `${count++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return loadTrustList(path)
}

const authority = createSigner('Authority', { isAuthority: true }).certificate
const pem = `-----BEGIN CERTIFICATE-----\n${createSigner('Other', { isAuthority: true }).certificate.toString('base64')}\n-----END CERTIFICATE-----\n`
const interval = { from: '2026-06-15T00:00:00Z', until: null, status: 'accredited' }
const provider = { name: 'Registry', country: 'NA', certificates: [authority.toString('base64')], intervals: [interval] }
const list = { version: '2026-07', issuedAt: '2026-07-01T00:00:00Z', nextUpdate: '2026-10-01T00:00:00Z', providers: [provider] }
const withProvider = (changes: object) => ({ ...list, providers: [{ ...provider, ...changes }] })

describe('a list', () => {
  it('is read with its times in milliseconds and its certificates in one form', () => {
    const read = load(
      withProvider({
        certificates: [authority.toString('base64'), pem],
        intervals: [
          { from: '2026-06-15T00:00:00Z', until: '2026-08-01T00:00:00Z', status: 'accredited' },
          { from: '2026-08-01T00:00:00Z', until: null, status: 'suspended' },
        ],
        identification: { '1.2.3.4': 'face_to_face' },
        isEquivalentForeign: true,
      }),
    )
    expect(read).toEqual({
      version: '2026-07',
      issuedAtMs: Date.UTC(2026, 6, 1),
      nextUpdateMs: Date.UTC(2026, 9, 1),
      providers: [
        {
          name: 'Registry',
          country: 'NA',
          certificates: [authority.toString('base64'), pem.split('\n')[1]],
          intervals: [
            { fromMs: Date.UTC(2026, 5, 15), untilMs: Date.UTC(2026, 7, 1), status: 'accredited' },
            { fromMs: Date.UTC(2026, 7, 1), untilMs: null, status: 'suspended' },
          ],
          identification: { '1.2.3.4': 'face_to_face' },
          isEquivalentForeign: true,
        },
      ],
    })
  })

  it('may leave out what is seldom said', () => {
    expect(load(list).providers[0]).toMatchObject({ identification: {}, isEquivalentForeign: false })
  })

  it('is there as an example that can be read', () => {
    const example = loadTrustList(join(projectRoot, 'docs/trust-list.example.json'))
    expect(example.providers.length).toBeGreaterThan(0)
  })

  it.each([
    ['is not there', () => loadTrustList(join(folder, 'nowhere.json')), /cannot be read/],
    ['is no JSON', () => load('{'), /is not JSON/],
    ['is empty', () => load({}), /version: .*; issuedAt: /],
    ['has a member that nobody knows', () => load({ ...list, provider: [] }), /the file: .*provider/],
    ['ends before it begins', () => load({ ...list, nextUpdate: list.issuedAt }), /nextUpdate: is not after issuedAt/],
    ['names no country', () => load(withProvider({ country: 'Namibia' })), /providers\.0\.country: must be an ISO 3166-1 code/],
    ['holds no certificate', () => load(withProvider({ certificates: [] })), /providers\.0\.certificates/],
    ['holds something else than a certificate', () => load(withProvider({ certificates: ['AAAA'] })), /certificates\.0: is no certificate/],
    [
      'holds the certificate of a person',
      () => load(withProvider({ certificates: [createSigner('A').certificate.toString('base64')] })),
      /certificates\.0: is not the certificate of an authority/,
    ],
    [
      'holds a certificate twice',
      () => load({ ...list, providers: [provider, provider] }),
      /providers\.1\.certificates\.0: stands in the list twice/,
    ],
    [
      'has times that overlap',
      () => load(withProvider({ intervals: [interval, interval] })),
      /providers\.0\.intervals: are not in order, or overlap/,
    ],
    [
      'has a time that runs backwards',
      () => load(withProvider({ intervals: [{ ...interval, until: '2026-06-14T00:00:00Z' }] })),
      /providers\.0\.intervals/,
    ],
    ['knows a status of its own', () => load(withProvider({ intervals: [{ ...interval, status: 'fine' }] })), /intervals\.0\.status/],
    ['names a policy that is none', () => load(withProvider({ identification: { policy: 'remote' } })), /identification/],
  ])('that %s is refused, with the place of the fault', (_what, loading, message) => {
    expect(loading).toThrow(TrustListError)
    expect(loading).toThrow(message)
  })

  it('is refused with every fault at once', () => {
    expect(() => load(withProvider({ country: '', name: '' }))).toThrow(/providers\.0\.name: .*; providers\.0\.country: /)
  })
})

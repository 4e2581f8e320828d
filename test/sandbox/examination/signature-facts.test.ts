// What an examination says of signatures and certificates: of signers made here, and of files that were tampered with.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { der, integer, none, oid, sequence, utf8 } from '../der.ts'
import { appendUpdate, createDocument, lookOf, numbers, signDocument, stream, textField } from '../pdf-writer.ts'
import { createSigner, createToken, extension, timestampUsage } from '../signer.ts'
import { examineBytes } from './examine-bytes.ts'

const usage = (...bytes: number[]): Buffer => extension('2.5.29.15', der(0x03, Buffer.from(bytes)))
const authority = createSigner('Registry CA', {
  isAuthority: true,
  attributes: [
    ['2.5.4.10', 'Registry Ltd'],
    ['2.5.4.97', 'NTRNA-123'],
    ['2.5.4.6', 'NA'],
  ],
})
const money = sequence(der(0x13, Buffer.from('NAD')), integer(25), integer(4))
const alice = createSigner('Alice Shikongo', {
  issuer: authority,
  attributes: [
    ['2.5.4.5', 'PNONA-80010112345'],
    ['2.5.4.6', 'NA'],
    ['2.5.4.65', 'Ali'],
    ['1.2.840.113549.1.9.1', 'alice@example.com'],
  ],
  usages: [
    usage(6, 0x40),
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.36'))),
    extension('2.5.29.32', sequence(sequence(oid('1.2.3.4')), sequence(oid('1.2.3.5')))),
    extension('2.5.29.17', sequence(der(0x81, Buffer.from('alice@work.example')), der(0x82, Buffer.from('work.example')))),
    extension('1.3.6.1.5.5.7.1.3', sequence(sequence(oid('0.4.0.1862.1.1')), sequence(oid('0.4.0.1862.1.2'), money))),
  ],
})
const self = createSigner('Self')
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const of = async (file: Buffer, trusted: readonly Buffer[] = []) => (await examineBytes(file, trusted)).signatures

describe('a certificate', () => {
  it('is told in the words of the rules', async () => {
    const [signature] = await of(signDocument(createDocument(), alice), [authority.certificate])
    expect(signature).toMatchObject({
      index: 0,
      coverage: 'exact',
      coverageReason: null,
      digest: 'SHA-256',
      isWeakDigest: false,
      key: { kind: 'ec', bits: 256, curve: 'prime256v1' },
      certificateReference: 'bound',
      path: { end: 'listed', anchorSha256: sha256(authority.certificate) },
      hasTimestamp: false,
      object: '21 0',
    })
    expect(signature?.certificate).toMatchObject({
      sha256: sha256(alice.certificate),
      subject: {
        commonName: 'Alice Shikongo',
        identifier: 'PNONA-80010112345',
        emails: ['alice@work.example', 'alice@example.com'],
        pseudonym: 'Ali',
        country: 'NA',
      },
      issuer: { commonName: 'Registry CA', organization: 'Registry Ltd', registryCode: 'NTRNA-123', country: 'NA' },
      isSelfSigned: false,
      keyUsage: ['nonRepudiation'],
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.36'],
      policies: ['1.2.3.4', '1.2.3.5'],
      qualifying: true,
      relianceLimit: { currency: 'NAD', amount: 250_000 },
    })
  })

  it('that says nothing is told as saying nothing', async () => {
    const [signature] = await of(signDocument(createDocument(), self))
    expect(signature?.certificate).toMatchObject({
      subject: { commonName: 'Self', identifier: null, emails: [], pseudonym: null, country: null },
      isSelfSigned: true,
      keyUsage: null,
      extendedKeyUsage: [],
      policies: [],
      qualifying: false,
      relianceLimit: null,
    })
    expect(signature?.path).toEqual({ end: 'self', anchorSha256: null })
  })

  it('of an issuer that is not listed ends elsewhere', async () => {
    const [signature] = await of(signDocument(createDocument(), alice), [self.certificate])
    expect(signature?.path).toEqual({ end: 'other', anchorSha256: null })
  })

  it.each([
    [[7, 0x80], ['digitalSignature']],
    [
      [5, 0xe0],
      ['digitalSignature', 'nonRepudiation', 'keyEncipherment'],
    ],
    [
      [7, 0x01, 0x80],
      ['encipherOnly', 'decipherOnly'],
    ],
    [[0], []],
  ])('with the key usage bits %j is for %j', async (bytes, names) => {
    const [signature] = await of(signDocument(createDocument(), createSigner('K', { usages: [usage(...bytes)] })))
    expect(signature?.certificate?.keyUsage).toEqual(names)
  })

  it('with a limit beyond any sense has none', async () => {
    const odd = [sequence(der(0x13, Buffer.from('NAD')), integer(25), integer(99)), sequence(utf8('NAD')), sequence()]
    for (const value of odd) {
      const statements = extension('1.3.6.1.5.5.7.1.3', sequence(sequence(oid('0.4.0.1862.1.2'), value)))
      const [signature] = await of(signDocument(createDocument(), createSigner('L', { usages: [statements] })))
      expect(signature?.certificate?.relianceLimit).toBeNull()
    }
  })
})

describe('a key', () => {
  it.each([
    ['RSA SHA-256', { kind: 'rsa', bits: 2048, curve: null }],
    ['RSA-PSS', { kind: 'rsa', bits: 2048, curve: null }],
    ['Ed25519', { kind: 'ed25519', bits: 256, curve: 'ed25519' }],
    ['Ed448', { kind: 'ed448', bits: 456, curve: 'ed448' }],
  ] as const)('of %s is named with its size', async (scheme, key) => {
    expect((await of(signDocument(createDocument(), createSigner('K', { scheme }))))[0]?.key).toEqual(key)
  })
})

describe('the reference to the certificate', () => {
  it.each([
    ['bound', self.certificate],
    ['mismatched', alice.certificate],
    ['absent', null],
  ] as const)('is %s', async (expected, names) => {
    const file = signDocument(createDocument(), self, { subFilter: 'adbe.pkcs7.detached', message: { names } })
    expect((await of(file))[0]?.certificateReference).toBe(expected)
  })

  it('is unknown where the message cannot be read', async () => {
    const file = signDocument(createDocument(), self, { make: () => Buffer.from('3003020101', 'hex') })
    expect((await of(file))[0]).toMatchObject({ certificateReference: 'unknown', certificate: null, key: null, digest: null })
  })
})

describe('a weak digest', () => {
  it.each([
    ['1.3.14.3.2.26', 'SHA-1'],
    ['1.2.840.113549.2.5', 'MD5'],
  ])('%s is named and called weak', async (digestOid, name) => {
    const weak = { ...self, scheme: { ...self.scheme, digestOid } }
    expect((await of(signDocument(createDocument(), weak)))[0]).toMatchObject({ digest: name, isWeakDigest: true })
  })
})

describe('coverage', () => {
  const signed = signDocument(createDocument(), self)

  it('of a revision with permitted changes after it is exact', async () => {
    const filled = appendUpdate(signed, { [numbers.text]: textField('5'), [numbers.textLook]: lookOf('5') })
    expect((await of(filled))[0]).toMatchObject({ coverage: 'exact' })
  })

  /** With another number in the byte range: 0 is the length of the first part, 2 that of the second. */
  const withRange = (place: number, change: number): Buffer => {
    const file = Buffer.from(signed)
    const at = file.lastIndexOf('/ByteRange [') + 14 + place * 11
    file.write(String(Number(file.toString('latin1', at, at + 10)) + change).padStart(10, '0'), at, 'latin1')
    return file
  }

  it('is faulty where the signed bytes end within a revision', async () => {
    expect((await of(withRange(2, -30)))[0]).toMatchObject({
      coverage: 'faulty',
      coverageReason: 'The signed bytes do not end where a revision of the document ends.',
    })
  })

  it('is faulty for a signature that no field holds any more', async () => {
    const lost = appendUpdate(signed, { 20: '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /Rect [0 0 0 0] /P 3 0 R >>' })
    expect((await of(lost))[0]).toMatchObject({
      coverage: 'faulty',
      coverageReason: 'No form field of the document holds this signature.',
    })
  })

  it('is faulty where the range leaves out more than the value', async () => {
    expect((await of(withRange(0, -1)))[0]).toMatchObject({ coverage: 'faulty', digest: null })
  })

  it('is faulty, and the signature altered, where the value of a signed field is damaged', async () => {
    const damaged = appendUpdate(signed, { 21: '<< /Type' })
    const { signatures, report } = await examineBytes(damaged)
    expect(signatures.length).toBeGreaterThan(0)
    expect(signatures.every(({ coverage }) => coverage === 'faulty')).toBe(true)
    expect(report.signatures.some(({ integrity }) => integrity === 'altered')).toBe(true)
  })
})

describe('time-stamps', () => {
  const tsa = createSigner('TSA', { usages: [timestampUsage()] })

  it('are told of, broken ones too', async () => {
    const stamped = signDocument(createDocument(), self, { message: { timestamp: (value) => createToken(tsa, [value]) } })
    const broken = signDocument(createDocument(), self, { message: { timestamp: () => sequence(integer(1), none) } })
    expect((await of(stamped))[0]?.hasTimestamp).toBe(true)
    const { signatures, report } = await examineBytes(broken)
    expect(signatures[0]?.hasTimestamp).toBe(true)
    expect(report.signatures[0]).toMatchObject({ integrity: 'intact' })
    expect(report.signatures[0]?.timestamp).toBeUndefined()
    expect(report.signatures[0]?.reasons.map(({ code }) => code)).toContain('timestamp_malformed')
  })
})

it('the signatures of the report and their facts are in one order', async () => {
  const once = signDocument(createDocument(), self, { field: 'One' })
  const twice = signDocument(once, alice, {
    num: 30,
    field: 'Two',
    annotations: '7 0 R 9 0 R 13 0 R 20 0 R',
    fields: '7 0 R 9 0 R 20 0 R',
  })
  const { report, signatures } = await examineBytes(twice)
  expect(report.signatures.map(({ signer }) => signer)).toEqual(['Self', 'Alice Shikongo'])
  expect(signatures.map(({ index, certificate }) => [index, certificate?.subject.commonName])).toEqual([
    [0, 'Self'],
    [1, 'Alice Shikongo'],
  ])
})

it('a prepared signature without a value is told as such', async () => {
  const file = createDocument({
    [numbers.form]: '<< /Fields [40 0 R] >>',
    40: '<< /FT /Sig /T (s) /V 41 0 R /Kids [] >>',
    41: `<< /Type /Sig /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] /Contents <${'0'.repeat(64)}> >>`,
    42: stream('', 'x'),
  })
  expect((await of(file))[0]).toMatchObject({ coverage: 'faulty', certificate: null, object: '41 0' })
})

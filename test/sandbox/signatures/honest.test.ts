// Honest files: what is signed is intact, what is permitted afterwards is named, and who is trusted passes.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import { signatureReport } from '../../../src/contracts/signature.ts'
import type { Signature } from '../../../src/contracts/signature.ts'
import {
  appendUpdate,
  baseAnnotations,
  baseFields,
  createDocument,
  lookOf,
  numbers,
  pageWith,
  signDocument,
  stream,
  textField,
} from '../pdf-writer.ts'
import type { SchemeName } from '../signer.ts'
import { createSigner, createToken, nowMs, schemes, signMessage, timestampUsage } from '../signer.ts'

const alice = createSigner('Alice')
const bob = createSigner('Bob')
const authority = createSigner('Time', { usages: [timestampUsage()] })
const signed = signDocument(createDocument(), alice)

function judge(file: Buffer, trusted: Buffer[] = []): Signature[] {
  const report = judgeSignatures(file, { nowMs, trustedCertificates: trusted })
  expect(signatureReport.parse(report)).toEqual(report)
  return report.signatures
}

describe('an intact signature', () => {
  it.each(Object.keys(schemes) as SchemeName[])('of %s is intact and covers the file', (scheme) => {
    const [signature] = judge(signDocument(createDocument(), createSigner('Alice', { scheme })))
    expect(signature).toMatchObject({
      fields: ['Signature1'],
      integrity: 'intact',
      coversWholeFile: true,
      laterChanges: 'none',
      signer: 'Alice',
    })
    expect(signature).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
      signedAt: new Date(nowMs).toISOString(),
    })
  })

  it('passes when its certificate is trusted', () => {
    expect(judge(signed, [alice.certificate])).toMatchObject([{ indication: 'TOTAL_PASSED', reasons: [] }])
  })

  it('passes when a trusted authority issued its certificate', () => {
    const root = createSigner('Root', { isAuthority: true })
    const file = signDocument(createDocument(), createSigner('Carol', { issuer: root }))
    expect(judge(file, [root.certificate])).toMatchObject([{ indication: 'TOTAL_PASSED' }])
    expect(judge(file, [bob.certificate])).toMatchObject([{ indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' }])
  })

  it('does not pass when its issuer may not issue', () => {
    const notAnAuthority = createSigner('Root')
    const file = signDocument(createDocument(), createSigner('Carol', { issuer: notAnAuthority }))
    expect(judge(file, [notAnAuthority.certificate])).toMatchObject([{ subIndication: 'NO_CERTIFICATE_CHAIN_FOUND' }])
  })

  it('of a certificate that has expired is only as good as a trusted time-stamp', () => {
    const dave = createSigner('Dave', { notAfterMs: nowMs - 86_400_000 })
    const early = nowMs - 2 * 86_400_000
    const plain = signDocument(createDocument(), dave)
    const stamped = signDocument(createDocument(), dave, { message: { timestamp: (value) => createToken(authority, [value], early) } })
    expect(judge(plain, [dave.certificate])).toMatchObject([{ subIndication: 'OUT_OF_BOUNDS_NO_POE' }])
    expect(judge(stamped, [dave.certificate])).toMatchObject([{ subIndication: 'OUT_OF_BOUNDS_NO_POE' }])
    expect(judge(stamped, [dave.certificate, authority.certificate])).toMatchObject([{ indication: 'TOTAL_PASSED' }])
  })

  it('takes its time from its time-stamp', () => {
    const file = signDocument(createDocument(), alice, {
      message: { timestamp: (value) => createToken(authority, [value], nowMs - 5_000) },
    })
    const at = new Date(nowMs - 5_000).toISOString()
    expect(judge(file)).toMatchObject([{ signedAt: at, timestamp: { at, integrity: 'intact', authority: 'Time' } }])
  })

  it('with a time-stamp of something else is still intact, but says so', () => {
    const file = signDocument(createDocument(), alice, { message: { timestamp: () => createToken(authority, [Buffer.from('else')]) } })
    expect(judge(file)).toMatchObject([
      { integrity: 'intact', timestamp: { integrity: 'altered' }, subIndication: 'SIG_CONSTRAINTS_FAILURE' },
    ])
  })

  it('is found in files with cross-reference streams', () => {
    const file = signDocument(createDocument(), alice, { update: { form: 'stream' } })
    expect(
      judge(appendUpdate(file, { [numbers.info]: '<< /Title (Contract) /ModDate (D:20261120000000Z) >>' }, { form: 'stream' })),
    ).toMatchObject([{ integrity: 'intact', coversWholeFile: false, laterChanges: 'validation' }])
  })
})

describe('later changes of a permitted kind', () => {
  const laterOf = (changed: Buffer): string | undefined => judge(changed)[0]?.laterChanges

  it('leave the first of two signatures with a form fill', () => {
    const twice = signDocument(signed, bob, {
      field: 'Signature2',
      num: 30,
      fields: `${baseFields} 20 0 R`,
      annotations: `${baseAnnotations} 20 0 R`,
      rect: '[300 100 400 150]',
    })
    expect(judge(twice, [alice.certificate, bob.certificate])).toMatchObject([
      { fields: ['Signature1'], integrity: 'intact', laterChanges: 'form_fill', indication: 'TOTAL_PASSED' },
      { fields: ['Signature2'], integrity: 'intact', laterChanges: 'none', coversWholeFile: true },
    ])
  })

  it('may be a field that is filled in, with its look', () => {
    expect(laterOf(appendUpdate(signed, { [numbers.text]: textField('200'), [numbers.textLook]: lookOf('200') }))).toBe('form_fill')
  })

  it('may be a box that is ticked', () => {
    const check =
      '<< /Type /Annot /Subtype /Widget /FT /Btn /T (agree) /V /Yes /AS /Yes /Rect [50 500 60 510] /P 3 0 R /AP << /N << /Yes 10 0 R /Off 11 0 R >> >> >>'
    expect(laterOf(appendUpdate(signed, { [numbers.check]: check }))).toBe('form_fill')
  })

  it('may be a security store', () => {
    const catalog = '<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 40 0 R >>'
    expect(laterOf(appendUpdate(signed, { [numbers.catalog]: catalog, 40: '<< /Certs [41 0 R] >>', 41: stream('', 'certificate') }))).toBe(
      'validation',
    )
  })

  it('may be a document time-stamp', () => {
    const stamped = signDocument(signed, authority, {
      field: 'Stamp',
      num: 30,
      subFilter: 'ETSI.RFC3161',
      fields: `${baseFields} 20 0 R`,
      annotations: `${baseAnnotations} 20 0 R`,
      make: (parts) => createToken(authority, parts),
    })
    expect(judge(stamped)).toMatchObject([
      { laterChanges: 'validation', integrity: 'intact' },
      { kind: 'document_timestamp', integrity: 'intact', timestamp: { integrity: 'intact' }, coversWholeFile: true },
    ])
  })

  it('may be remarks, which a person should see', () => {
    const note = '<< /Type /Annot /Subtype /Text /Rect [30 10 40 20] /Contents (second remark) /P 3 0 R >>'
    const file = appendUpdate(signed, { [numbers.page]: pageWith(`${baseAnnotations} 20 0 R 50 0 R`), 50: note })
    expect(judge(file, [alice.certificate])).toMatchObject([
      { laterChanges: 'annotation', indication: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE' },
    ])
  })

  it('may be nothing but white space after the end', () => {
    expect(judge(Buffer.concat([signed, Buffer.from('\r\n')]))).toMatchObject([
      { integrity: 'intact', laterChanges: 'none', coversWholeFile: false },
    ])
  })
})

describe('what a certification permits', () => {
  const certify = (level: number): Buffer =>
    signDocument(createDocument(), alice, {
      dict: `/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P ${level} /V /1.2 >> >>]`,
    })
  const fill = { [numbers.text]: textField('200'), [numbers.textLook]: lookOf('200') }
  const note = {
    [numbers.page]: pageWith(`${baseAnnotations} 20 0 R 50 0 R`),
    50: '<< /Type /Annot /Subtype /Text /Rect [30 10 40 20] /Contents (x) /P 3 0 R >>',
  }

  it.each([
    [1, 'fill', 'undefined'],
    [1, 'note', 'undefined'],
    [2, 'fill', 'form_fill'],
    [2, 'note', 'undefined'],
    [3, 'fill', 'form_fill'],
    [3, 'note', 'annotation'],
  ] as const)('level %i: a %s is %s', (level, change, expected) => {
    const [signature] = judge(appendUpdate(certify(level), change === 'fill' ? fill : note))
    expect(signature).toMatchObject({ kind: 'certification', integrity: 'intact', laterChanges: expected })
    if (expected === 'undefined') expect(signature).toMatchObject({ indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
  })

  it('is said where it permits no further signature, by level or by locking every field to come', () => {
    const codes = (file: Buffer): string[] => judge(file, [alice.certificate]).flatMap(({ reasons }) => reasons.map(({ code }) => code))
    const lock = (action: string): Buffer =>
      signDocument(createDocument(), alice, { fieldDict: `/Lock << /Type /SigFieldLock ${action} >>` })
    for (const file of [certify(1), lock('/Action /All'), lock('/Action /Exclude /Fields [(amount)]')])
      expect(codes(file)).toEqual(['no_changes_permitted'])
    for (const file of [certify(2), certify(3), lock('/Action /Include /Fields [(amount)]'), signed]) expect(codes(file)).toEqual([])
  })

  it.each([
    ['/Action /All', 'undefined'],
    ['/Action /Include /Fields [(amount)]', 'undefined'],
    ['/Action /Include /Fields [(agree)]', 'form_fill'],
    ['/Action /Exclude /Fields [(amount)]', 'form_fill'],
    ['/Action /Exclude /Fields [(agree)]', 'undefined'],
    ['/Action /Whatever', 'undefined'],
  ])('fields locked by %s: filling in the amount is %s', (lock, expected) => {
    const dict = `/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Type /TransformParams ${lock} /V /1.2 >> >>]`
    expect(judge(appendUpdate(signDocument(createDocument(), alice, { dict }), fill))).toMatchObject([{ laterChanges: expected }])
    expect(
      judge(appendUpdate(signDocument(createDocument(), alice, { fieldDict: `/Lock << /Type /SigFieldLock ${lock} >>` }), fill)),
    ).toMatchObject([{ laterChanges: expected }])
  })
})

describe('the older formats', () => {
  it('adbe.pkcs7.detached is read like CAdES', () => {
    expect(judge(signDocument(createDocument(), alice, { subFilter: 'adbe.pkcs7.detached' }))).toMatchObject([{ integrity: 'intact' }])
  })

  it('adbe.pkcs7.sha1 is intact, but its digest is not enough', () => {
    const rsa = createSigner('Rita', { scheme: 'RSA SHA-256' })
    const make = (parts: Buffer[]): Buffer => {
      const content = sha1(parts)
      return signMessage(rsa, [content], { content })
    }
    const file = signDocument(createDocument(), rsa, { subFilter: 'adbe.pkcs7.sha1', make })
    expect(judge(file, [rsa.certificate])).toMatchObject([
      { integrity: 'intact', indication: 'INDETERMINATE', subIndication: 'CRYPTO_CONSTRAINTS_FAILURE' },
    ])
  })

  it('what is not understood is never intact and never passes', () => {
    const file = signDocument(createDocument(), alice, { subFilter: 'acme.newest' })
    expect(judge(file, [alice.certificate])).toMatchObject([{ integrity: 'unsupported', indication: 'INDETERMINATE' }])
  })
})

function sha1(parts: Buffer[]): Buffer {
  return createHash('sha1').update(Buffer.concat(parts)).digest()
}

// One byte of a signed file changed, at every place: none may go unnoticed. What may is listed here, place by place, and why.
import { describe, expect, it } from 'vitest'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import { createDocument, signDocument } from '../pdf-writer.ts'
import { createSigner, createToken, nowMs, timestampUsage } from '../signer.ts'

/** Each changes one bit or all; one of them is taken at each place, in turn. */
const masks = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff]
const alice = createSigner('Alice')

/** Where the hexadecimal digits of the signature value are: from, and until after the last one that is not padding. */
function placeOf(file: Buffer): { from: number; until: number; end: number } {
  const from = file.lastIndexOf('/Contents <') + 11
  const end = file.indexOf('>', from)
  return { from, end, until: from + file.toString('latin1', from, end).replace(/(?:00)+$/, '').length }
}

function flip(file: Buffer, at: number, mask: number): Buffer {
  const flipped = Buffer.from(file)
  flipped[at] = (flipped[at] ?? 0) ^ mask
  return flipped
}

/** The same digit in the other case, and space between digits, is the same value to every reader. */
function isSameValue(file: Buffer, flipped: Buffer, at: number): boolean {
  const [before, after] = [file, flipped].map((bytes) => bytes.toString('latin1', at, at + 1).toLowerCase())
  // eslint-disable-next-line no-control-regex
  return before === after || /[\u0000\t\n\f\r ]/.test(after ?? '')
}

function isNoticed(file: Buffer): boolean {
  const { outcome, signatures } = judgeSignatures(file, { nowMs })
  return outcome === 'rejected' || signatures.some(({ integrity }) => integrity !== 'intact')
}

describe('a byte of a signed file that is another', () => {
  // RSA with what the standard calls parameters, and a curve without.
  it.each(['ECDSA', 'RSA SHA-256'] as const)(
    'is noticed wherever it is (%s)',
    (scheme) => {
      const file = signDocument(createDocument(), createSigner('Alice', { scheme }), { contentsBytes: scheme === 'ECDSA' ? 1_000 : 1_800 })
      const { from, end } = placeOf(file)
      const unnoticed: number[] = []
      for (let at = 0; at < file.length; at++) {
        const flipped = flip(file, at, masks[at % masks.length] ?? 1)
        if (at >= from && at < end && isSameValue(file, flipped, at)) continue
        if (!isNoticed(flipped)) unnoticed.push(at)
      }
      expect(unnoticed).toEqual([])
    },
    120_000,
  )

  it.each(['adbe.pkcs7.detached', 'ETSI.CAdES.detached', 'ETSI.RFC3161'])('is noticed in the padding of %s', (subFilter) => {
    const tsa = createSigner('TSA', { usages: [timestampUsage()] })
    const padded = signDocument(createDocument(), alice, {
      subFilter,
      ...(subFilter === 'ETSI.RFC3161' ? { make: (parts) => createToken(tsa, parts) } : {}),
    })
    const { until, end: last } = placeOf(padded)
    expect(judgeSignatures(padded, { nowMs }).signatures[0]?.integrity).toBe('intact')
    for (const at of [until, until + 1, (until + last) >> 1, last - 1]) {
      const [signature] = judgeSignatures(flip(padded, at, 0x01), { nowMs }).signatures
      expect(signature).toMatchObject({ integrity: 'altered', indication: 'TOTAL_FAILED', subIndication: 'FORMAT_FAILURE' })
      expect(signature?.reasons[0]?.code).toBe('trailing_bytes')
    }
  })
})

describe('what no signature covers', () => {
  it('is the version number of the message: 1 in place of 3 means the same to everybody', () => {
    const file = signDocument(createDocument(), alice)
    const version = file.indexOf('020103310', placeOf(file).from) + 5
    expect(judgeSignatures(flip(file, version, 0x02), { nowMs }).signatures[0]?.integrity).toBe('intact')
    expect(isNoticed(flip(file, version, 0x01))).toBe(true)
  })

  it('are the certificates of authorities that come along: whoever trusts them has them already', () => {
    const authority = createSigner('Authority', { isAuthority: true })
    const file = signDocument(createDocument(), createSigner('Bob', { issuer: authority }))
    const at = file.indexOf(authority.certificate.toString('hex'), placeOf(file).from) + 2 * authority.certificate.length - 1
    // Another digit, which is one too.
    const mask = file[at] === 0x30 ? 0x01 : (file[at] ?? 0) ^ 0x30
    expect(judgeSignatures(flip(file, at, mask), { nowMs }).signatures[0]).toMatchObject({
      integrity: 'intact',
      indication: 'INDETERMINATE',
      subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
  })

  it('is a time-stamp, which covers itself: the signature stays, its time-stamp does not', () => {
    const tsa = createSigner('TSA', { usages: [timestampUsage()] })
    const file = signDocument(createDocument(), alice, { message: { timestamp: (value) => createToken(tsa, [value]) } })
    const { from, until } = placeOf(file)
    const before = judgeSignatures(file, { nowMs }).signatures[0]
    let changed = 0
    let same = 0
    for (let at = from; at < until; at += 7) {
      const after = judgeSignatures(flip(file, at, 0x01), { nowMs }).signatures[0]
      if (after?.integrity !== 'intact') continue
      if (after.timestamp?.integrity === before?.timestamp?.integrity) same++
      else changed++
    }
    expect(changed).toBeGreaterThan(100)
    // Tags and versions of the token, a handful of bytes that say nothing.
    expect(same).toBeLessThan(5)
  })
})

// Signers' tokens and cookies: derived, one for each signer, and of no use when anything about them is changed.
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createEnvelopeId, isEnvelopeId } from '../../../src/domain/envelopes/id.ts'
import { isSignerCookie, readSignerToken, signerCookie, signerToken } from '../../../src/domain/envelopes/token.ts'
import { createVerificationId } from '../../../src/domain/verification/id.ts'
import { Keyring } from '../../../src/lib/keyring.ts'

const key = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`
const [first, second] = [key('k1'), key('k2')]
const keyring = Keyring.parse(first)
const envelopeId = createEnvelopeId(5, keyring.writingTag)
const token = (number: number, ring = keyring) => signerToken(ring, envelopeId, number) ?? ''
const verificationId = createVerificationId({ partition: 0, keyTag: keyring.writingTag, purpose: 'identity_verification', digits: 6 })

describe('a token', () => {
  it('opens the envelope for its one signer, and is the same whenever it is derived', () => {
    for (const signer of [1, 2, 20]) expect(readSignerToken(keyring, token(signer))).toEqual({ envelopeId, signer })
    expect(token(1)).toBe(token(1))
    expect(token(1)).not.toBe(token(2))
    expect(token(1)).toMatch(/^[\w-]{75}$/)
  })

  it('is worth nothing with one letter changed, anywhere', () => {
    const good = token(1)
    for (let at = 0; at < good.length; at++) {
      for (const letter of ['0', 'a', 'A', '_'].filter((candidate) => candidate !== good[at])) {
        expect(readSignerToken(keyring, good.slice(0, at) + letter + good.slice(at + 1)), `letter ${at}`).toBeNull()
      }
    }
  })

  it('is not made by putting another signer’s number into it, nor under another key, nor of another kind', () => {
    const other = token(1).slice(0, 32)
    expect(readSignerToken(keyring, token(2).slice(0, 32) + token(1).slice(32))).toBeNull()
    expect(readSignerToken(keyring, other + token(2).slice(32))).toBeNull()
    expect(readSignerToken(Keyring.parse(second), token(1))).toBeNull()
    expect(readSignerToken(Keyring.parse(second), signerToken(keyring, envelopeId, 1) ?? '')).toBeNull()
    // The one of number 0 is the envelope's own id: nobody is signer 0.
    expect(readSignerToken(keyring, signerToken(keyring, envelopeId, 0) ?? '')).toBeNull()
    expect(readSignerToken(keyring, '')).toBeNull()
    expect(readSignerToken(keyring, 'x'.repeat(75))).toBeNull()
  })

  it('stays good when the ring gets a new key in front, and ends with its own', () => {
    expect(readSignerToken(Keyring.parse(`${second},${first}`), token(1))).toEqual({ envelopeId, signer: 1 })
    expect(signerToken(Keyring.parse(second), envelopeId, 1)).toBeNull()
  })

  it('has an id that is no envelope’s', () => {
    expect(isEnvelopeId(envelopeId)).toBe(true)
    expect(isEnvelopeId(`env_${token(1).slice(0, 32)}`)).toBe(false)
    expect(signerToken(keyring, verificationId, 1)).toBeNull()
  })
})

describe('a cookie', () => {
  const cookie = signerCookie(keyring, envelopeId, 1, verificationId) ?? ''

  it('is of one signer and one verification', () => {
    expect(isSignerCookie(keyring, envelopeId, 1, verificationId, cookie)).toBe(true)
    expect(isSignerCookie(keyring, envelopeId, 2, verificationId, cookie)).toBe(false)
    expect(isSignerCookie(keyring, envelopeId, 1, `${verificationId}x`, cookie)).toBe(false)
    expect(isSignerCookie(keyring, createEnvelopeId(5, keyring.writingTag), 1, verificationId, cookie)).toBe(false)
    expect(isSignerCookie(Keyring.parse(second), envelopeId, 1, verificationId, cookie)).toBe(false)
    expect(isSignerCookie(Keyring.parse(second), envelopeId, 1, verificationId, '')).toBe(false)
    expect(isSignerCookie(keyring, envelopeId, 1, verificationId, token(1))).toBe(false)
  })
})

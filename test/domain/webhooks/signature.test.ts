// Signatures as receivers check them: with the specification's own library where it can, with plain Ed25519 where it cannot.
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { createWebhookSecret, publicKeyOf, signedHeaders } from '../../../src/domain/webhooks/signature.ts'
import { isSignedBy } from '../../support/webhooks.ts'

const body = JSON.stringify({
  type: 'verification.approved',
  timestamp: new Date().toISOString(),
  data: { subject: 'verification:ver_1' },
  sequence: 3,
})

test('HMAC signatures satisfy the library of Standard Webhooks, an altered body does not', () => {
  const secret = createWebhookSecret('hmac')
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  const headers = signedHeaders([secret], 'evt_1', Date.now(), body)
  expect(new Webhook(secret).verify(body, headers)).toMatchObject({ sequence: 3 })
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature')
  expect(() => new Webhook(createWebhookSecret('hmac')).verify(body, headers)).toThrow()
})

test('during a rotation both secrets satisfy it', () => {
  const [newest, previous] = [createWebhookSecret('hmac'), createWebhookSecret('hmac')]
  const headers = signedHeaders([newest, previous], 'evt_1', Date.now(), body)
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
  for (const secret of [newest, previous]) expect(new Webhook(secret).verify(body, headers)).toBeTruthy()
})

test('Ed25519 signatures are checked by the public key, which the secret gives', () => {
  const secret = createWebhookSecret('ed25519')
  const publicKey = publicKeyOf(secret) ?? ''
  expect(publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/)
  const headers = signedHeaders([secret], 'evt_1', Date.now(), body)
  expect(isSignedBy(publicKey, headers, body)).toBe(true)
  expect(isSignedBy(publicKey, headers, `${body} `)).toBe(false)
  expect(isSignedBy(publicKeyOf(createWebhookSecret('ed25519')) ?? '', headers, body)).toBe(false)
  expect(publicKeyOf(createWebhookSecret('hmac'))).toBeNull()
})

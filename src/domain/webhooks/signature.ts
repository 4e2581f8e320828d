// Keys and signatures of Standard Webhooks 1.0: `whsec_` for HMAC-SHA-256 (v1), `whsk_`/`whpk_` for Ed25519 (v1a). Pure.
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { WebhookScheme } from '../../contracts/webhook.ts'

const hmacBytes = 32
const seedBytes = 32
/** What stands before the 32 bytes of a seed in PKCS #8 (RFC 8410). */
const pkcs8Start = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A new secret: `whsec_…` or `whsk_…`, base64. */
export function createWebhookSecret(scheme: WebhookScheme): string {
  if (scheme === 'hmac') return `whsec_${randomBytes(hmacBytes).toString('base64')}`
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-seedBytes)
  const open = publicKey.export({ format: 'der', type: 'spki' }).subarray(-seedBytes)
  return `whsk_${Buffer.concat([seed, open]).toString('base64')}`
}

/** `whpk_…` of an Ed25519 secret; null for the other scheme, whose secret both sides hold. */
export function publicKeyOf(secret: string): string | null {
  if (!secret.startsWith('whsk_')) return null
  const spki = createPublicKey(privateKeyOf(secret)).export({ format: 'der', type: 'spki' })
  return `whpk_${spki.subarray(-seedBytes).toString('base64')}`
}

/** The three headers of a try. Every live secret signs, the newest first; `atMs` is the time of the try. */
export function signedHeaders(secrets: readonly string[], eventId: string, atMs: number, body: string): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1_000))
  const content = `${eventId}.${timestamp}.${body}`
  return {
    'webhook-id': eventId,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => signatureOf(secret, content)).join(' '),
  }
}

function signatureOf(secret: string, content: string): string {
  if (secret.startsWith('whsk_')) return `v1a,${sign(null, Buffer.from(content), privateKeyOf(secret)).toString('base64')}`
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
}

function privateKeyOf(secret: string) {
  const seed = Buffer.from(secret.slice('whsk_'.length), 'base64').subarray(0, seedBytes)
  return createPrivateKey({ key: Buffer.concat([pkcs8Start, seed]), format: 'der', type: 'pkcs8' })
}

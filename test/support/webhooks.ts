// What a receiver of webhooks knows: the public key and the text of the specification.
import { createPublicKey, verify } from 'node:crypto'

/** Whether any `v1a` signature of these headers is by this `whpk_…`. */
export function isSignedBy(publicKey: string, headers: Readonly<Record<string, string>>, content: string): boolean {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${content}`)
  return (headers['webhook-signature'] ?? '')
    .split(' ')
    .filter((part) => part.startsWith('v1a,'))
    .some((part) => verify(null, signed, key, Buffer.from(part.slice(4), 'base64')))
}

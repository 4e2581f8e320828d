// Records that live in their token: compact JWE, encrypted and not just signed, under a key derived from the master keys.
// Each token has a content key of its own, wrapped by AES-KW: wrapping needs no nonce, so that no number of tokens wears the key out.
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import type { StateTokens, TokenContent } from '../../domain/state-ports.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'

const label = 'state token'
const typ = 'state+jwt'
const alg = 'A256KW'
const enc = 'A256GCM'

/** `name` is issuer and audience: another deployment's tokens open nothing here even with the same keys. */
export function createStateTokens({ keyring, name }: { keyring: Keyring; name: string }): StateTokens {
  return {
    async encrypt({ id, createdAtMs, expiresAtMs, content }) {
      const { kid, key } = keyring.writingKey(label)
      const claims = { iss: name, aud: name, jti: id, iat: createdAtMs / SECOND_MS, exp: expiresAtMs / SECOND_MS, content }
      return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(claims))).setProtectedHeader({ alg, enc, kid, typ }).encrypt(key)
    },

    async decrypt(token) {
      try {
        if (!isOneSpelling(token)) return null
        const header = decodeProtectedHeader(token)
        const key = header.typ === typ && header.kid !== undefined ? keyring.readingKey(header.kid, label) : null
        if (!key) return null
        const { plaintext } = await compactDecrypt(token, key, { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] })
        return contentOf(JSON.parse(new TextDecoder().decode(plaintext)) as Claims, name)
      } catch {
        return null
      }
    },
  }
}

/** The last letter of a part may have bits to spare: such a second spelling would open as well. */
function isOneSpelling(token: string): boolean {
  return token.split('.').every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}

/** Authenticated, and so of the shape that `encrypt` gave it. */
type Claims = { iss: string; aud: string; jti: string; iat: number; exp: number; content: TokenContent['content'] }

function contentOf({ iss, aud, jti, iat, exp, content }: Claims, name: string): TokenContent | null {
  if (iss !== name || aud !== name) return null
  return { id: jti, createdAtMs: Math.round(iat * SECOND_MS), expiresAtMs: Math.round(exp * SECOND_MS), content }
}

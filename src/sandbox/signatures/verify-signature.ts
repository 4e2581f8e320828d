// The mathematics: digests and signature values, by node:crypto.
import type { KeyObject } from 'node:crypto'
import { createHash, verify } from 'node:crypto'
import type { Digest, SignatureScheme } from './algorithms.ts'

/** The digest over the parts one after the other; undefined if this Node cannot compute it. */
export function computeDigest(digest: Digest, parts: readonly Buffer[]): Buffer | undefined {
  try {
    const hash = createHash(digest.hash, digest.bytes === undefined ? {} : { outputLength: digest.bytes })
    for (const part of parts) hash.update(part)
    return hash.digest()
  } catch {
    return undefined
  }
}

/** Whether the signature value fits; undefined if scheme and key do not go together or this Node cannot compute it. */
export function verifyValue(
  scheme: SignatureScheme,
  messageDigest: Digest,
  key: KeyObject,
  message: Buffer,
  value: Buffer,
): boolean | undefined {
  const type = key.asymmetricKeyType
  try {
    switch (scheme.kind) {
      case 'eddsa':
        return type === scheme.curve ? verify(null, message, key, value) : undefined
      case 'rsa':
        return type === 'rsa' ? verify((scheme.digest ?? messageDigest).hash, message, key, value) : undefined
      case 'rsa-pss':
        if (type !== 'rsa' && type !== 'rsa-pss') return undefined
        // 6 is RSA_PKCS1_PSS_PADDING of OpenSSL.
        return verify(scheme.digest.hash, message, { key, padding: 6, saltLength: scheme.saltBytes }, value)
      case 'ecdsa':
        if (type !== 'ec') return undefined
        return verify((scheme.digest ?? messageDigest).hash, message, { key, dsaEncoding: scheme.plain ? 'ieee-p1363' : 'der' }, value)
    }
  } catch {
    return undefined
  }
}

/** The scheme in words, such as `RSA-PSS SHA-256, 2048 bits` or `ECDSA SHA-256, prime256v1`. */
export function describeScheme(scheme: SignatureScheme, messageDigest: Digest, key: KeyObject | undefined): string {
  const details = key?.asymmetricKeyDetails
  const size = details?.namedCurve ?? (details?.modulusLength === undefined ? undefined : `${details.modulusLength} bits`)
  const ending = size === undefined ? '' : `, ${size}`
  switch (scheme.kind) {
    case 'eddsa':
      return scheme.curve === 'ed25519' ? 'Ed25519' : 'Ed448'
    case 'rsa':
      return `RSA ${(scheme.digest ?? messageDigest).name}${ending}`
    case 'rsa-pss':
      return `RSA-PSS ${scheme.digest.name}${ending}`
    case 'ecdsa':
      return `ECDSA ${(scheme.digest ?? messageDigest).name}${ending}`
  }
}

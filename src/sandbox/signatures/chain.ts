// Does a certificate lead to one that the caller trusts? Without trusted certificates it never does: the answer is unknown, not yes.
// Revocation is not asked here (the sandbox has no network); a chain that would need asking is `revocation_unknown`.
import type { Certificate } from './certificate.ts'

const MAX_CHAIN_LENGTH = 8

export type ChainResult = 'trusted' | 'revocation_unknown' | 'expired' | 'not_yet_valid' | 'unknown'

/** Follows issuers from a certificate among `others` to one of `trusted`, as of a moment in milliseconds. */
export function judgeChain(leaf: Certificate, others: readonly Certificate[], trusted: readonly Certificate[], atMs: number): ChainResult {
  const chain = findChain(leaf, others, trusted)
  if (chain === undefined) return 'unknown'
  if (chain.some((certificate) => atMs < certificate.notBeforeMs)) return 'not_yet_valid'
  if (chain.some((certificate) => atMs > certificate.notAfterMs)) return 'expired'
  // The caller vouches for the last one itself.
  return chain.slice(0, -1).some((certificate) => certificate.hasRevocationPointer) ? 'revocation_unknown' : 'trusted'
}

/** The certificates from a leaf to a trusted one, both included; undefined if no such path is found. Times are not looked at. */
export function findChain(leaf: Certificate, others: readonly Certificate[], trusted: readonly Certificate[]): Certificate[] | undefined {
  const chain = [leaf]
  for (let current = leaf; chain.length <= MAX_CHAIN_LENGTH;) {
    if (trusted.some((anchor) => anchor.der.equals(current.der))) return chain
    const issuer = [...trusted, ...others].find((candidate) => hasIssued(candidate, current))
    if (issuer === undefined || chain.includes(issuer)) return undefined
    chain.push(issuer)
    current = issuer
  }
  return undefined
}

function hasIssued(issuer: Certificate, subject: Certificate): boolean {
  try {
    return issuer.x509.ca && issuer.key !== undefined && subject.x509.checkIssued(issuer.x509) && subject.x509.verify(issuer.key)
  } catch {
    return false
  }
}

// Whose certificate it is at which a path ends: providers by the SHA-256 of each of their certificates.
import { createHash } from 'node:crypto'
import type { TrustedProvider, TrustList } from '../compliance-ports.ts'

export function anchorsOf({ providers }: TrustList): Map<string, TrustedProvider> {
  return new Map(providers.flatMap((provider) => provider.certificates.map((certificate) => [sha256Of(certificate), provider] as const)))
}

function sha256Of(certificate: string): string {
  return createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('hex')
}

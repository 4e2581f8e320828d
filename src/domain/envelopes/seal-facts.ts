// What the act of sealing says.
import type { Act, SealState } from '../envelope-ports.ts'

/** Of the sealed copy, its signature and the certificate's file: whatever else speaks of them (row, bundle) is compared with this. */
export function factsOfSeal(seal: SealState): Act['facts'] {
  const { sha256 = '', bytes = 0, certificateSha256 = '', byteRange = [], signaturesBefore = 0 } = seal
  const { certificateFileSha256 = '', certificateFileBytes = 0, sealedAtMs = 0 } = seal
  const sealedAt = new Date(sealedAtMs).toISOString()
  const certificateFile = { certificateFileSha256, certificateFileBytes }
  return { sha256, bytes, certificateSha256, byteRange: byteRange.join(' '), signaturesBefore, ...certificateFile, sealedAt }
}

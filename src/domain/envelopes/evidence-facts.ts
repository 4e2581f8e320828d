// envelope.json of a bundle: the facts of an envelope in clear, for its owner; nothing internal (where bytes lie, whose key is whose).
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord, SealState, SignerRecord } from '../envelope-ports.ts'
import { openEnvelope, openSigner } from './personal.ts'

const moment = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())

export function envelopeFacts(keyring: Keyring, record: EnvelopeRecord, seal: SealState) {
  const personal = openEnvelope(keyring, record.id, record.sealed)
  const { id, status, sequence, actsHead, requiredClass, order, declarations } = record
  return {
    id,
    status,
    title: personal?.title ?? null,
    message: personal?.message ?? null,
    sender: { name: personal?.sender.name ?? null, email: personal?.sender.email ?? null },
    requiredClass,
    order,
    declarations,
    document: {
      id: record.documentId,
      sha256: record.documentSha256,
      bytes: record.documentBytes,
      pages: record.pages,
      wasSigned: record.isSigned,
    },
    signers: record.signers.map((signer) => signerFacts(keyring, id, signer)),
    seal: {
      sha256: seal.sha256 ?? null,
      bytes: seal.bytes ?? null,
      byteRange: seal.byteRange ?? null,
      certificateSha256: seal.certificateSha256 ?? null,
      certificateFileSha256: seal.certificateFileSha256 ?? null,
      certificateFileBytes: seal.certificateFileBytes ?? null,
      signaturesBefore: seal.signaturesBefore ?? null,
      sealedAt: moment(seal.sealedAtMs),
    },
    sequence,
    actsHead,
    createdAt: moment(record.createdAtMs),
    expiresAt: moment(record.expiresAtMs),
    endedAt: moment(record.endedAtMs),
  }
}

function signerFacts(keyring: Keyring, envelopeId: string, signer: SignerRecord) {
  const personal = openSigner(keyring, envelopeId, signer.number, signer.sealed)
  return {
    number: signer.number,
    status: signer.status,
    name: personal?.name ?? null,
    correctedName: personal?.correctedName ?? null,
    signedName: personal?.signedName ?? null,
    email: personal?.email ?? null,
    phone: personal?.phone ?? null,
    identifiedBy: personal?.channel ?? null,
    verificationId: signer.verificationId ?? null,
    invitedAt: moment(signer.invitedAtMs),
    viewedAt: moment(signer.viewedAtMs),
    verifiedAt: moment(signer.verifiedAtMs),
    reviewedAt: moment(signer.reviewedAtMs),
    consentedAt: moment(signer.consentedAtMs),
    signedAt: moment(signer.signedAtMs),
  }
}

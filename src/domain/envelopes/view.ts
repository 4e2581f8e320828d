// How an envelope looks to those who may see it: in full to its owner, with the others masked to a signer.
import type { EnvelopeSummary, EnvelopeView } from '../../contracts/envelope.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { EnvelopeRecord, SealState, SignerRecord } from '../envelope-ports.ts'
import type { NoticeRecord } from '../notice-ports.ts'
import { maskEmailAddress } from '../verification/email-address.ts'
import { nameOf, openEnvelope, openSigner } from './personal.ts'
import { statusAt } from './standing.ts'

/** Who looks: the owner (or an admin), or the signers of these numbers. */
export type Viewer = 'owner' | readonly number[]

const time = (ms: number): string => new Date(ms).toISOString()
const moment = (ms: number | undefined): string | null => (ms === undefined ? null : time(ms))

/** What was erased is empty. */
export function summaryOf(keyring: Keyring, record: EnvelopeRecord, viewer: Viewer, nowMs: number): EnvelopeSummary {
  const { id, sequence, documentId, requiredClass, order, reason = null, createdAtMs, expiresAtMs, endedAtMs } = record
  const status = statusAt(record, nowMs)
  return {
    id,
    status,
    // The job will add an act when it writes what this view already shows: the same sequence then means the same state.
    sequence: status === record.status ? sequence : sequence + 1,
    documentId,
    title: openEnvelope(keyring, id, record.sealed)?.title ?? '',
    requiredClass,
    order,
    signers: record.signers.map((signer) => signerOf(keyring, id, signer, viewer)),
    reason,
    createdAt: time(createdAtMs),
    expiresAt: time(expiresAtMs),
    endedAt: moment(endedAtMs ?? (status === 'expired' ? expiresAtMs : undefined)),
  }
}

/** All of it. A signer sees the mails that went to them. */
export function viewOf(
  keyring: Keyring,
  record: EnvelopeRecord,
  notices: readonly NoticeRecord[],
  viewer: Viewer,
  nowMs: number,
): EnvelopeView {
  const shown = notices.filter(({ signer }) => viewer === 'owner' || (signer !== null && viewer.includes(signer)))
  return {
    ...summaryOf(keyring, record, viewer, nowMs),
    reminders: record.reminders ?? null,
    retention: record.retention,
    seal: record.seal ? sealOf(record.seal) : null,
    mails: shown.map(({ kind, signer, status, dueAtMs, endedAtMs, reason = null }) => ({
      kind,
      signer,
      status,
      dueAt: time(dueAtMs),
      endedAt: moment(endedAtMs),
      reason,
    })),
  }
}

function sealOf({ step, tries, reason, sha256 }: SealState): EnvelopeView['seal'] {
  return { step, tries, reason: reason ?? null, sha256: sha256 ?? null }
}

function signerOf(keyring: Keyring, envelopeId: string, signer: SignerRecord, viewer: Viewer): EnvelopeSummary['signers'][number] {
  const { number, status, invitedAtMs, viewedAtMs, verifiedAtMs, signedAtMs, declinedAtMs } = signer
  const personal = openSigner(keyring, envelopeId, number, signer.sealed)
  const isShown = viewer === 'owner' || viewer.includes(number)
  const email = personal?.email ?? ''
  return {
    number,
    name: personal ? nameOf(personal) : '',
    email: isShown || email === '' ? email : maskEmailAddress(email),
    status,
    invitedAt: moment(invitedAtMs),
    viewedAt: moment(viewedAtMs),
    verifiedAt: moment(verifiedAtMs),
    signedAt: moment(signedAtMs),
    declinedAt: moment(declinedAtMs),
    declineReason: isShown ? (personal?.declineReason ?? null) : null,
  }
}

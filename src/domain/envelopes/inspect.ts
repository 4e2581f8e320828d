// What a signer's page shows: where the signer stands, and what this browser may see of it. Reads only.
import type { SignerStatus } from '../../contracts/envelope.ts'
import type { Caller } from '../caller.ts'
import { statusAt as verificationStatusAt, isFinal, viewOf as viewOfVerification } from '../verification/view.ts'
import type { EnvelopeDeps } from './deps.ts'
import { identificationOf } from './new-signers.ts'
import { nameOf, openEnvelope, openSigner, type EnvelopePersonal, type SignerChannel } from './personal.ts'
import { closedReason, findSigner, isVerified, maySee, type ClosedReason, type FoundSigner } from './signer.ts'

export type SignerStep = 'identify' | 'code' | 'review' | 'consent' | 'sign'

/** How a signer is (to be) identified. The last two are there once a code was sent and can be entered. */
export type Identification = {
  step: 'identify' | 'code'
  maskedTo: string
  channel: SignerChannel
  resendAvailableAt?: string
  attemptsRemaining?: number
}

/** A signer as the others see them. `name` as it was corrected. */
export type ShownSigner = { number: number; name: string; status: SignerStatus; isYou: boolean }

/**
 * `closed`: nothing is to be done (now). Who has signed may still look at the document: `identify` says how, where this browser has not been shown to be theirs.
 * `open`: `title`, `message`, `signerName`, `documentSha256` are empty, `pages` 0 and `signers` none until it has been; `senderName` is masked until then if it is an
 * address.
 */
export type SignerView =
  | { state: 'invalid' }
  | {
      state: 'closed'
      why: ClosedReason
      locale: string
      title?: string
      senderName: string | null
      isVerified: boolean
      mayDownload: boolean
      identify: Identification | null
      endedAt: string | null
      sealedSha256: string | null
    }
  | {
      state: 'open'
      step: SignerStep
      locale: string
      maskedTo: string
      channel: SignerChannel
      senderName: string | null
      signerName: string
      pages: number
      message: string | null
      title: string
      documentSha256: string
      signers: ShownSigner[]
      expiresAt: string
      isPublicBody: boolean
      isAlternativeOffered: boolean
      resendAvailableAt?: string
      attemptsRemaining?: number
    }

/** `cookie` is what `confirmSigner` gave this browser. Throws `service_degraded`. */
export async function inspectSigner(deps: EnvelopeDeps, _caller: Caller, token: string, cookie: string | undefined): Promise<SignerView> {
  const found = await findSigner(deps, token)
  if (!found) return { state: 'invalid' }
  const why = closedReason(found, deps.clock.nowMs())
  return why === null ? openView(deps, found, cookie) : closedView(deps, found, why, cookie)
}

async function openView(deps: EnvelopeDeps, found: FoundSigner, cookie: string | undefined): Promise<SignerView> {
  const { record, signer, personal } = found
  const envelope = openEnvelope(deps.keyring, record.id, record.sealed)
  const isKnown = isVerified(deps.keyring, found, cookie, deps.clock.nowMs())
  const identification = isKnown ? null : await identificationAt(deps, found)
  const { maskedTo, channel, ...asked } = identification ?? personal
  return {
    state: 'open',
    step: identification?.step ?? stepOf(found),
    locale: personal.locale,
    maskedTo,
    channel,
    senderName: senderName(envelope, isKnown),
    signerName: isKnown ? nameOf(personal) : '',
    pages: isKnown ? record.pages : 0,
    message: isKnown ? (envelope?.message ?? null) : null,
    title: isKnown ? (envelope?.title ?? '') : '',
    documentSha256: isKnown ? record.documentSha256 : '',
    signers: isKnown ? shownSigners(deps, found, signer.number) : [],
    expiresAt: new Date(record.expiresAtMs).toISOString(),
    isPublicBody: record.declarations.publicBody === true,
    isAlternativeOffered: record.declarations.alternativeOffered === true,
    ...('resendAvailableAt' in asked && asked.resendAvailableAt !== undefined ? { resendAvailableAt: asked.resendAvailableAt } : {}),
    ...('attemptsRemaining' in asked && asked.attemptsRemaining !== undefined ? { attemptsRemaining: asked.attemptsRemaining } : {}),
  }
}

async function closedView(deps: EnvelopeDeps, found: FoundSigner, why: ClosedReason, cookie: string | undefined): Promise<SignerView> {
  const { record, personal } = found
  const envelope = openEnvelope(deps.keyring, record.id, record.sealed)
  const isKnown = isVerified(deps.keyring, found, cookie, deps.clock.nowMs())
  const isVisible = maySee(found, deps.clock.nowMs())
  return {
    state: 'closed',
    why,
    locale: personal.locale,
    ...(isKnown && envelope ? { title: envelope.title } : {}),
    senderName: senderName(envelope, isKnown),
    isVerified: isKnown,
    mayDownload: isKnown && isVisible,
    identify: isKnown || !isVisible ? null : await identificationAt(deps, found),
    endedAt: record.endedAtMs === undefined ? null : new Date(record.endedAtMs).toISOString(),
    sealedSha256: isKnown && record.status === 'completed' ? (record.seal?.sha256 ?? null) : null,
  }
}

function stepOf({ signer }: FoundSigner): SignerStep {
  if (signer.reviewedAtMs === undefined) return 'review'
  return signer.consentedAtMs === undefined ? 'consent' : 'sign'
}

/** A code that was asked for can be entered as long as its verification lives. */
async function identificationAt(deps: EnvelopeDeps, { signer, personal }: FoundSigner): Promise<Identification> {
  const target = identificationOf(deps.policy, personal)
  const asked = signer.askedVerificationId === undefined ? null : await deps.verifications.read(signer.askedVerificationId)
  const nowMs = deps.clock.nowMs()
  if (!asked || isFinal(verificationStatusAt(asked, nowMs))) return { step: 'identify', ...target }
  const { resendAvailableAt, attemptsRemaining } = viewOfVerification(asked, nowMs)
  const channel = asked.channel === 'sms' ? 'sms' : 'email'
  return { step: 'code', channel, maskedTo: asked.maskedTo, resendAvailableAt, attemptsRemaining }
}

/** An address that nobody gave a name is shown in full only to those who were identified. */
function senderName(envelope: EnvelopePersonal | null, isKnown: boolean): string | null {
  const { name, email } = envelope?.sender ?? {}
  return name ?? (isKnown ? (email ?? null) : null)
}

function shownSigners({ keyring }: EnvelopeDeps, { record }: FoundSigner, you: number): ShownSigner[] {
  return record.signers.map(({ number, status, sealed }) => {
    const personal = openSigner(keyring, record.id, number, sealed)
    return { number, name: personal ? nameOf(personal) : '', status, isYou: number === you }
  })
}

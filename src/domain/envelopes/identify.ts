// Identifying a signer by a code of the project's own verification: asked for by the page's button, entered in the page.
import type { Caller } from '../caller.ts'
import { AppError, invalidField, type ErrorCode } from '../../errors.ts'
import type { Channel } from '../../contracts/verification.ts'
import type { RequestContext } from '../context.ts'
import type { EnvelopeRecord, SignerRecord } from '../envelope-ports.ts'
import { approve } from '../verification/check.ts'
import { normaliseCode } from '../verification/destination.ts'
import { startVerification } from '../verification/start.ts'
import { decideOn } from './decide.ts'
import type { EnvelopeDeps } from './deps.ts'
import { draftOf, withSigner, type Draft } from './draft.ts'
import { identificationOf } from './new-signers.ts'
import { sealSigner, type SignerChannel } from './personal.ts'
import { closedError, closedReason, maySee, requireSigner, signerIn, type FoundSigner } from './signer.ts'
import { signerCookie } from './token.ts'
import { signerTrace } from './trace.ts'

/** No further message of a code that can still be entered. */
const stillLive: ReadonlySet<ErrorCode> = new Set(['cooldown_active', 'max_sends_reached'])

/**
 * Sends a code, or once more the one that can still be entered. `caller` is the visitor, whose network is counted. Throws `token_invalid`, `token_expired`,
 * `not_updatable`, `step_not_open`, and what starting and repeating verifications throw: `cooldown_active`, `rate_limited`, `max_sends_reached` …
 */
export async function identifySigner(deps: EnvelopeDeps, caller: Caller, token: string, context: RequestContext): Promise<void> {
  const { record, signer, personal } = requireIdentifiable(await requireSigner(deps, token), deps.clock.nowMs())
  const { channel } = identificationOf(deps.policy, personal)
  const to = channel === 'sms' ? (personal.phone ?? '') : personal.email
  const request = {
    channel,
    to,
    method: 'code' as const,
    purpose: 'identity_verification' as const,
    locale: personal.locale,
  }
  const live: string[] = []
  try {
    const visitor = visitorOf(caller, record, signer)
    const { verification } = await startVerification(deps, visitor, request, { requestId: context.requestId }, (id) => live.push(id))
    await noteAsked(deps, { record, signer }, verification.id, channel, context)
  } catch (error) {
    // The message of a start whose end was lost, or of the first of two presses: its code is asked for all the same.
    const id = error instanceof AppError && stillLive.has(error.code) ? live[0] : undefined
    if (id !== undefined) await noteAsked(deps, { record, signer }, id, channel, context)
    throw error
  }
}

async function noteAsked(
  deps: EnvelopeDeps,
  { record, signer }: Pick<FoundSigner, 'record' | 'signer'>,
  verificationId: string,
  channel: SignerChannel,
  context: RequestContext,
): Promise<void> {
  const nowMs = deps.clock.nowMs()
  await decideOn(deps, record.id, signerTrace(deps.keyring, record.id, signer.number, context.requestId), nowMs, (before) => {
    const found = foundAgain(deps, before, signer.number, nowMs)
    const isFirst = closedReason(found, nowMs) === null && found.signer.viewedAtMs === undefined
    if (!isFirst && found.signer.askedVerificationId === verificationId) return null
    const status = found.signer.status === 'invited' ? ('viewed' as const) : found.signer.status
    const change = { askedVerificationId: verificationId, ...(isFirst ? { viewedAtMs: nowMs, status } : {}) }
    const viewed = { type: 'envelope.viewed', signer: signer.number, facts: { channel } } as const
    return { ...draftOf(withSigner(before, signer.number, change)), acts: isFirst ? [viewed] : [] }
  })
}

/**
 * Checks a code, counting wrong ones. The cookie is for this browser; it holds until the signer is identified anew. Throws as `identifySigner` does, and
 * `invalid_request`, `incorrect_code`, `max_attempts_reached`, `verification_expired`, `already_approved`.
 */
export async function confirmSigner(
  deps: EnvelopeDeps,
  caller: Caller,
  token: string,
  code: string,
  context: RequestContext,
): Promise<{ cookie: string }> {
  const typed = normaliseCode(code)
  if (typed === null) throw invalidField('/code', 'must be 6 to 10 digits')
  const { record, signer } = requireIdentifiable(await requireSigner(deps, token), deps.clock.nowMs())
  // The second of two presses finds the code entered: the same one again within a minute is answered alike.
  const verificationId = signer.askedVerificationId ?? signer.verificationId
  if (verificationId === undefined) throw new AppError('step_not_open', { detail: 'Ask for a code first.' })
  const visitor = visitorOf(caller, record, signer)
  const { verification } = await approve(deps, visitor, verificationId, typed, 'code', { requestId: context.requestId })
  const nowMs = deps.clock.nowMs()
  await decideOn(deps, record.id, signerTrace(deps.keyring, record.id, signer.number, context.requestId), nowMs, (before) =>
    identified(deps, foundAgain(deps, before, signer.number, nowMs), verification, nowMs),
  )
  const cookie = signerCookie(deps.keyring, record.id, signer.number, verificationId)
  if (cookie === null) throw new AppError('token_invalid')
  return { cookie }
}

/** Who has signed before and only wants to see the document does nothing to the envelope by it: there is no act then. */
function identified(
  { keyring }: EnvelopeDeps,
  found: FoundSigner,
  { id, channel: used, to: maskedTo }: { id: string; channel: Channel; to: string },
  nowMs: number,
): Draft | null {
  const { record, signer, personal } = found
  if (signer.verificationId === id) return null
  const channel: SignerChannel = used === 'sms' ? 'sms' : 'email'
  const isTurn = closedReason(found, nowMs) === null
  const { askedVerificationId: asked, ...rest } = signer
  const changed: SignerRecord = {
    ...rest,
    ...(asked === undefined || asked === id ? {} : { askedVerificationId: asked }),
    verificationId: id,
    identifiedAtMs: nowMs,
    ...(isTurn ? { status: 'verified', verifiedAtMs: signer.verifiedAtMs ?? nowMs } : {}),
    sealed: sealSigner(keyring, record.id, signer.number, { ...personal, channel, maskedTo }),
  }
  const signers = record.signers.map((other) => (other.number === signer.number ? changed : other))
  const act = { type: 'envelope.verified', signer: signer.number, facts: { verificationId: id, channel }, personal: { maskedTo } } as const
  return { ...draftOf({ ...record, signers }), acts: isTurn ? [act] : [] }
}

/**
 * The end user's network counts, whoever is signed in in that browser; but the verification belongs to this signer of this envelope alone: nobody else's start,
 * also from the same network and to the same address, finds it, and one that is under way for another envelope is no answer here.
 */
function visitorOf({ network = 'unknown' }: Caller, { id }: EnvelopeRecord, { number }: SignerRecord): Caller {
  return { kind: 'anonymous', network, signer: `${id}.${number}` }
}

function requireIdentifiable(found: FoundSigner, nowMs: number): FoundSigner {
  if (!maySee(found, nowMs)) throw closedError(closedReason(found, nowMs) ?? 'waiting')
  return found
}

function foundAgain({ keyring }: EnvelopeDeps, record: EnvelopeRecord, number: number, nowMs: number): FoundSigner {
  const found = signerIn(keyring, record, number)
  if (!found) throw new AppError('token_invalid')
  return requireIdentifiable(found, nowMs)
}

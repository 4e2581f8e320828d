// What a verified signer does, in strict order: review (and correct the name), consent, sign; or decline. Each is one transaction with its act; twice is once.
import { endReason, personName } from '../../contracts/envelope.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { NewAct } from './acts.ts'
import { decideOn } from './decide.ts'
import type { EnvelopeDeps } from './deps.ts'
import { draftOf, withSigner, type Draft } from './draft.ts'
import { askedSigners, endOf } from './end.ts'
import { inviteNext } from './invite.ts'
import { envelopeJob } from './jobs.ts'
import { foldName, writtenName } from './names.ts'
import { nameOf, sealSigner, type SignerPersonal } from './personal.ts'
import { requireSigner, requireTurn, requireVerified, signerIn, type FoundSigner } from './signer.ts'
import { notifySender } from './tell.ts'
import { signerTrace } from './trace.ts'

/** A text that a person agreed to, as it was shown: its version and its SHA-256 in hex. */
type ShownText = { textVersion: string; textSha256: string }
type Signing = { typedName: string; intentVersion: string; intentSha256: string; method: 'typed' }

/**
 * The signer has looked at the document and says how the name is to be written. May be done again until the signature. This and what follows throw `token_invalid`,
 * `token_expired`, `not_updatable`, and `step_not_open` for another signer's turn, another browser and a step whose turn has not come.
 */
export async function reviewSigner(
  deps: EnvelopeDeps,
  _caller: Caller,
  token: string,
  cookie: string | undefined,
  { name }: { name: string },
  context: RequestContext,
): Promise<void> {
  const parsed = personName.safeParse(writtenName(name))
  if (!parsed.success) throw invalidField('/name', 'must be 1 to 200 characters of one line, all of them seen')
  await onTurn(deps, token, cookie, context, (found, nowMs) => {
    const { record, signer, personal } = found
    const isCorrected = parsed.data !== nameOf(personal)
    if (signer.reviewedAtMs !== undefined && !isCorrected) return null
    const corrected: NewAct = {
      type: 'envelope.corrected',
      signer: signer.number,
      personal: { from: nameOf(personal), to: parsed.data },
    }
    const { documentSha256, pages } = record
    const reviewed: NewAct = { type: 'envelope.reviewed', signer: signer.number, facts: { documentSha256, pages } }
    const draft = withPersonal(deps, found, { correctedName: parsed.data }, { reviewedAtMs: signer.reviewedAtMs ?? nowMs })
    return { ...draft, acts: [...(isCorrected ? [corrected] : []), ...(signer.reviewedAtMs === undefined ? [reviewed] : [])] }
  })
}

/** The signer agrees to deal electronically, having read the text of this version. */
export async function consentSigner(
  deps: EnvelopeDeps,
  _caller: Caller,
  token: string,
  cookie: string | undefined,
  { textVersion, textSha256 }: ShownText,
  context: RequestContext,
): Promise<void> {
  await onTurn(deps, token, cookie, context, ({ record, signer }, nowMs) => {
    if (signer.consentedAtMs !== undefined) return null
    requireBefore(signer.reviewedAtMs, 'Look through the document first.')
    const draft = draftOf(withSigner(record, signer.number, { consentedAtMs: nowMs }))
    return { ...draft, acts: [{ type: 'envelope.consented', signer: signer.number, facts: { textVersion, textSha256 } }] }
  })
}

/**
 * The signature: a name typed below a statement of intent. The last one sends the envelope to be sealed. Throws `invalid_request` with the pointer /typedName for
 * another name than the signer's (letters' case, width and blanks do not matter).
 */
export async function signSigner(
  deps: EnvelopeDeps,
  _caller: Caller,
  token: string,
  cookie: string | undefined,
  signing: Signing,
  context: RequestContext,
): Promise<void> {
  const typedName = writtenName(signing.typedName)
  const decide = (found: FoundSigner, nowMs: number): Draft => {
    const { record, signer, personal } = found
    requireBefore(signer.consentedAtMs, 'Agree to sign electronically first.')
    if (foldName(typedName) !== foldName(nameOf(personal))) throw invalidField('/typedName', 'must be your name as it is shown')
    const { intentVersion, intentSha256, method } = signing
    const verificationId = signer.verificationId ?? ''
    const facts = { documentSha256: record.documentSha256, intentVersion, intentSha256, method, verificationId }
    const signed = withPersonal(deps, found, { signedName: typedName }, { status: 'signed', signedAtMs: nowMs })
    const act = { type: 'envelope.signed', signer: signer.number, facts, personal: { typedName } } as const
    return afterSignature(deps, { ...signed, acts: [act] }, signer.number, nowMs)
  }
  await onTurn(deps, token, cookie, context, decide, ({ signer }) => signer.signedAtMs !== undefined)
}

/** The signer will not sign, which ends the envelope for everybody. Throws `invalid_request` with the pointer /reason for one that a sender could not give either. */
export async function declineSigner(
  deps: EnvelopeDeps,
  _caller: Caller,
  token: string,
  cookie: string | undefined,
  { reason }: { reason?: string },
  context: RequestContext,
): Promise<void> {
  const parsed = endReason.safeParse((reason ?? '').normalize('NFC'))
  if (!parsed.success) throw invalidField('/reason', 'must be at most 500 characters, none of them control characters')
  const given = parsed.data
  const decide = (found: FoundSigner, nowMs: number): Draft => {
    const { number } = found.signer
    const draft = withPersonal(deps, found, given === '' ? {} : { declineReason: given }, { status: 'declined', declinedAtMs: nowMs })
    const act: NewAct = { type: 'envelope.declined', signer: number, ...(given === '' ? {} : { personal: { reason: given } }) }
    const signers = askedSigners(draft).filter((other) => other !== number)
    return endOf(deps.keyring, draft, { status: 'declined', act, signers }, nowMs)
  }
  await onTurn(deps, token, cookie, context, decide, ({ signer }) => signer.declinedAtMs !== undefined)
}

/** Tells the sender; then either somebody else is asked, or all have signed and the envelope is to be sealed. */
function afterSignature({ keyring }: EnvelopeDeps, signed: Draft, number: number, nowMs: number): Draft {
  const told = notifySender(keyring, signed, { kind: 'signer_signed', signer: number, isMailed: false }, nowMs)
  if (told.record.signers.some(({ signedAtMs }) => signedAtMs === undefined)) {
    return inviteNext(keyring, { ...told, record: { ...told.record, status: 'partially_signed' } }, nowMs)
  }
  const seal = { step: 'requested', tries: 0, requestedAtMs: nowMs } as const
  return {
    ...told,
    record: { ...told.record, status: 'sealing', seal },
    acts: [...told.acts, { type: 'envelope.sealing' }],
    dueAtMs: nowMs,
  }
}

/** Decides for the signer of a token whose browser is verified and whose turn it is. `isDone`: it was done before, and nothing changes. */
async function onTurn(
  deps: EnvelopeDeps,
  token: string,
  cookie: string | undefined,
  context: RequestContext,
  decide: (found: FoundSigner, nowMs: number) => Draft | null,
  isDone: (found: FoundSigner) => boolean = () => false,
): Promise<void> {
  const { record, signer } = await requireSigner(deps, token)
  const nowMs = deps.clock.nowMs()
  const trace = signerTrace(deps.keyring, record.id, signer.number, context.requestId)
  const decideNow = (before: EnvelopeRecord): Draft | null => {
    const found = signerIn(deps.keyring, before, signer.number)
    if (!found) throw new AppError('token_invalid')
    requireVerified(deps.keyring, found, cookie)
    if (isDone(found)) return null
    requireTurn(found, nowMs)
    return decide(found, nowMs)
  }
  const jobOf = (after: EnvelopeRecord) => (after.status === 'sealing' ? envelopeJob('envelope.seal', after.id) : null)
  await decideOn(deps, record.id, trace, nowMs, decideNow, jobOf)
}

function withPersonal(
  { keyring }: EnvelopeDeps,
  { record, signer, personal }: FoundSigner,
  more: Partial<SignerPersonal>,
  change: Parameters<typeof withSigner>[2],
): Draft {
  const sealed = sealSigner(keyring, record.id, signer.number, { ...personal, ...more })
  return draftOf(withSigner(record, signer.number, { ...change, sealed }))
}

function requireBefore(atMs: number | undefined, detail: string): void {
  if (atMs === undefined) throw new AppError('step_not_open', { detail })
}

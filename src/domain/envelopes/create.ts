// Sending a document to its signers: everything that could stop its sealing later is asked now; then one transaction, and the rest is the workers'.
import type { CreateEnvelopeRequest, EnvelopeSummary } from '../../contracts/envelope.ts'
import { AppError, invalidField } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { accessibleDocument } from '../documents/read.ts'
import { openTitle } from '../documents/title.ts'
import type { Declarations, EnvelopeRecord } from '../envelope-ports.ts'
import { runIdempotent } from '../idempotency.ts'
import { defaultRetentionClass, isRetentionClass } from '../retention/classes.ts'
import { ownerOf } from '../uploads/owner.ts'
import { traceOf } from '../verification/access.ts'
import { canonicalEmailAddress } from '../verification/email-address.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import { actsGenesis, type NewAct } from './acts.ts'
import type { EnvelopeDeps } from './deps.ts'
import { draftOf, toChange } from './draft.ts'
import { createEnvelopeId } from './id.ts'
import { envelopeJob } from './jobs.ts'
import { writtenName } from './names.ts'
import { newSigners } from './new-signers.ts'
import { sealEnvelope, sealSigner, type EnvelopePersonal, type SignerPersonal } from './personal.ts'
import { defaultDocumentKind, defaultLifeMs } from './policy.ts'
import { signerPrint } from './signer-print.ts'
import { requireSuitable, type Suitable } from './suitable.ts'
import { summaryOf } from './view.ts'

const route = 'POST /v1/envelopes'
const defaultLocale = 'en'

/**
 * The new envelope; with an Idempotency-Key the answer of the first time. Throws `document_not_found`, `document_not_ready`, `document_unsuitable`, `invalid_request`, and
 * `sealing_unavailable` when what is signed could not be sealed.
 */
export async function createEnvelope(
  deps: EnvelopeDeps,
  caller: Caller,
  request: CreateEnvelopeRequest,
  context: RequestContext,
): Promise<{ envelope: EnvelopeSummary; replayed: boolean }> {
  const { partition, print: owner } = ownerOf(deps.keyring, caller, '', deps.uploadPolicy.partitions)
  const { answer, replayed } = await runIdempotent(
    deps,
    caller,
    route,
    context,
    request,
    async (id) => summaryOf(deps.keyring, await begin(deps, caller, request, context, { id, owner }), 'owner', deps.clock.nowMs()),
    createEnvelopeId(partition, deps.keyring.writingTag),
  )
  return { envelope: answer, replayed }
}

async function begin(
  deps: EnvelopeDeps,
  caller: Caller,
  request: CreateEnvelopeRequest,
  context: RequestContext,
  own: { id: string; owner: string },
): Promise<EnvelopeRecord> {
  const document = await accessibleDocument(deps, caller, request.documentId)
  const sender = senderOf(caller, request)
  const signers = newSigners(deps.policy, request.signers, defaultLocale)
  const retention = request.retention ?? defaultRetentionClass
  if (!isRetentionClass(retention)) throw invalidField('/retention', 'is no class of retention')
  const suitable = await durably(() => requireSuitable(deps.documentResults, document))
  requireSealing(deps)
  const nowMs = deps.clock.nowMs()
  const personal: EnvelopePersonal = {
    title: openTitle(deps.keyring, document.id, document.sealed),
    locale: defaultLocale,
    sender,
    ...(request.message === undefined || request.message === '' ? {} : { message: request.message }),
  }
  const record = recordOf(deps, { ...own, request, document, suitable, retention, personal, signers, nowMs, context })
  const draft = { ...draftOf(record), acts: [sentAct(record, request)], dueAtMs: nowMs }
  const change = toChange(draft, traceOf(deps, caller, context), nowMs)
  const isNew = await deps.envelopes.create(change)
  await enqueueSoon(deps, envelopeJob('envelope.prepare', own.id))
  // A claim that was taken over after a crash finds the envelope that the first run made.
  return isNew ? change.record : ((await deps.envelopes.read(own.id)) ?? change.record)
}

/** The address of a user is the one that its token vouches for; a server says whom it speaks for. */
function senderOf(caller: Caller, { sender }: CreateEnvelopeRequest): EnvelopePersonal['sender'] {
  if (sender?.email !== undefined && !isPrivileged(caller)) throw invalidField('/sender/email', 'is for servers to say')
  const claimed = sender?.email ?? (caller.kind === 'user' ? caller.email : undefined)
  const address = claimed === undefined ? undefined : canonicalEmailAddress(claimed)
  if (sender?.email !== undefined && address?.ok === false) throw invalidField('/sender/email', address.message)
  return {
    key: callerKey(caller),
    ...(address?.ok ? { email: address.canonical } : {}),
    ...(sender?.name === undefined ? {} : { name: writtenName(sender.name) }),
  }
}

function requireSealing({ sealingKey, clock }: EnvelopeDeps): void {
  const standing = sealingKey.standing(clock.nowMs())
  if (!standing.ready) throw new AppError('sealing_unavailable', { detail: `What is signed could not be sealed now (${standing.reason}).` })
}

type Parts = {
  id: string
  owner: string
  request: CreateEnvelopeRequest
  document: DocumentRecord
  suitable: Suitable
  retention: string
  personal: EnvelopePersonal
  signers: readonly SignerPersonal[]
  nowMs: number
  context: RequestContext
}

function recordOf({ keyring }: EnvelopeDeps, parts: Parts): EnvelopeRecord {
  const { id, owner, request, document, suitable, retention, personal, signers, nowMs, context } = parts
  return {
    id,
    status: 'sent',
    sequence: 0,
    owner,
    documentId: document.id,
    documentKey: document.storageKey,
    documentSha256: document.sha256,
    documentBytes: document.bytes,
    documentVersion: document.version,
    ...suitable,
    requiredClass: request.requiredClass,
    order: request.order,
    declarations: declarationsOf(request),
    ...(request.reminders ? { reminders: request.reminders } : {}),
    retention,
    sealed: sealEnvelope(keyring, id, personal),
    signers: signers.map((signer, index) => ({
      number: index + 1,
      status: 'invited',
      print: signerPrint(keyring, signer.email),
      sealed: sealSigner(keyring, id, index + 1, signer),
    })),
    actsHead: actsGenesis,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + (request.expiresIn === undefined ? defaultLifeMs : request.expiresIn * SECOND_MS),
    requestId: context.requestId,
  }
}

function declarationsOf({ declarations = {} }: CreateEnvelopeRequest): Declarations {
  // What was left out is not there at all: the rules ask whether it was declared.
  return JSON.parse(JSON.stringify({ documentKind: defaultDocumentKind, ...declarations })) as Declarations
}

function sentAct(record: EnvelopeRecord, { declarations, message }: CreateEnvelopeRequest): NewAct {
  const { documentId, documentSha256, documentBytes, requiredClass, order, retention, signers, pages, isSigned } = record
  return {
    type: 'envelope.sent',
    facts: {
      documentId,
      documentSha256,
      documentBytes,
      pages,
      isSigned,
      requiredClass,
      order,
      signers: signers.length,
      retention,
      declarations: JSON.stringify(record.declarations),
      documentKindDeclared: declarations?.documentKind !== undefined,
      hasMessage: message !== undefined && message !== '',
      expiresAt: new Date(record.expiresAtMs).toISOString(),
    },
  }
}

/** Postgres being away says nothing about the document. */
async function durably<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
  }
}

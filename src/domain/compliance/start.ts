// Asking for a check: one transaction writes the record and its event; evaluating it is the workers'.
import type { StartCheckRequest } from '../../contracts/compliance.ts'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { CheckRecord } from '../compliance-ports.ts'
import type { RequestContext } from '../context.ts'
import type { DocumentRecord } from '../document-ports.ts'
import { accessibleDocument } from '../documents/read.ts'
import { runIdempotent } from '../idempotency.ts'
import { traceOf } from '../verification/access.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'
import type { ComplianceDeps } from './deps.ts'
import { requestedEvent } from './events.ts'
import { checkJob, createCheckId } from './id.ts'
import { sealRequester } from './requester.ts'

const route = 'POST /v1/documents/{id}/compliance-checks'

/**
 * A new check each time; with an Idempotency-Key the one of the first time. Throws `document_not_found`, and `document_not_ready` while the document is being
 * processed.
 */
export async function startCheck(
  deps: ComplianceDeps,
  caller: Caller,
  documentId: string,
  request: StartCheckRequest,
  context: RequestContext,
): Promise<{ record: CheckRecord; replayed: boolean }> {
  const document = await accessibleDocument(deps, caller, documentId)
  if (document.endedAtMs === undefined) throw new AppError('document_not_ready', { detail: 'The document is still being processed.' })
  const proposed = createCheckId(partitionOfId(documentId), deps.keyring.writingTag)
  const begin = async (id: string): Promise<string> => {
    await write(deps, caller, document, request, context, id)
    return id
  }
  const { answer: id, replayed } = await runIdempotent(deps, caller, route, context, { documentId, ...request }, begin, proposed)
  const record = await deps.checks.read(id)
  if (!record) throw new AppError('check_not_found')
  return { record, replayed }
}

async function write(
  deps: ComplianceDeps,
  caller: Caller,
  document: DocumentRecord,
  { requiredClass, delay = 0, declarations = {} }: StartCheckRequest,
  context: RequestContext,
  id: string,
): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const record: CheckRecord = {
    id,
    owner: document.owner,
    documentId: document.id,
    requiredClass: requiredClass ?? null,
    declarations: JSON.parse(JSON.stringify(declarations)) as CheckRecord['declarations'],
    status: 'queued',
    sequence: 1,
    sealed: sealRequester(deps.keyring, id, caller),
    result: null,
    reportKey: null,
    createdAtMs: nowMs,
    dueAtMs: nowMs + delay * SECOND_MS,
    requestId: context.requestId,
  }
  await deps.checks.create(record, requestedEvent(record, deps.ruleSet.id, traceOf(deps, caller, context)))
  await enqueueSoon(deps, checkJob(id), delay * SECOND_MS)
}

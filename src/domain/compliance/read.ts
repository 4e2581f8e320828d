// Reading checks: one, those of a document, and the readable report.
import type { CheckPage, ComplianceCheck } from '../../contracts/compliance.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Caller } from '../caller.ts'
import type { CheckPosition, CheckRecord } from '../compliance-ports.ts'
import { accessibleDocument } from '../documents/read.ts'
import { placeOf, toPage, type PageRequest } from '../page.ts'
import { isOwn } from '../uploads/owner.ts'
import type { ComplianceDeps } from './deps.ts'
import { isCheckId } from './id.ts'
import { summaryOf, viewOf } from './view.ts'

/** Whoever may see the document sees its checks. Throws `check_not_found` when there is none or it is somebody else's. */
async function accessibleCheck(deps: ComplianceDeps, caller: Caller, id: string): Promise<CheckRecord> {
  const record = isCheckId(id) ? await deps.checks.read(id) : null
  if (!record || !isOwn(deps.keyring, caller, record)) throw new AppError('check_not_found')
  return record
}

/** Throws `check_not_found`. */
export async function getCheck(deps: ComplianceDeps, caller: Caller, id: string): Promise<ComplianceCheck> {
  return viewOf(await accessibleCheck(deps, caller, id), deps.ruleSet)
}

/** Where the report's bytes lie. Throws `check_not_found`, `check_not_ready` before the check is final, and `not_found` for one that has no report. */
export async function getReport(deps: ComplianceDeps, caller: Caller, id: string): Promise<{ key: string; bytes: number }> {
  const { status, reportKey } = await accessibleCheck(deps, caller, id)
  if (status !== 'final') throw new AppError('check_not_ready')
  const bytes = reportKey === null ? null : await sizeOf(deps, reportKey)
  if (reportKey === null || bytes === null) throw new AppError('not_found', { detail: 'This check has no readable report.' })
  return { key: reportKey, bytes }
}

async function sizeOf({ blobs }: ComplianceDeps, key: string): Promise<number | null> {
  try {
    return await blobs.sizeOf(key)
  } catch (cause) {
    throw new AppError('service_degraded', { retryAfterMs: 1_000 }, { cause })
  }
}

/** The checks of a document, newest first. Throws `document_not_found`. */
export async function listChecks(deps: ComplianceDeps, caller: Caller, documentId: string, request: PageRequest): Promise<CheckPage> {
  await accessibleDocument(deps, caller, documentId)
  const query = `checks:${documentId}`
  const before = positionOf(placeOf(deps.keyring, query, request))
  const { records, total } = await deps.checks.ofDocument(documentId, before, request.first + 1)
  const place = ({ createdAtMs, id }: CheckRecord): string => `${createdAtMs}.${id}`
  return toPage({ keyring: deps.keyring, query, request }, records, total, place, (record) => summaryOf(record, deps.ruleSet))
}

function positionOf(place: string | undefined): CheckPosition | undefined {
  if (place === undefined) return undefined
  const [createdAtMs = '', id = ''] = place.split('.', 2)
  if (id === '') throw invalidField('/after', 'is not a cursor of this query')
  return { createdAtMs: Number(createdAtMs), id }
}

// Checks in process: on sealed envelopes (./sealing.ts) whose acts are in a real trail (./evidence.ts), with the real examiner, printer and stores.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { readOwnTexts } from '../../src/bin/compliance-parts.ts'
import { startCheckRequest, type ComplianceCheck, type StartCheckRequest } from '../../src/contracts/compliance.ts'
import type { z } from 'zod'
import type { Caller } from '../../src/domain/caller.ts'
import type { CheckRecord } from '../../src/domain/compliance-ports.ts'
import type { ComplianceDeps, ComplianceWorkDeps } from '../../src/domain/compliance/deps.ts'
import { runCheck } from '../../src/domain/compliance/run-check.ts'
import { startCheck } from '../../src/domain/compliance/start.ts'
import type { DocumentRecord } from '../../src/domain/document-ports.ts'
import type { EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import { sweepIntegrity } from '../../src/domain/retention/sweep.ts'
import type { Run } from '../../src/domain/verification/deliver.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { createExaminer } from '../../src/providers/examiner.ts'
import { createInspector } from '../../src/providers/inspector.ts'
import { createPrinter } from '../../src/providers/print/printer.ts'
import { createCheckStore, createExaminationCache } from '../../src/stores/postgres/checks.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { ruleSet } from './compliance.ts'
import { sender } from './envelopes.ts'
import { createTestEvidence, type TestEvidence } from './evidence.ts'
import { createTestSealing, type TestSealing } from './sealing.ts'

export type TestChecks = TestSealing &
  TestEvidence & {
    checks: ComplianceDeps
    worker: ComplianceWorkDeps
    /** How often a child process was asked to examine a file. */
    examined: { times: number }
    /** An envelope of this document (a new one if left out) that was signed and sealed; all of it is in the trail, and a sweep was made. */
    sealed(document?: DocumentRecord, more?: Record<string, unknown>): Promise<EnvelopeRecord>
    sweep(): Promise<void>
    /** Takes into the trail that a document was processed. */
    tellTrail(documentId: string): Promise<void>
    ask(documentId: string, request?: Partial<z.input<typeof startCheckRequest>>, who?: Caller): Promise<CheckRecord>
    /** Plays one run of the job. */
    evaluate(id: string, replace?: Partial<ComplianceWorkDeps>, run?: Partial<Run>): Promise<string>
    check(id: string): Promise<ComplianceCheck>
    /** Asks, evaluates, reads. */
    checked(documentId: string, request?: Partial<StartCheckRequest>): Promise<ComplianceCheck>
  }

/** Everything ends with the test file. */
export async function createTestChecks(): Promise<TestChecks> {
  const sealing = await createTestSealing()
  const evidence = await createTestEvidence(sealing)
  const { pool, deps, clock, seal } = sealing
  const store = createCheckStore(pool)
  const examined = { times: 0 }
  const examiner = createExaminer(createInspector())
  const worker: ComplianceWorkDeps = {
    ...seal,
    ...evidence.evidence,
    checks: store,
    ruleSet,
    examinations: createExaminationCache(pool),
    examiner: {
      version: examiner.version,
      examine: (...args) => {
        examined.times++
        return examiner.examine(...args)
      },
    },
    trustList: null,
    notices: deps.notices,
    integrity: evidence.sweeping.integrity,
    blobs: deps.blobs,
    printer: createPrinter(),
    ownTexts: readOwnTexts(join(projectRoot, 'templates')),
    hasResponsiblePerson: true,
  }
  const checks: ComplianceDeps = { ...deps, checks: store, ruleSet }
  const signal = new AbortController().signal
  let runs = 0
  const sweep: TestChecks['sweep'] = async () => {
    const slot = Math.floor(clock.nowMs() / 3_600_000) + runs++
    // Postgres's clock goes on while the domain's stands still.
    const sweeping = { ...evidence.sweeping, clock: { nowMs: () => Date.now() } }
    const outcome = await sweepIntegrity(sweeping, slot, { fence: { jobMs: 1, starts: 1 }, signal })
    if (outcome !== 'swept') throw new Error(outcome)
  }
  const readTextOf = async (documentId: string): Promise<void> => {
    const record = await deps.documentRows.read(documentId)
    if (!record) throw new Error('there is no such document')
    const found = await seal.documentFiles.withStored(record.storageKey, signal, (path) => seal.sandbox.text(path, signal))
    if (found.kind !== 'ok') throw new Error(found.kind)
    const key = { sha256: record.sha256, stage: 'text', version: record.version } as const
    await deps.documentResults.write(key, { kind: 'ok', value: found.value }, clock.nowMs())
  }
  const ask: TestChecks['ask'] = async (documentId, request = {}, who = sender) => {
    const parsed = startCheckRequest.parse({ ruleset: 'eta-2019', ...request })
    return (await startCheck(checks, who, documentId, parsed, { requestId: `req-${randomUUID()}` })).record
  }
  const evaluate: TestChecks['evaluate'] = async (id, replace = {}, run = {}) => {
    const whole: Run = { fence: { jobMs: 1, starts: ++runs }, tries: 1, backoff: { firstMs: 1, maxMs: 1 }, signal, ...run }
    return (await runCheck({ ...worker, ...replace }, id, whole)).outcome
  }
  const check: TestChecks['check'] = async (id) => {
    const record = await store.read(id)
    if (!record?.result) throw new Error('it is not final')
    return record.result
  }
  return {
    ...evidence,
    ...sealing,
    checks,
    worker,
    examined,
    sealed: async (document, more) => {
      const { id, documentId } = await sealing.signed(document, more)
      await readTextOf(documentId)
      await sealing.run(id)
      await evidence.drain()
      await sweep()
      return sealing.read(id)
    },
    sweep,
    tellTrail: async (documentId) => {
      const event = { type: 'document.processed', subject: `document:${documentId}`, sequence: 9 }
      await createEventLog(sealing.domain.runner).append(0, event, { requestId: 'r', actor: 'owner' }, clock.nowMs())
      await evidence.drain()
    },
    ask,
    evaluate,
    check,
    checked: async (documentId, request) => {
      const { id } = await ask(documentId, request)
      await evaluate(id)
      return check(id)
    },
  }
}

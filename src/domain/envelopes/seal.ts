// Sealing an envelope whose signers have all signed: step by step, each recorded under the envelope's lock before the next one begins. Runs in a worker, possibly
// more than once and more than one at a time: who comes second to a step removes what it made and stops. What the steps do is seal-steps.ts'.
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import { DAY_MS } from '../../lib/durations.ts'
import type { EnvelopeRecord, SealState, SealStep } from '../envelope-ports.ts'
import type { Run } from '../verification/deliver.ts'
import { decideOn } from './decide.ts'
import { draftOf, type Draft } from './draft.ts'
import { endOf } from './end.ts'
import type { SealDeps } from './seal-deps.ts'
import { factsOfSeal } from './seal-facts.ts'
import { SealingFailed, SealingOvertaken, SealingUpset } from './seal-fault.ts'
import { certificateUpset, envelopeFolder, nextStep, type StepResult } from './seal-steps.ts'
import { systemTrace } from './trace.ts'
import { waitingFor } from './wait.ts'

/** For so long what is away is waited for. */
const patienceMs = 7 * DAY_MS
const upsetsAllowed = 1

type Sealing = EnvelopeRecord & { seal: SealState }

/** Says in a word what became of it. Throws RetryLater when it is to be run again; why, stands in `seal.reason` then. */
export async function sealSignedEnvelope(deps: SealDeps, id: string, run: Run): Promise<{ outcome: string; requestId?: string }> {
  let record = await waitingFor(deps.envelopes.read(id))
  if (!record) return { outcome: 'missing' }
  const { requestId } = record
  if (!isSealing(record)) {
    await removeLeftovers(deps, record)
    return { outcome: 'done_before', requestId }
  }
  try {
    while (isSealing(record)) record = await advance(deps, record, run)
  } catch (error) {
    if (error instanceof SealingOvertaken) return { outcome: 'stale', requestId }
    return { outcome: await endOrRepeat(deps, id, error, run), requestId }
  }
  await removeLeftovers(deps, record)
  return { outcome: record.status, requestId }
}

function isSealing(record: EnvelopeRecord): record is Sealing {
  return record.status === 'sealing' && record.seal !== undefined
}

/** One step, done and recorded. */
async function advance(deps: SealDeps, record: Sealing, run: Run): Promise<EnvelopeRecord> {
  run.signal.throwIfAborted()
  const { step } = record.seal
  return step === 'verified' ? complete(deps, record) : note(deps, record, await nextStep[step](deps, record, run))
}

/** The step counts if nobody has come further; else what it wrote is nobody's. A failure leaves it: whether it was recorded is not known then. */
async function note(deps: SealDeps, { id, seal: { step } }: Sealing, { seal, written }: StepResult): Promise<EnvelopeRecord> {
  const { reason: _reason, ...progressed } = seal
  const outcome = await deps.envelopes.change(id, (before) => {
    if (!isSealing(before) || before.seal.step !== step) return { change: null, value: false }
    const { tries, kills } = before.seal
    const changed = { ...progressed, tries, ...(kills === undefined ? {} : { kills }) }
    return { change: { record: { ...before, seal: changed }, acts: [], events: [] }, value: true }
  })
  if (outcome?.value === true) return outcome.record
  for (const key of written) await deps.blobs.remove(key)
  throw new SealingOvertaken()
}

/** The envelope's end, with everything that follows from it, in one transaction. */
async function complete(deps: SealDeps, { id }: Sealing): Promise<EnvelopeRecord> {
  const nowMs = deps.clock.nowMs()
  const end = (before: EnvelopeRecord): Draft | null => {
    if (!isSealing(before) || before.seal.step !== 'verified') return null
    const facts = factsOfSeal(before.seal)
    const { assembledKey: _used, ...seal } = before.seal
    const draft = { ...draftOf({ ...before, seal }), acts: [{ type: 'envelope.sealed' as const, facts }] }
    const signers = before.signers.map(({ number }) => number)
    return endOf(deps.keyring, draft, { status: 'completed', act: { type: 'envelope.completed' }, signers }, nowMs)
  }
  return decide(deps, id, nowMs, end)
}

async function fail(deps: SealDeps, id: string, reason: string): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const record = await decide(deps, id, nowMs, (before) => {
    if (!isSealing(before)) return null
    const seal = { ...before.seal, reason }
    const act = { type: 'envelope.seal_failed' as const, facts: { reason } }
    return endOf(deps.keyring, draftOf({ ...before, seal }), { status: 'seal_failed', act, reason, signers: [] }, nowMs)
  })
  await removeLeftovers(deps, record)
}

/** Throws SealingOvertaken when there was nothing left to decide. */
async function decide(
  deps: SealDeps,
  id: string,
  nowMs: number,
  choose: (before: EnvelopeRecord) => Draft | null,
): Promise<EnvelopeRecord> {
  const known = await deps.envelopes.read(id)
  if (!known) throw new SealingOvertaken()
  const { record, isChanged } = await decideOn(deps, id, systemTrace(known), nowMs, choose)
  if (!isChanged) throw new SealingOvertaken()
  return record
}

/** What a fault means: the end, or another run. */
async function endOrRepeat(deps: SealDeps, id: string, error: unknown, run: Run): Promise<string> {
  const waitMs = backoffMs(run.backoff, run.tries)
  if (run.signal.aborted) throw new RetryLater('aborted', waitMs)
  const reason = wordOf(error)
  try {
    const isLast = error instanceof SealingFailed || (await noteTry(deps, id, reason, error instanceof SealingUpset))
    if (!isLast) throw new RetryLater(reason, waitMs)
    await fail(deps, id, reason)
    return 'seal_failed'
  } catch (other) {
    if (other instanceof SealingOvertaken) return 'stale'
    // Postgres is away as well: the next run meets the same fault and tells it then.
    throw other instanceof RetryLater ? other : new RetryLater(reason, waitMs)
  }
}

/** Writes the reason down; whether this was the last try. What came back as something else is made anew. */
async function noteTry(deps: SealDeps, id: string, reason: string, isUpset: boolean): Promise<boolean> {
  const outcome = await deps.envelopes.change(id, (before) => {
    if (!isSealing(before)) return { change: null, value: false }
    const { seal } = before
    const kills = (seal.kills ?? 0) + (isUpset ? 1 : 0)
    const step = isUpset && seal.step === 'stored' ? stepAgain(reason) : seal.step
    const changed = { ...seal, step, tries: seal.tries + 1, reason, ...(kills === 0 ? {} : { kills }) }
    const isLast = kills > upsetsAllowed || deps.clock.nowMs() - seal.requestedAtMs > patienceMs
    return { change: { record: { ...before, seal: changed }, acts: [], events: [] }, value: isLast }
  })
  return outcome?.value === true
}

/** From where on it is made anew. */
function stepAgain(reason: string): SealStep {
  return reason === `killed_${certificateUpset}` ? 'requested' : 'signed'
}

function wordOf(error: unknown): string {
  if (error instanceof SealingFailed) return error.message
  if (error instanceof SealingUpset) return `killed_${error.message}`
  if (!(error instanceof Error)) return 'failed_unknown'
  return error.message.startsWith('sealing_key_') ? error.message : `failed_${'code' in error ? String(error.code) : error.name}`
}

/** Blobs of steps that are over, and of runs that died. */
async function removeLeftovers({ blobs }: SealDeps, { id, status, seal }: EnvelopeRecord): Promise<void> {
  if (status !== 'completed' && status !== 'seal_failed') return
  const kept = status === 'completed' ? [seal?.sealedKey, seal?.certificateKey] : []
  // What stays behind now goes with the envelope.
  const keys = await blobs.keysIn(envelopeFolder(id)).catch(() => [])
  for (const key of keys) if (!kept.includes(key)) await blobs.remove(key).catch(() => {})
}

// Verifications in Redis. Each call is one script or one read on the record's own partition; the rules come from the domain as data.
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { attemptStatuses, finalStatuses, progressStatuses, type VerificationStatus } from '../../contracts/verification.ts'
import type {
  AttemptRecord,
  CancelOutcome,
  CheckInput,
  CheckOutcome,
  ClaimOutcome,
  Ended,
  Fence,
  ProofUse,
  Receipt,
  ResendInput,
  ResendOutcome,
  SettleOutcome,
  Settlement,
  StartInput,
  StartOutcome,
  VerificationRecord,
  VerificationStore,
  Watch,
} from '../../domain/ports.ts'
import type { Trace } from '../../domain/state-ports.ts'
import { AppError, errorCodes, type ErrorCode } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import { readId } from '../../lib/ids.ts'
import type { EventTail } from './event-tail.ts'
import { idempotencyKey, idempotencyKeptMs } from './idempotency.ts'
import { keysOf } from './keys.ts'
import { limitKeys, refusalOf, rulesForScript } from './rate-limits.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import { cancelLua, checkLua, claimLua, receiveLua, resendLua, settleLua, startLua, useProofLua } from './scripts/verification.ts'
import { attemptsOf, fieldsOf, verificationOf, wordOf } from './verification-fields.ts'

const scripts = {
  start: script(startLua),
  resend: script(resendLua),
  check: script(checkLua),
  cancel: script(cancelLua),
  claim: script(claimLua),
  settle: script(settleLua),
  receive: script(receiveLua),
  useProof: script(useProofLua),
}

/** A job whose intent is this old is looked for by the reconciler. */
const inspectAfterMs = 2 * SECOND_MS
/** An attempt may be unsettled once and is then repeated; the second time it counts as sent (reliability, promise 3). */
const maxUnknowns = 2
const replicaPatienceMs = 200

export class RedisVerificationStore implements VerificationStore {
  readonly #runner: ScriptRunner
  readonly #tail: EventTail
  readonly #partitions: number
  readonly #isReplicated: boolean

  /** `isReplicated`: a start counts as accepted only once a replica has it (DURABILITY). */
  constructor(runner: ScriptRunner, tail: EventTail, options: { partitions: number; isReplicated: boolean }) {
    this.#runner = runner
    this.#tail = tail
    this.#partitions = options.partitions
    this.#isReplicated = options.isReplicated
  }

  async start(input: StartInput): Promise<StartOutcome> {
    const { record, partition, limits, idempotency } = input
    const keys = keysOf(partition)
    const { id, ...fields } = record
    const reply = (await this.#runner.run(
      scripts.start,
      [
        keys.verification(id),
        keys.live(record.destination, record.purpose, record.caller, record.subject),
        keys.wrongInARow(record.destination),
        idempotency ? idempotencyKey(idempotency.key, this.#partitions) : keys.idempotency('none'),
        idempotency?.alsoKey ? idempotencyKey(idempotency.alsoKey, this.#partitions) : keys.idempotency('none'),
        ...limitKeys(partition, limits),
      ],
      {
        base: keys.base,
        id,
        record: fields,
        job: input.job,
        requestId: input.requestId,
        limits: rulesForScript(limits),
        wrongInARow: input.guesses.inARow,
        firstCooldownMs: input.sends.cooldownsMs[0],
        inspectAfterMs,
        ...(idempotency ? { idempotency: idempotencyForScript(idempotency), idempotencyMs: idempotencyKeptMs } : {}),
        nowMs: input.nowMs,
      },
    )) as [string, ...unknown[]]
    if (reply[0] === 'created' && this.#isReplicated) await this.#requireReplica()
    return startOutcome(reply, input)
  }

  /** WAIT counts the replicas that have everything written on this connection so far. */
  async #requireReplica(): Promise<void> {
    const replicas = await this.#runner.bounded(() => (this.#runner.redis as Redis).wait(1, replicaPatienceMs))
    if (replicas < 1) throw new AppError('not_replicated', { retryAfterMs: SECOND_MS })
  }

  async read(id: string): Promise<VerificationRecord | null> {
    return verificationOf(id, await this.#fields(id))
  }

  async readAttempts(id: string): Promise<AttemptRecord[] | null> {
    const fields = await this.#fields(id)
    return fields.status ? attemptsOf(fields) : null
  }

  async resend(input: ResendInput): Promise<ResendOutcome> {
    const { id, job } = input
    const reply = await this.#run(scripts.resend, id, { ...input, inspectAfterMs })
    if (reply[0] === 'ended') return endedOf(reply)
    if (reply[0] === 'refused') return { kind: 'refused', code: codeOf(reply[1]), ...wait(reply[2]) }
    return {
      kind: 'queued',
      record: required(id, reply[2]),
      job: { name: job, payload: { verificationId: id, attempt: Number(reply[1]) } },
    }
  }

  async check(input: CheckInput): Promise<CheckOutcome> {
    const { id, limits, guesses, ...rest } = input
    const argument = {
      ...rest,
      limits: rulesForScript(limits),
      useId: randomUUID(),
      wrongRule: { windows: [{ limit: guesses.perCaller.limit, windowMs: guesses.perCaller.windowMs }], style: 'exact' },
      wrongInARow: guesses.inARow,
      wrongInARowMs: guesses.inARowKeptMs,
      repeatMs: guesses.repeatMs,
    }
    const reply = await this.#run(scripts.check, id, argument, limitKeys(partitionOfId(id), limits))
    switch (reply[0]) {
      case 'approved':
        return { kind: 'approved', record: required(id, reply[1]) }
      case 'incorrect':
        return { kind: 'incorrect', attemptsRemaining: Number(reply[1]) }
      case 'limited':
        return { kind: 'limited', refusal: refusalOf(limits, reply.slice(1)) }
      case 'ended':
        return endedOf(reply)
      default:
        return { kind: 'refused', code: codeOf(reply[1]), ...wait(reply[2]) }
    }
  }

  async cancel(id: string, trace: Trace, nowMs: number): Promise<CancelOutcome> {
    const reply = await this.#run(scripts.cancel, id, { ...trace, nowMs })
    if (reply[0] === 'canceled') return { kind: 'canceled', record: required(id, reply[1]) }
    if (reply[0] === 'ended') return endedOf(reply)
    return { kind: 'refused', code: codeOf(reply[1]) }
  }

  async claimAttempt(id: string, attempt: number, fence: Fence, nowMs: number): Promise<ClaimOutcome> {
    const reply = await this.#run(scripts.claim, id, { attempt, fence, nowMs, maxUnknowns })
    if (reply[0] === 'go') return { kind: 'go', requestId: String(reply[1]), record: required(id, reply[2]) }
    return { kind: 'done', status: wordOf([...attemptStatuses, 'stale', 'missing'], String(reply[1])) }
  }

  async settleAttempt(id: string, attempt: number, fence: Fence, settlement: Settlement, nowMs: number): Promise<SettleOutcome> {
    const reply = await this.#runRaw(scripts.settle, id, { attempt, fence, settlement, nowMs, maxUnknowns })
    return wordOf<SettleOutcome>(['settled', 'repeat', 'stale'], String(reply))
  }

  async receive(id: string, attempt: number, receipt: Receipt, nowMs: number): Promise<boolean> {
    return (await this.#runRaw(scripts.receive, id, { attempt, receipt, nowMs })) === 1
  }

  async useProof(id: string, proofId: string, use: ProofUse, trace: Trace, nowMs: number): Promise<boolean> {
    const keys = keysOf(partitionOfId(id))
    return (await this.#runner.run(scripts.useProof, [keys.proof(proofId), keys.events], { ...trace, ...use, id, proofId, nowMs })) === 1
  }

  watch(id: string): Watch {
    return this.#tail.watch(`verification:${id}`)
  }

  #fields(id: string): Promise<Record<string, string>> {
    return this.#runner.bounded(() => this.#runner.redis.hgetall(keysOf(partitionOfId(id)).verification(id)))
  }

  /** Runs a script on the record of `id`, which answers with a list. */
  async #run(program: Script, id: string, argument: object, moreKeys: readonly string[] = []): Promise<unknown[]> {
    const reply = await this.#runRaw(program, id, argument, moreKeys)
    if (!Array.isArray(reply)) throw new TypeError('a script answered with something else than a list')
    return reply
  }

  #runRaw(program: Script, id: string, argument: object, moreKeys: readonly string[] = []): Promise<unknown> {
    const keys = keysOf(partitionOfId(id))
    return this.#runner.run(program, [keys.verification(id), ...moreKeys], { ...argument, id, base: keys.base })
  }
}

function startOutcome(reply: readonly unknown[], input: StartInput): StartOutcome {
  const { record, job, limits } = input
  switch (reply[0]) {
    case 'created':
      return { kind: 'created', job: { name: job, payload: { verificationId: record.id, attempt: 1 } } }
    case 'live':
      return { kind: 'live', id: String(reply[1]) }
    case 'replay':
      return { kind: 'replay', sealedAnswer: String(reply[1]) }
    case 'reused':
      return { kind: 'refused', code: 'idempotency_key_reused' }
    case 'in_progress':
      return { kind: 'refused', code: 'idempotency_key_in_progress' }
    case 'stopped':
      return { kind: 'refused', code: 'max_attempts_reached' }
    case 'limited':
      return { kind: 'limited', refusal: refusalOf(limits, reply.slice(1)) }
    default:
      throw new TypeError('the script of starts answered with an unknown word')
  }
}

function idempotencyForScript({ body, alsoKey, sealedAnswer }: NonNullable<StartInput['idempotency']>): object {
  return { body, sealedAnswer, hasSecond: alsoKey !== undefined }
}

function partitionOfId(id: string): number {
  return readId('ver', id)?.partition ?? 0
}

function required(id: string, flat: unknown): VerificationRecord {
  const record = verificationOf(id, fieldsOf(flat))
  if (!record) throw new TypeError('a script gave no record back')
  return record
}

/** What the scripts say of a verification that is over. */
function endedOf(reply: readonly unknown[]): Ended {
  return { kind: 'ended', status: statusOf(reply[1]), expiresAtMs: Number(reply[2]) }
}

function statusOf(text: unknown): VerificationStatus {
  return wordOf([...progressStatuses, ...finalStatuses], String(text))
}

function codeOf(text: unknown): ErrorCode {
  return wordOf(errorCodes, String(text))
}

function wait(retryAfterMs: unknown): { retryAfterMs?: number } {
  return retryAfterMs === undefined || retryAfterMs === null ? {} : { retryAfterMs: Number(retryAfterMs) }
}

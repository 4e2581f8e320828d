// Uploads in Redis. Each call is one script or one read in the upload's own partition; bytes never come here.
import type {
  BlobFields,
  CreateOutcome,
  FinaliseClaim,
  LockOutcome,
  UploadPosition,
  UploadRecord,
  UploadStore,
} from '../../domain/upload-ports.ts'
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import * as lua from './scripts/uploads.ts'
import { claimStatusOf, uploadOf } from './upload-fields.ts'
import { fieldsOf } from './verification-fields.ts'

const scripts = {
  bindSession: script(lua.bindSessionLua),
  create: script(lua.createUploadLua),
  lock: script(lua.lockLua),
  renew: script(lua.renewLua),
  release: script(lua.releaseLua),
  declareLength: script(lua.declareLengthLua),
  advance: script(lua.advanceLua),
  rewind: script(lua.rewindLua),
  terminate: script(lua.terminateLua),
  claim: script(lua.claimFinaliseLua),
  stage: script(lua.noteStageLua),
  settle: script(lua.settleLua),
  abandon: script(lua.abandonUploadLua),
  expire: script(lua.expireUploadsLua),
  removals: script(lua.dueRemovalsLua),
}

/** A job whose intent is this old is looked for by the reconciler. */
const inspectAfterMs = 2 * SECOND_MS
const sessionKeptMs = 30 * DAY_MS
/** Postgres has what was stored; here it stays for those who follow it. */
const storedKeptMs = DAY_MS

/** How long what ended stays, and for how long its bytes do; the domain's policy says. */
export type UploadKeeping = { endedKeptMs: number; expiredGraceMs: number; failedGraceMs: number; leaseMs: number }

export function createUploadStore(runner: ScriptRunner, options: { partitions: number; keeping: UploadKeeping }): UploadStore {
  const { partitions } = options
  const { endedKeptMs: keptMs, expiredGraceMs, failedGraceMs, leaseMs } = options.keeping
  const kept = { keptMs, expiredGraceMs, failedGraceMs, storedKeptMs, inspectAfterMs }

  const run = (program: Script, id: string, argument: object): Promise<unknown> => {
    const keys = keysOf(partitionOfId(id))
    return runner.run(program, [keys.upload(id)], { ...kept, ...argument, id, base: keys.base })
  }
  const list = async (program: Script, id: string, argument: object): Promise<unknown[]> => {
    const reply = await run(program, id, argument)
    if (!Array.isArray(reply)) throw new TypeError('a script answered with something else than a list')
    return reply
  }
  const read = async (id: string): Promise<UploadRecord | null> => {
    const keys = keysOf(partitionOfId(id))
    return uploadOf(id, await runner.bounded(() => runner.redis.hgetall(keys.upload(id))))
  }

  return {
    async bindSession(session, print, owner, isAnonymous) {
      const key = keysOf(partitionOf(session, partitions)).uploadSession(print)
      return (await runner.run(scripts.bindSession, [key], { owner, isAnonymous, keptMs: sessionKeptMs })) === 1
    },

    async create(upload, limits, trace, nowMs) {
      const { id, ...fields } = upload
      const reply = await list(scripts.create, id, { upload: fields, ...limits, ...trace, nowMs })
      return createOutcome(id, reply)
    },

    read,

    async lock(id, token, lease, trace, nowMs) {
      return lockOutcome(id, await list(scripts.lock, id, { ...trace, token, leaseMs: lease, nowMs }))
    },

    async renew(id, token, lease, nowMs) {
      return (await run(scripts.renew, id, { token, leaseMs: lease, nowMs })) === 1
    },

    async release(id, token, isClean) {
      await run(scripts.release, id, { token, isClean, nowMs: 0 })
    },

    async declareLength(id, token, length, nowMs) {
      return (await run(scripts.declareLength, id, { token, length, nowMs })) === 1
    },

    async advance(id, advance, trace, nowMs) {
      const reply = await run(scripts.advance, id, { ...trace, ...advance, nowMs })
      return reply === 'completed' || reply === 'advanced' ? reply : 'lost'
    },

    async rewind(id, token, to, change, trace, nowMs) {
      await run(scripts.rewind, id, { ...trace, token, to, change, nowMs })
    },

    async terminate(id, trace, nowMs) {
      const kind = String(await run(scripts.terminate, id, { ...trace, nowMs }))
      return { kind: (['terminated', 'locked', 'completed', 'ended'] as const).find((known) => known === kind) ?? 'missing' }
    },

    async claimFinalise(id, fence, nowMs) {
      return claimOutcome(id, await list(scripts.claim, id, { fence, nowMs }))
    },

    async noteStage(id, fence, stage, facts, nowMs) {
      return Number(await run(scripts.stage, id, { fence, stage, facts, nowMs }))
    },

    async settle(id, fence, verdict, nowMs) {
      return (await run(scripts.settle, id, { fence, verdict, nowMs })) === 1
    },

    async abandon(id, _jobId, nowMs) {
      await run(scripts.abandon, id, { nowMs })
    },

    async page(ownerIndex, before, limit) {
      const where =
        ownerIndex === null ? Array.from({ length: partitions }, (_, partition) => partition) : [partitionOf(ownerIndex, partitions)]
      const pages = await Promise.all(where.map((partition) => pageOf(runner, partition, ownerIndex, before, limit)))
      const records = pages.flatMap((page) => page.records).sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1))
      return { records: records.slice(0, limit), total: pages.reduce((sum, page) => sum + page.total, 0) }
    },

    async expireIdle(partition, limit, nowMs) {
      const keys = keysOf(partition)
      return Number(await runner.run(scripts.expire, [keys.uploadsDue], { ...kept, leaseMs, limit, nowMs, base: keys.base }))
    },

    async dueRemovals(partition, limit, nowMs) {
      const keys = keysOf(partition)
      const reply = await runner.run(scripts.removals, [keys.uploadsRemove], { limit, nowMs, base: keys.base })
      return (reply as [string, string, unknown][]).map(([id, key, blob]) => ({ id, key, blob: fieldsOf(blob) }))
    },

    async confirmRemoval(id, key) {
      const keys = keysOf(partitionOfId(id))
      await runner.bounded(() => runner.redis.zrem(keys.uploadsRemove, `${id} ${key}`))
    },

    openCount: (partition) => runner.bounded(() => runner.redis.zcard(keysOf(partition).uploadsDue)),
  }
}

/** Records live shorter than the index knows: what is gone is taken out of it on the way. */
async function pageOf(
  runner: ScriptRunner,
  partition: number,
  ownerIndex: string | null,
  before: UploadPosition | undefined,
  limit: number,
): Promise<{ records: UploadRecord[]; total: number }> {
  const keys = keysOf(partition)
  const index = ownerIndex === null ? keys.uploadsAll : keys.uploadsOf(ownerIndex)
  return runner.bounded(async () => {
    const records: UploadRecord[] = []
    for (let skipped = 0; records.length < limit;) {
      const ids = await runner.redis.zrevrangebyscore(index, before?.createdAtMs ?? '+inf', '-inf', 'LIMIT', skipped, limit)
      const found = await Promise.all(ids.map(async (id) => ({ id, record: uploadOf(id, await runner.redis.hgetall(keys.upload(id))) })))
      const gone = found.filter(({ record }) => record === null).map(({ id }) => id)
      if (gone.length > 0) await runner.redis.zrem(index, ...gone)
      records.push(...found.flatMap(({ record }) => (record && isBefore(record, before) ? [record] : [])))
      skipped += ids.length - gone.length
      if (ids.length < limit) break
    }
    return { records: records.slice(0, limit), total: await runner.redis.zcard(index) }
  })
}

function isBefore(record: UploadRecord, before: UploadPosition | undefined): boolean {
  return (
    before === undefined || record.createdAtMs < before.createdAtMs || (record.createdAtMs === before.createdAtMs && record.id < before.id)
  )
}

function createOutcome(id: string, reply: readonly unknown[]): CreateOutcome {
  switch (reply[0]) {
    case 'created':
      return { kind: 'created', record: required(id, reply[1]) }
    case 'too_many':
    case 'no_room':
    case 'too_large':
    case 'bad_part':
      return { kind: reply[0] }
    default:
      throw new TypeError('the script of creations answered with an unknown word')
  }
}

function lockOutcome(id: string, reply: readonly unknown[]): LockOutcome {
  switch (reply[0]) {
    case 'held':
      return { kind: 'held', fence: Number(reply[1]), isClean: reply[2] === 1, record: required(id, reply[3]), blob: fieldsOf(reply[4]) }
    case 'locked':
      return { kind: 'locked', retryAfterMs: Number(reply[1]) }
    case 'ended':
      return { kind: 'ended', record: required(id, reply[1]) }
    default:
      return { kind: 'missing' }
  }
}

function claimOutcome(id: string, reply: readonly unknown[]): FinaliseClaim {
  if (reply[0] !== 'go') return { kind: 'done', status: claimStatusOf(String(reply[1])) }
  const parts = (reply[3] as [string, unknown][]).map(([key, blob]): { key: string; blob: BlobFields } => ({ key, blob: fieldsOf(blob) }))
  return { kind: 'go', record: required(id, reply[1]), blob: fieldsOf(reply[2]), parts }
}

function required(id: string, flat: unknown): UploadRecord {
  const record = uploadOf(id, fieldsOf(flat))
  if (!record) throw new TypeError('a script gave no record back')
  return record
}

// Temporary state in Redis: each call is one script on the record's own partition; lists ask every partition and merge.
import type {
  ConsumeOptions,
  Count,
  NewState,
  SeenState,
  StateChange,
  StateKey,
  StatePage,
  StatePosition,
  StateQuery,
  StateRecord,
  StateSelection,
  StateStore,
  Trace,
} from '../../domain/state-ports.ts'
import { AppError } from '../../errors.ts'
import { DAY_MS, MINUTE_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import {
  consumeStateLua,
  countStatesLua,
  createStateLua,
  expireStateLua,
  pageStatesLua,
  readStateLua,
  removeStateLua,
  sizeOfIndexesLua,
  sweepStatesLua,
  updateStateLua,
} from './scripts/state.ts'
import { fieldsOf, wordOf } from './verification-fields.ts'

const scripts = {
  create: script(createStateLua),
  read: script(readStateLua),
  update: script(updateStateLua),
  consume: script(consumeStateLua),
  remove: script(removeStateLua),
  expire: script(expireStateLua),
  page: script(pageStatesLua),
  count: script(countStatesLua),
  size: script(sizeOfIndexesLua),
  sweep: script(sweepStatesLua),
}

/** How long Redis keeps a record past its time for the sweep, which also tidies the indexes; nobody reads it any more. */
const graceMs = DAY_MS
/** Records that one script may look at, so that none holds Redis up for more than some two milliseconds. */
const mostExamined = 2_000
/** Overdue records that a total takes account of; the sweep comes every minute. */
const mostDue = 10_000
/** Under this a record counts as expiring soon (contract §3). */
const expiringSoonMs = 5 * MINUTE_MS

/** What one partition gave: `reached` is where its walk stopped before its end, if it did. */
type Walk = { records: StateRecord[]; more: boolean; reached?: StatePosition }

export class RedisStateStore implements StateStore {
  readonly #runner: ScriptRunner
  readonly #partitions: readonly number[]
  readonly #prefix: string
  /** Failures that the statistics in Redis do not know yet, since Redis was away. */
  #failures = 0

  /** `prefix` is put before every key; for programs that use the store as a library. Nobody follows events there, and none are written. */
  constructor(runner: ScriptRunner, partitions: number, prefix = '') {
    this.#runner = runner
    this.#partitions = Array.from({ length: partitions }, (_, partition) => partition)
    this.#prefix = prefix
  }

  async create({ kind, id, countsOnExpiry, ...state }: NewState, trace: Trace, nowMs: number): Promise<boolean> {
    const argument = { ...state, onExpiry: textOf(countsOnExpiry), graceMs, ...trace, nowMs }
    return (await this.#run(scripts.create, { kind, id }, argument)) === 1
  }

  async read(key: StateKey, nowMs: number): Promise<StateRecord | null> {
    const record = recordOf(key, fieldsOf(await this.#run(scripts.read, key, { nowMs })))
    return record && nowMs < record.expiresAtMs ? record : null
  }

  async update(key: StateKey, { countsOnExpiry, ...change }: StateChange, trace: Trace, nowMs: number): ReturnType<StateStore['update']> {
    const argument = { ...change, onExpiry: textOf(countsOnExpiry), graceMs, ...trace, nowMs }
    const [kind, flat] = await this.#ask(scripts.update, key, argument)
    if (kind === 'updated' || kind === 'conflict') return { kind, record: required(key, flat) }
    return { kind: wordOf(['missing', 'used', 'expired'], kind) }
  }

  async consume(
    key: StateKey,
    facts: Readonly<Record<string, string>>,
    trace: Trace,
    nowMs: number,
    options: ConsumeOptions = {},
  ): ReturnType<StateStore['consume']> {
    const [kind, value] = await this.#ask(scripts.consume, key, { facts, ...options, graceMs, ...trace, nowMs })
    if (kind === 'consumed') return { kind, record: required(key, value) }
    if (kind === 'mismatch') return { kind, fact: String(value) }
    if (kind === 'conflict') return { kind }
    return { kind: wordOf(['missing', 'used', 'expired'], kind) }
  }

  async remove(key: StateKey, trace: Trace, nowMs: number, counts: readonly Count[] = [], seen?: SeenState): Promise<boolean> {
    return (await this.#run(scripts.remove, key, { counts, seen, ...trace, nowMs })) === 1
  }

  async expire(key: StateKey, trace: Trace, nowMs: number): Promise<boolean> {
    return (await this.#run(scripts.expire, key, { ...trace, nowMs })) === 1
  }

  async page(query: StateQuery): Promise<StatePage> {
    const [walks, total] = await Promise.all([
      Promise.all(this.#partitions.map((partition) => this.#walk(query, partition))),
      query.withoutTotal ? 0 : this.#size(query),
    ])
    // A partition that stopped early may hold records that are newer than the others' older ones: nothing beyond its place is sure yet.
    const floor = walks.flatMap(({ reached }) => reached ?? []).toSorted(newestFirst)[0]
    const sure = walks
      .flatMap(({ records }) => records)
      .filter((record) => !floor || newestFirst(record, floor) <= 0)
      .toSorted(newestFirst)
    const records = sure.slice(0, query.first)
    const end = sure.length > query.first ? records.at(-1) : (floor ?? records.at(-1))
    return {
      records,
      hasMore: sure.length > query.first || walks.some(({ more }) => more),
      total,
      ...(end ? { end: { order: end.order, id: end.id } } : {}),
    }
  }

  async count(selection: StateSelection, most: number): Promise<{ total: number; isExact: boolean }> {
    let left = most
    let total = 0
    for (const partition of this.#partitions) {
      let before: StatePosition | undefined
      do {
        const argument = { ...scriptSelection(selection), before, most: Math.min(left, mostExamined) }
        const reply = await this.#runOn(scripts.count, partition, this.#indexKeys(selection, partition), argument)
        const [count, examined, reached] = reply as [number, number, string[]]
        total += count
        left -= examined
        before = positionOf(reached)
        if (before && left <= 0) return { total, isExact: false }
      } while (before)
    }
    return { total, isExact: true }
  }

  async sweep(partition: number, limit: number, nowMs: number): Promise<ReadonlyMap<string, number>> {
    const keys = keysOf(partition, this.#prefix)
    const kinds = (await this.#runOn(scripts.sweep, partition, [keys.stateDue], { limit, nowMs })) as string[]
    const removed = new Map<string, number>()
    for (const kind of kinds) removed.set(kind, (removed.get(kind) ?? 0) + 1)
    return removed
  }

  async counted(name: string): Promise<ReadonlyMap<string, number>> {
    const { redis } = this.#runner
    const keys = this.#partitions.map((partition) => keysOf(partition, this.#prefix).stateCount(name))
    const parts = await this.#runner.bounded(() => Promise.all(keys.map((key) => redis.hgetall(key))))
    const total = new Map<string, number>()
    for (const [field, value] of parts.flatMap(Object.entries)) total.set(field, (total.get(field) ?? 0) + Number(value))
    return total
  }

  async #walk(query: StateQuery, partition: number): Promise<Walk> {
    const argument = { ...scriptSelection(query), before: query.before, first: query.first, most: mostExamined }
    const reply = await this.#runOn(scripts.page, partition, this.#indexKeys(query, partition), argument)
    const [found, more, reached] = reply as [[string, string[]][], number, string[]]
    const records = found.map(([id, flat]) => required({ kind: query.kind, id }, flat))
    const stoppedAt = positionOf(reached)
    return { records, more: more === 1, ...(stoppedAt ? { reached: stoppedAt } : {}) }
  }

  async #size(selection: StateSelection): Promise<number> {
    const argument = { ...scriptSelection(selection), mostDue }
    const sizes = this.#partitions.map((partition) => this.#runOn(scripts.size, partition, this.#indexKeys(selection, partition), argument))
    return Math.max(
      0,
      (await Promise.all(sizes)).reduce<number>((sum, size) => sum + Number(size), 0),
    )
  }

  #indexKeys({ kind, indexes, status }: StateSelection, partition: number): string[] {
    const keys = keysOf(partition, this.#prefix)
    return [...new Set(indexes)].map((name) => keys.stateIndex(kind, status === 'expired' ? `ended:${name}` : name))
  }

  async #ask(program: Script, key: StateKey, argument: object): Promise<[string, unknown]> {
    return (await this.#run(program, key, argument)) as [string, unknown]
  }

  #run(program: Script, { kind, id }: StateKey, argument: object): Promise<unknown> {
    const partition = partitionOfId(id)
    return this.#runOn(program, partition, [keysOf(partition, this.#prefix).state(kind, id)], { ...argument, kind, id })
  }

  async #runOn(program: Script, partition: number, keys: readonly string[], argument: object): Promise<unknown> {
    const failures = this.#failures
    this.#failures = 0
    try {
      return await this.#runner.run(program, keys, {
        ...argument,
        failures,
        base: keysOf(partition, this.#prefix).base,
        isSilent: this.#prefix !== '',
      })
    } catch (error) {
      this.#failures += failures
      if (error instanceof AppError) this.#failures++
      throw error
    }
  }
}

/** Kept with the record as it is, for the sweep to read. */
function textOf(counts: readonly Count[] | undefined): string | undefined {
  return counts && JSON.stringify(counts)
}

/** What the scripts read of a selection. Those that were ended early have indexes of their own. */
function scriptSelection({ kind, facts, status, nowMs }: StateSelection): object {
  return { kind, facts, nowMs, soonMs: expiringSoonMs, ...(status === 'expired' ? {} : { status }) }
}

/** Compares by place in the order; negative when the first one is newer. */
function newestFirst(one: StatePosition, other: StatePosition): number {
  if (one.order !== other.order) return other.order - one.order
  if (one.id === other.id) return 0
  return one.id > other.id ? -1 : 1
}

function positionOf([order, id]: readonly string[]): StatePosition | undefined {
  return order === undefined || id === undefined ? undefined : { order: Number(order), id }
}

function recordOf(key: StateKey, fields: Record<string, string>): StateRecord | null {
  if (!fields.status) return null
  const facts = Object.entries(fields).filter(([name]) => name.startsWith('f:'))
  return {
    ...key,
    version: Number(fields.version),
    status: wordOf(['active', 'consumed', 'expired'], fields.status),
    createdAtMs: Number(fields.createdAtMs),
    updatedAtMs: Number(fields.updatedAtMs),
    expiresAtMs: Number(fields.expiresAtMs),
    order: Number(fields.order),
    facts: Object.fromEntries(facts.map(([name, value]) => [name.slice(2), value])),
    ...(fields.sealed ? { sealed: fields.sealed } : {}),
    ...(fields.about ? { about: fields.about } : {}),
  }
}

function required(key: StateKey, flat: unknown): StateRecord {
  const record = recordOf(key, fieldsOf(flat))
  if (!record) throw new TypeError('a script gave no record back')
  return record
}

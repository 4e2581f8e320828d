// The port of temporary state: records with a lifetime, sealed data, a version, and a place in a few indexes. Pending operations, flows and OAuth
// states are policies on it. The store knows nothing of what the records mean.

/** Who did it and on behalf of which request, for the event: `actor` is a fingerprint. */
export type Trace = { requestId: string; actor: string }

/** What a record is called and whose it is. `kind` is a short word; ids are ours and say their partition. */
export type StateKey = { kind: string; id: string }

/**
 * A record as the store keeps it. `facts` are small, not personal and in clear: what lists filter by and scripts compare. `sealed` is gone once the
 * record was consumed or ended. `order` sorts newest first, is unique in its partition and never changes.
 */
export type StateRecord = StateKey & {
  version: number
  status: 'active' | 'consumed' | 'expired'
  createdAtMs: number
  updatedAtMs: number
  expiresAtMs: number
  order: number
  facts: Readonly<Record<string, string>>
  sealed?: string
}

/** A counter that goes up by one in the same step as the change it counts: a name of ours and one of its fields. Nothing personal. */
export type Count = readonly [name: string, field: string]

/**
 * `indexes` are names of our making (fingerprints, types); the record appears in each until it ends. `replacesEnded`: a record of this id that was
 * consumed or is past its time makes room, for ids that are derived and therefore come again. `countsOnExpiry` are counted if it expires unused.
 */
export type NewState = StateKey & {
  expiresAtMs: number
  facts: Readonly<Record<string, string>>
  sealed: string
  indexes: readonly string[]
  replacesEnded?: boolean
  counts?: readonly Count[]
  countsOnExpiry?: readonly Count[]
}

export type StateRefusal = { kind: 'missing' } | { kind: 'used' } | { kind: 'expired' }

export type StateChange = {
  /** The version that the change was made on; another one is a conflict. */
  version: number
  sealed: string
  facts?: Readonly<Record<string, string>>
  expiresAtMs?: number
  counts?: readonly Count[]
  /** Takes the place of what would have been counted so far. */
  countsOnExpiry?: readonly Count[]
}

/** What must hold besides facts, and what is counted with it. Another `version` is a conflict: nothing is consumed. */
export type ConsumeOptions = { version?: number; counts?: readonly Count[] }

export type StatePage = { records: readonly StateRecord[]; hasMore: boolean; total: number }

/** Which records of a kind: those in any of `indexes`, older than `before` (an order and id), whose facts and status fit. */
export type StateQuery = {
  kind: string
  indexes: readonly string[]
  before?: { order: number; id: string }
  first: number
  facts?: Readonly<Record<string, string>>
  status?: 'active' | 'expiring_soon' | 'consumed' | 'expired'
  nowMs: number
}

export type StateStore = {
  /** False when there is a record of this id already; nothing is changed then. */
  create(state: NewState, trace: Trace, nowMs: number): Promise<boolean>
  /** The record, if it is there and its time is not over. */
  read(key: StateKey, nowMs: number): Promise<StateRecord | null>
  update(
    key: StateKey,
    change: StateChange,
    trace: Trace,
    nowMs: number,
  ): Promise<{ kind: 'updated'; record: StateRecord } | { kind: 'conflict'; record: StateRecord } | StateRefusal>
  /**
   * Takes the data out, once: of any number of calls one gets it. `facts` must all fit (an operation's type, a binding), else nothing happens. The
   * record stays without data until its time is over, so that a second try can be told from an invented one.
   */
  consume(
    key: StateKey,
    facts: Readonly<Record<string, string>>,
    trace: Trace,
    nowMs: number,
    options?: ConsumeOptions,
  ): Promise<{ kind: 'consumed'; record: StateRecord } | { kind: 'mismatch'; fact: string } | { kind: 'conflict' } | StateRefusal>
  /** Removes record and data at once; false when there was none. */
  remove(key: StateKey, trace: Trace, nowMs: number, counts?: readonly Count[]): Promise<boolean>
  /** Ends a record before its time: no data is left, its token says expired. False when it was not active. */
  expire(key: StateKey, trace: Trace, nowMs: number): Promise<boolean>
  /** Newest first, stable under inserts. Examines at most a few thousand records: a page may then be short though `hasMore`. */
  page(query: StateQuery): Promise<StatePage>
  /** Removes up to `limit` records of a partition whose time is over, with every trace of them; how many of each kind. */
  sweep(partition: number, limit: number, nowMs: number): Promise<ReadonlyMap<string, number>>
  /** The fields of a counter, over all partitions. */
  counted(name: string): Promise<ReadonlyMap<string, number>>
}

// The ports of temporary state: records with a lifetime, sealed data, a version, and a place in a few indexes. Pending operations, flows and OAuth
// states are policies on it. The store knows nothing of what the records mean.

/** Who did it and on behalf of which request, for the event: `actor` is a fingerprint. */
export type Trace = { requestId: string; actor: string }

/** What a record is called and whose it is. `kind` is a short word; ids are ours and say their partition. */
export type StateKey = { kind: string; id: string }

/**
 * A record as the store keeps it. `facts` are small, not personal and in clear: what lists filter by and scripts compare; events carry them. `sealed`
 * is gone once the record was consumed or ended; `about`, sealed as well, stays as long as the record. `order` sorts newest first, is unique in its
 * partition and never changes.
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
  about?: string
}

/** A counter that goes up by one in the same step as the change it counts: a name of ours and one of its fields. Nothing personal. */
export type Count = readonly [name: string, field: string]

/**
 * `indexes` are names of our making (fingerprints, types); the record appears in each until it ends. `tally` is the word under which the hourly
 * statistics count it. `replacesEnded`: a record of this id that was consumed or is past its time makes room, for ids that are derived and therefore come
 * again. `countsOnExpiry` are counted if it expires unused.
 */
export type NewState = StateKey & {
  expiresAtMs: number
  facts: Readonly<Record<string, string>>
  sealed: string
  about?: string
  indexes: readonly string[]
  tally?: string
  replacesEnded?: boolean
  counts?: readonly Count[]
  countsOnExpiry?: readonly Count[]
}

export type StateRefusal = { kind: 'missing' } | { kind: 'used' } | { kind: 'expired' }

/** One record as it was read: another version or other facts mean that it was changed, or that another one has taken its id. */
export type SeenState = { version: number; facts: Readonly<Record<string, string>> }

export type StateChange = {
  /** The version that the change was made on; another one is a conflict. */
  version: number
  /** Facts that the record must have, for ids that come again; others are a conflict. */
  expects?: Readonly<Record<string, string>>
  sealed: string
  facts?: Readonly<Record<string, string>>
  expiresAtMs?: number
  counts?: readonly Count[]
  /** Takes the place of what would have been counted so far. */
  countsOnExpiry?: readonly Count[]
}

/** `version`: another one is a conflict, and nothing is consumed. `keptUntilMs`: what stays is there at least until then. */
export type ConsumeOptions = { version?: number; counts?: readonly Count[]; keptUntilMs?: number }

/** A place in the order of a kind, newest first. */
export type StatePosition = { order: number; id: string }

/** `end` is where the next page goes on; it is there whenever `hasMore`. `total` is how many the indexes hold, each once, whatever the filters. */
export type StatePage = { records: readonly StateRecord[]; hasMore: boolean; total: number; end?: StatePosition }

/**
 * Which records of a kind: those in any of `indexes` whose facts and status fit; of a list of values one must. Without a status those that were ended
 * early are left out.
 */
export type StateSelection = {
  kind: string
  indexes: readonly string[]
  facts?: Readonly<Record<string, string | readonly string[]>>
  status?: 'active' | 'expiring_soon' | 'consumed' | 'expired'
  nowMs: number
}

/** A page of them, older than `before`. `withoutTotal` saves counting; `total` is then 0. */
export type StateQuery = StateSelection & { before?: StatePosition; first: number; withoutTotal?: boolean }

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
  /** Removes record and data at once; false when there was none. With `seen` only an active record that is still what was seen; false otherwise. */
  remove(key: StateKey, trace: Trace, nowMs: number, counts?: readonly Count[], seen?: SeenState): Promise<boolean>
  /** Ends a record before its time: no data is left, its token says expired. False when it was not active. */
  expire(key: StateKey, trace: Trace, nowMs: number): Promise<boolean>
  /** Newest first, stable under inserts. Examines at most a few thousand records: a page may then be short though `hasMore`. */
  page(query: StateQuery): Promise<StatePage>
  /** How many there are, by looking at up to `most` of the newest; `isExact` says that there were no more to look at. */
  count(selection: StateSelection, most: number): Promise<{ total: number; isExact: boolean }>
  /** Removes up to `limit` records of a partition whose time is over, with every trace of them; how many of each kind. */
  sweep(partition: number, limit: number, nowMs: number): Promise<ReadonlyMap<string, number>>
  /** The fields of a counter, over all partitions. */
  counted(name: string): Promise<ReadonlyMap<string, number>>
}

/** Ids that were used once, remembered until they would have ended anyway. */
export type SpentIds = {
  /** True for the first call of any number; tells the world, and counts it under `tally`. */
  spend(key: StateKey, expiresAtMs: number, tally: string, trace: Trace, nowMs: number): Promise<boolean>
  isSpent(key: StateKey): Promise<boolean>
  /** Counts what was made elsewhere than in the store, for the statistics. */
  noteCreated(key: StateKey, tally: string, trace: Trace, nowMs: number): Promise<void>
}

/** What happened to records of a tally within one hour. */
export type StateTally = { created: number; consumed: number; expired: number }

/** The numbers of one kind. Hours are starts in milliseconds, the newest first, 24 of them; rates are of the same 24 hours. */
export type StateNumbers = {
  total: number
  active: number
  expiringSoon: number
  hours: readonly { startMs: number; tallies: ReadonlyMap<string, StateTally> }[]
  found: number
  missing: number
  failed: number
}

export type StateStatistics = { read(kind: string, nowMs: number): Promise<StateNumbers> }

/** A change of some record of a kind, as its event told it. */
export type StateNotice = StateKey & { verb: string; version: number; facts: Readonly<Record<string, string>> }

/** Hands every change of a kind to `onChange`, from now on; events may be missed while Redis is away. The returned function ends it. */
export type StateFeed = { follow(kind: string, onChange: (notice: StateNotice) => void): () => void }

/** A record that lives in its token and in no store. `content` is plain JSON. */
export type TokenContent = { id: string; createdAtMs: number; expiresAtMs: number; content: Readonly<Record<string, unknown>> }

/** Encrypted tokens. `decrypt` opens expired ones too, and gives null for anything that we did not make or no longer have the key of. */
export type StateTokens = { encrypt(content: TokenContent): Promise<string>; decrypt(token: string): Promise<TokenContent | null> }

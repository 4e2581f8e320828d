// What flows need from the world: shapes only. providers and stores implement them, bin hands them over.

/** A file of definitions/ as it was read; `file` is the name that people know it by. Lines begin at 1. */
export type DefinitionFile = { file: string } & (
  | { value: unknown; lineOf: (path: readonly PropertyKey[]) => number }
  | { fault: { line: number; message: string } }
)

/**
 * A submission as Postgres keeps it. It counts from `completedAtMs` on, the moment at which its draft was consumed: before that a newer version of the
 * same draft may take its place. `owner` is a fingerprint, `sealed` the data.
 */
export type Submission = {
  id: string
  kind: string
  definition: string
  definitionVersion: number
  draftId: string
  draftVersion: number
  owner: string
  sealed: string
  createdAtMs: number
  completedAtMs?: number
  handedOverAtMs?: number
}

export type NewSubmission = Omit<Submission, 'completedAtMs' | 'handedOverAtMs'>

/** Each call is one statement. All throw `service_degraded` when Postgres is away or slow; whether it was done is then unknown, and none minds being repeated. */
export type SubmissionStore = {
  /** Keeps it, or replaces an older version of the same draft; one that is completed stays as it is. */
  save(submission: NewSubmission): Promise<void>
  find(id: string): Promise<Submission | null>
  /** Says when the draft was consumed; a later moment changes nothing. */
  complete(id: string, atMs: number): Promise<void>
  handedOver(id: string, atMs: number): Promise<void>
  /** Takes back what was never completed. */
  discard(id: string): Promise<void>
  /** Those older than `beforeMs` that are not handed over, oldest first. */
  owed(beforeMs: number, limit: number): Promise<Submission[]>
}

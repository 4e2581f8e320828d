// Submissions in Postgres: one row each, written before the draft is gone. Each call is one statement and may be repeated.
import type { NewSubmission, Submission, SubmissionStore } from '../../domain/flow-ports.ts'
import { AppError } from '../../errors.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Pool } from './pool.ts'

/** A caller waits for it, so it gives up sooner than the pool. What was sent may still be done: no call minds. */
const patienceMs = 3 * SECOND_MS

const save = `insert into flow_submissions
    (id, kind, definition, definition_version, draft_id, draft_version, owner, sealed, created_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
  on conflict (id) do update set definition_version = excluded.definition_version, draft_version = excluded.draft_version,
    draft_id = excluded.draft_id, owner = excluded.owner, sealed = excluded.sealed, created_at = excluded.created_at
  where flow_submissions.completed_at is null
    and (flow_submissions.draft_version < excluded.draft_version or flow_submissions.draft_id <> excluded.draft_id)`
const columns = `id, kind, definition, definition_version, draft_id, draft_version, owner, sealed, created_at, completed_at, handed_over_at`

type Row = {
  id: string
  kind: string
  definition: string
  definition_version: number
  draft_id: string
  draft_version: number
  owner: string
  sealed: string
  created_at: Date
  completed_at: Date | null
  handed_over_at: Date | null
}

export function createSubmissionStore(pool: Pool): SubmissionStore {
  const ask = async (text: string, values: readonly unknown[]): Promise<Row[]> => {
    try {
      const { rows } = await withDeadline(
        pool.query<Row>(text, [...values]),
        patienceMs,
        () => new Error('Postgres did not answer in time'),
      )
      return rows
    } catch (cause) {
      throw new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
    }
  }
  return {
    async save(submission) {
      await ask(save, valuesOf(submission))
    },
    async find(id) {
      const [row] = await ask(`select ${columns} from flow_submissions where id = $1`, [id])
      return row ? submissionOf(row) : null
    },
    async complete(id, atMs) {
      await ask('update flow_submissions set completed_at = $2 where id = $1 and completed_at is null', [id, new Date(atMs)])
    },
    async handedOver(id, atMs) {
      await ask('update flow_submissions set handed_over_at = $2 where id = $1 and handed_over_at is null', [id, new Date(atMs)])
    },
    async discard(id) {
      await ask('delete from flow_submissions where id = $1 and completed_at is null', [id])
    },
    async owed(beforeMs, limit) {
      const query = `select ${columns} from flow_submissions where handed_over_at is null and created_at < $1
        order by completed_at nulls last, created_at limit $2`
      return (await ask(query, [new Date(beforeMs), limit])).map(submissionOf)
    },
  }
}

function valuesOf({ createdAtMs, ...row }: NewSubmission): unknown[] {
  return [
    row.id,
    row.kind,
    row.definition,
    row.definitionVersion,
    row.draftId,
    row.draftVersion,
    row.owner,
    row.sealed,
    new Date(createdAtMs),
  ]
}

function submissionOf(row: Row): Submission {
  return {
    id: row.id,
    kind: row.kind,
    definition: row.definition,
    definitionVersion: row.definition_version,
    draftId: row.draft_id,
    draftVersion: row.draft_version,
    owner: row.owner,
    sealed: row.sealed,
    createdAtMs: row.created_at.getTime(),
    ...(row.completed_at ? { completedAtMs: row.completed_at.getTime() } : {}),
    ...(row.handed_over_at ? { handedOverAtMs: row.handed_over_at.getTime() } : {}),
  }
}

// The beginning of a removal, decided under the subject's lock: whether it may begin, what goes with it, and which bytes. From then on nothing stops it.
import type { PoolClient } from 'pg'
import type { PurgeStart, PurgeStore } from '../../domain/retention-ports.ts'
import { eraseDocument } from './erase.ts'
import { inTransaction } from './events.ts'
import type { Pool } from './pool.ts'

type Client = Pick<PoolClient, 'query'>

/** Who else needs the bytes of a document. */
type Needs = { byEnvelope: boolean; byDocument: boolean; byRetention: boolean }

const needs = `select
  exists (select from envelopes where document_key = $1 and id <> $2 and purged_at is null) as "byEnvelope",
  exists (select from documents where storage_key = $1 and id <> $3) as "byDocument",
  exists (select from retention r join documents d on d.id = r.subject where d.storage_key = $1 and r.subject <> $2 and r.purged_at is null) as "byRetention"`

export function createPurgeStore(pool: Pool): PurgeStore {
  return {
    begin: (subject, nowMs) =>
      inTransaction(pool, async (client) => {
        type Row = {
          hold_at: Date | null
          ends_at: Date | null
          purging_at: Date | null
          purged_at: Date | null
          purge_keys: string[]
          purge_folders: string[]
        }
        const { rows } = await client.query<Row>('select * from retention where subject = $1 for update', [subject])
        const [row] = rows
        if (!row || row.purged_at) return { kind: 'gone' }
        if (row.purging_at) return { kind: 'go', keys: row.purge_keys, folders: row.purge_folders }
        if (row.hold_at) return { kind: 'held' }
        if (!row.ends_at || row.ends_at.getTime() > nowMs) return { kind: 'not_due' }
        return begin(client, subject, nowMs)
      }),
  }
}

async function begin(client: Client, subject: string, nowMs: number): Promise<PurgeStart> {
  const isEnvelope = subject.startsWith('env_')
  // One that was not completed leaves its document to its owner.
  const query = `select document_id as id, document_key as key from envelopes where id = $1 and status = 'completed'`
  const envelope = isEnvelope ? await documentOf(client, query, subject) : null
  const document = envelope ?? (await documentOf(client, 'select id, storage_key as key from documents where id = $1', subject))
  const taken = document
    ? await takeDocument(client, subject, document, envelope !== null)
    : { kind: 'took' as const, keys: [], folders: [] }
  if (taken.kind === 'needed') return taken
  const folders = [...(isEnvelope ? [`envelopes/${subject}`] : []), ...taken.folders]
  await client.query('update retention set purging_at = $2, purge_keys = $3, purge_folders = $4 where subject = $1', [
    subject,
    new Date(nowMs),
    taken.keys,
    folders,
  ])
  return { kind: 'go', keys: taken.keys, folders }
}

type Taken = { kind: 'took'; keys: string[]; folders: string[] } | { kind: 'needed' }

/**
 * An envelope takes its document along if nobody else needs it; a document waits for the envelopes that do, and leaves the bytes to other documents of the same
 * upload.
 */
async function takeDocument(
  client: Client,
  subject: string,
  { id, key }: { id: string; key: string },
  isEnvelope: boolean,
): Promise<Taken> {
  const { rows } = await client.query<Needs>(needs, [key, subject, id])
  const { byEnvelope, byDocument, byRetention } = rows[0] ?? { byEnvelope: true, byDocument: true, byRetention: true }
  if (isEnvelope && (byEnvelope || byDocument || byRetention)) return { kind: 'took', keys: [], folders: [] }
  if (byEnvelope) return { kind: 'needed' }
  const checks = await client.query<{ id: string }>('select id from compliance_checks where document_id = $1', [id])
  await eraseDocument(client, id, !byDocument)
  return { kind: 'took', keys: byDocument ? [] : [key], folders: checks.rows.map((check) => `checks/${check.id}`) }
}

async function documentOf(client: Client, query: string, subject: string): Promise<{ id: string; key: string } | null> {
  return (await client.query<{ id: string; key: string }>(query, [subject])).rows[0] ?? null
}

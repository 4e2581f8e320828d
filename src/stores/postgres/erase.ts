// Wiping what is personal, within another change's transaction. Rows that prove something stay: hashes, times, kinds; rows that only told somebody go.
import type { PoolClient } from 'pg'

type Client = Pick<PoolClient, 'query'>

/** Of an envelope's acts, mails and notifications, and what was found in its sealed copy; the envelope's own row is its store's. Twice is once. */
export async function eraseEnvelope(client: Client, envelopeId: string): Promise<void> {
  await client.query('update envelope_acts set personal = null, erased = true where envelope_id = $1 and personal is not null', [
    envelopeId,
  ])
  await client.query(`update notices set sealed = '' where envelope_id = $1`, [envelopeId])
  await client.query('delete from notifications where subject = $1', [envelopeId])
  const ofCopy = `delete from document_results where sha256 = (select decode(seal ->> 'sha256', 'hex') from envelopes where id = $1)`
  await client.query(ofCopy, [envelopeId])
}

/** A document, the row of its upload where nobody else uses those bytes, and what was found in them unless another document has the same content. */
export async function eraseDocument(client: Client, documentId: string, isLastOfItsBytes: boolean): Promise<void> {
  const { rows } = await client.query<{ storage_key: string; sha256: Buffer }>(
    'delete from documents where id = $1 returning storage_key, sha256',
    [documentId],
  )
  const [gone] = rows
  await client.query(
    'delete from notifications where subject = $1 or subject in (select id from compliance_checks where document_id = $1)',
    [documentId],
  )
  await client.query('delete from compliance_checks where document_id = $1', [documentId])
  if (!gone) return
  if (isLastOfItsBytes) await client.query('delete from uploads where storage_key = $1', [gone.storage_key])
  for (const table of ['document_results', 'document_thumbnails'])
    await client.query(`delete from ${table} where sha256 = $1 and not exists (select from documents where sha256 = $1)`, [gone.sha256])
}

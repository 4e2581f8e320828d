// Between the rows of envelopes and their acts and the records of the domain. What is personal of an act is sealed here.
import { envelopeStatuses, requiredClasses, signingOrders } from '../../contracts/envelope.ts'
import { actTypes, type Act, type EnvelopeRecord, type SealState, type SignerRecord } from '../../domain/envelope-ports.ts'
import type { Keyring } from '../../lib/keyring.ts'

export type EnvelopeRow = {
  id: string
  owner: string
  document_id: string
  document_key: string
  document_sha256: Buffer
  document_bytes: string
  document_version: string
  pages: number
  is_signed: boolean
  status: string
  sequence: number
  required_class: string
  signing_order: string
  declarations: EnvelopeRecord['declarations']
  reminders: { everySeconds: number; max: number } | null
  retention: string
  sealed: string
  signers: SignerRecord[]
  acts_head: string
  seal: SealState | null
  reason: string | null
  request_id: string
  created_at: Date
  prepared_at: Date | null
  expires_at: Date
  ended_at: Date | null
  purged_at: Date | null
}

export type ActRow = {
  envelope_id: string
  sequence: number
  type: string
  signer: number | null
  at: Date
  facts: Act['facts']
  personal: string | null
  erased: boolean
  previous_hash: string
  hash: string
}

export function envelopeOf(row: EnvelopeRow): EnvelopeRecord {
  return {
    id: row.id,
    status: known(envelopeStatuses, row.status),
    sequence: row.sequence,
    owner: row.owner,
    documentId: row.document_id,
    documentKey: row.document_key,
    documentSha256: row.document_sha256.toString('hex'),
    documentBytes: Number(row.document_bytes),
    documentVersion: row.document_version,
    pages: row.pages,
    isSigned: row.is_signed,
    requiredClass: known(requiredClasses, row.required_class),
    order: known(signingOrders, row.signing_order),
    declarations: row.declarations,
    ...(row.reminders === null ? {} : { reminders: row.reminders }),
    retention: row.retention,
    sealed: row.sealed,
    signers: row.signers,
    actsHead: row.acts_head,
    ...(row.seal === null ? {} : { seal: row.seal }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    createdAtMs: row.created_at.getTime(),
    ...(row.prepared_at === null ? {} : { preparedAtMs: row.prepared_at.getTime() }),
    expiresAtMs: row.expires_at.getTime(),
    ...(row.ended_at === null ? {} : { endedAtMs: row.ended_at.getTime() }),
    ...(row.purged_at === null ? {} : { purgedAtMs: row.purged_at.getTime() }),
    requestId: row.request_id,
  }
}

/** The columns that a change may set, in the order in which the statements name them. */
export const changedColumns = [
  'status',
  'sequence',
  'retention',
  'sealed',
  'signers',
  'acts_head',
  'seal',
  'reason',
  'prepared_at',
  'ended_at',
  'purged_at',
] as const

export function changedValues(record: EnvelopeRecord): unknown[] {
  const { status, sequence, retention, sealed, signers, actsHead, seal, reason = null } = record
  const texts = [status, sequence, retention, sealed, JSON.stringify(signers), actsHead, seal ? JSON.stringify(seal) : null, reason]
  return [...texts, dateOf(record.preparedAtMs), dateOf(record.endedAtMs), dateOf(record.purgedAtMs)]
}

/** The columns that stay as they were when the envelope was made. */
export const firstColumns = [
  'id',
  'owner',
  'document_id',
  'document_key',
  'document_sha256',
  'document_bytes',
  'document_version',
  'pages',
  'is_signed',
  'required_class',
  'signing_order',
  'declarations',
  'reminders',
  'request_id',
  'created_at',
  'expires_at',
] as const

export function firstValues(record: EnvelopeRecord): unknown[] {
  const { id, owner, documentId, documentKey, documentSha256, documentBytes, documentVersion, pages, isSigned } = record
  const { requiredClass, order, declarations, reminders, requestId, createdAtMs, expiresAtMs } = record
  const document = [documentId, documentKey, Buffer.from(documentSha256, 'hex'), documentBytes, documentVersion, pages, isSigned]
  const wishes = [requiredClass, order, JSON.stringify(declarations), reminders ? JSON.stringify(reminders) : null]
  return [id, owner, ...document, ...wishes, requestId, dateOf(createdAtMs), dateOf(expiresAtMs)]
}

export function dateOf(ms: number | null | undefined): Date | null {
  return typeof ms === 'number' ? new Date(ms) : null
}

/** What cannot be opened is given as nothing: whoever verifies the act sees that its hash is of something else. */
export function actOf(keyring: Keyring, row: ActRow): Act {
  const { envelope_id: envelopeId, sequence } = row
  const opened = row.personal === null ? null : keyring.open(contextOf(envelopeId, sequence), row.personal)
  return {
    envelopeId,
    sequence,
    type: known(actTypes, row.type),
    signer: row.signer,
    at: row.at.toISOString(),
    facts: row.facts,
    personal: opened ? (JSON.parse(opened.plaintext) as Act['personal']) : {},
    previousHash: row.previous_hash,
    hash: row.hash,
    ...(row.erased ? { isErased: true as const } : {}),
  }
}

/** Kept until it is erased. */
const never = 8.64e15

export function sealedFacts(keyring: Keyring, { envelopeId, sequence, personal }: Act): string | null {
  if (Object.keys(personal).length === 0) return null
  return keyring.seal(contextOf(envelopeId, sequence), never, JSON.stringify(personal))
}

function contextOf(envelopeId: string, sequence: number): { kind: string; id: string } {
  return { kind: 'envelope-act', id: `${envelopeId}.${sequence}` }
}

function known<Word extends string>(words: readonly Word[], text: string): Word {
  const word = words.find((candidate) => candidate === text)
  if (word === undefined) throw new TypeError('a stored envelope has an unknown word')
  return word
}

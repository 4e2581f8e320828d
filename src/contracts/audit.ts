// The audit trail as people and programs read it: entries, pages, the answer of a verification.
import { z } from 'zod'
import { pageSchema } from './page.ts'

export const auditEntry = z
  .object({
    sequence: z.int().describe('without gaps, from 1'),
    id: z.string().describe('the id of the event; webhooks carry the same'),
    at: z.iso.datetime(),
    action: z.string().describe('`noun.verbed`'),
    actor: z.string().describe('a keyed digest of who did it; empty for the system itself'),
    subject: z.string(),
    subjectSequence: z.int(),
    requestId: z.string(),
    data: z.record(z.string(), z.unknown()),
    previousHash: z.string().describe('of the entry before; 64 zeros for the first'),
    hash: z.string().describe('SHA-256, in hex, of this object without `hash` as RFC 8785 writes it'),
  })
  .describe('One line of an export is one of these.')

export type AuditEntry = z.infer<typeof auditEntry>

export const auditPage = pageSchema(auditEntry)
export type AuditPage = z.infer<typeof auditPage>

/**
 * What is wrong with an entry. `edited`: it is not what was hashed. `replaced`: edited and hashed anew, the next one tells. `reordered`: another one stands in its
 * place. `removed`: it is not there. `rewritten`: it and all that follow were hashed anew, a checkpoint tells. `cut`: it and all that followed are gone, a
 * checkpoint tells. `archive_missing`: the archive that holds it cannot be read.
 */
export const auditFaults = ['edited', 'replaced', 'reordered', 'removed', 'rewritten', 'cut', 'archive_missing'] as const
export type AuditFault = (typeof auditFaults)[number]

export const auditVerification = z.object({
  ok: z.boolean(),
  entries: z.int().describe('how many were checked'),
  firstBroken: z
    .object({ sequence: z.int(), reason: z.enum(auditFaults), through: z.int().optional().describe('the last one that it may concern') })
    .optional(),
  checkpoints: z.int().describe('how many signed checkpoints agreed'),
  checkpointed: z.int().describe('up to which sequence a checkpoint speaks for the trail'),
  continueAfter: z.string().optional().describe('there is more than one request checks: ask again with `?after=` this'),
})
export type AuditVerification = z.infer<typeof auditVerification>

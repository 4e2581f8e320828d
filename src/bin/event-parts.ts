// The parts of audit and webhooks that API, workers and commands build alike from the settings.
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { chainBehind, genesis } from '../domain/audit/chain.ts'
import { factsOf } from '../domain/audit/facts.ts'
import type {
  ArchiveVault,
  AuditStore,
  CheckpointSigner,
  CheckpointSink,
  DrainSink,
  WebhookSender,
  WebhookStore,
} from '../domain/event-ports.ts'
import { planEvent } from '../domain/webhooks/plan.ts'
import type { Keyring } from '../lib/keyring.ts'
import { projectRoot } from '../lib/run-file.ts'
import type { Secret } from '../lib/secret.ts'
import { createArchiveFiles, noArchives } from '../providers/audit/archive-files.ts'
import { createCheckpointFiles, noCheckpoints } from '../providers/audit/checkpoint-files.ts'
import { createCheckpointSigner } from '../providers/tokens/checkpoint-signer.ts'
import { createWebhookSender } from '../providers/webhook-sender/sender.ts'
import { refuseTarget } from '../providers/webhook-sender/target.ts'
import { createAuditSink, createAuditStore } from '../stores/postgres/audit.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import { createWebhookSink, createWebhookStore } from '../stores/postgres/webhooks.ts'

export type AuditParts = { audit: AuditStore; vault: ArchiveVault; checkpoints: CheckpointSink; checkpointSigner: CheckpointSigner }

/** Where checkpoints and archives lie: AUDIT_DIR, else `audit` in DATA_DIR, else nowhere. */
export function auditFolder({ AUDIT_DIR, DATA_DIR }: { AUDIT_DIR?: string | undefined; DATA_DIR?: string | undefined }): string | null {
  if (AUDIT_DIR) return resolve(projectRoot, AUDIT_DIR)
  return DATA_DIR ? join(resolve(projectRoot, DATA_DIR), 'audit') : null
}

export async function createAuditParts(pool: Pool, folder: string | null, proofKey: Secret): Promise<AuditParts> {
  return {
    audit: createAuditStore(pool, genesis),
    vault: folder === null ? noArchives : createArchiveFiles(folder),
    checkpoints: folder === null ? noCheckpoints : createCheckpointFiles(folder),
    checkpointSigner: await createCheckpointSigner(proofKey),
  }
}

/** What the two drains store into. */
export function createSinks(pool: Pool, keyring: Keyring): { audit: DrainSink; webhooks: DrainSink } {
  return {
    audit: createAuditSink(pool, { factsOf: (event) => factsOf(keyring, event), chainBehind, genesis }),
    webhooks: createWebhookSink(pool, planEvent),
  }
}

export function createWebhookParts(
  pool: Pool,
  { WEBHOOK_ALLOW_PRIVATE: allowPrivate }: Pick<Config, 'WEBHOOK_ALLOW_PRIVATE'>,
): { webhooks: WebhookStore; sendWebhook: WebhookSender; refuseUrl: (url: string) => string | null } {
  return {
    webhooks: createWebhookStore(pool),
    sendWebhook: createWebhookSender({ allowPrivate }),
    refuseUrl: (url) => refuseTarget(url, allowPrivate),
  }
}

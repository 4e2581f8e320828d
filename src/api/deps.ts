// Everything that the HTTP surface needs, handed over by bin. Ports that only the API uses are described here.
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { Config } from '../config.ts'
import type { ReadinessReport } from '../contracts/health.ts'
import type { PendingOperationDeps } from '../domain/pending-operations/operation.ts'
import type { FlowDeps } from '../domain/flows/deps.ts'
import type { TokenFacts } from '../domain/caller.ts'
import type { AcceptDeps } from '../domain/ports.ts'
import type { ActivityDeps } from '../domain/activity/trail.ts'
import type { LoginAttemptDeps } from '../domain/login-attempts/attempts.ts'
import type { ExactLimitDeps } from '../domain/rate-limits/check.ts'
import type { RevocationFeed, TokenReader } from '../domain/session-ports.ts'
import type { SessionDeps } from '../domain/sessions/deps.ts'
import type { SessionUuidDeps } from '../domain/sessions/uuids.ts'
import type { ApiKeyDeps } from '../domain/api-keys/api-keys.ts'
import type { AuditReadDeps } from '../domain/audit/read.ts'
import type { VerifyDeps } from '../domain/audit/verify.ts'
import type { DeadLetterDeps } from '../domain/dead-letters/dead-letters.ts'
import type { ComplianceDeps } from '../domain/compliance/deps.ts'
import type { DocumentDeps } from '../domain/documents/deps.ts'
import type { EnvelopeDeps } from '../domain/envelopes/deps.ts'
import type { EvidenceDeps } from '../domain/envelopes/evidence-deps.ts'
import type { PackFiles } from '../domain/evidence-ports.ts'
import type { RetentionDeps } from '../domain/retention/deps.ts'
import type { NotificationDeps } from '../domain/notifications/read.ts'
import type { SignerTexts } from '../domain/signer-text-ports.ts'
import type { UploadDeps } from '../domain/uploads/deps.ts'
import type { Log } from '../log.ts'
import type { ProcessTelemetry } from '../telemetry.ts'

/** The settings that the surface reads; the rest of Config is none of its business. */
export type ApiConfig = Pick<
  Config,
  | 'NODE_ENV'
  | 'PUBLIC_URL'
  | 'PUBLIC_API'
  | 'CORS_ORIGINS'
  | 'TRUST_PROXY'
  | 'BRAND_NAME'
  | 'BOARD_WRITE'
  | 'METRICS_PORT'
  | 'TWILIO_AUTH_TOKEN'
  | 'EMAIL_CALLBACK_SECRET'
>

/** By the SHA-256 of the whole key; null for an unknown or revoked key. */
export type ApiKeyReader = { findByHash(sha256: Buffer): Promise<{ keyId: string; scopes: readonly string[] } | null> }

/** Whom a console session is about. `keyHash`: the SHA-256 (base64url) of the API key by which it was got; `token`: the JWT by which it was. */
export type ConsoleSession = { subject: string; roles: readonly string[]; keyHash?: string; token?: TokenFacts }

/** The console's sign-in: `read` gives null for anything that is no living session, `end` of such a thing does nothing. */
export type ConsoleSessions = {
  issue(session: ConsoleSession & { notAfterMs?: number }): Promise<string>
  read(token: string): Promise<ConsoleSession | null>
  end(token: string): Promise<void>
}

/** A queue as the board takes it; bin hands over BullMQ queues. */
export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0]

/** What the routes of events need: audit, webhooks, keys, dead letters. */
type EventDeps = AuditReadDeps & VerifyDeps & ApiKeyDeps & DeadLetterDeps & { queueNames: readonly string[] }

export type ApiDeps = AcceptDeps &
  EventDeps &
  SessionDeps &
  SessionUuidDeps &
  LoginAttemptDeps &
  ExactLimitDeps &
  ActivityDeps &
  UploadDeps &
  DocumentDeps &
  ComplianceDeps &
  EnvelopeDeps &
  RetentionDeps &
  EvidenceDeps &
  NotificationDeps &
  Pick<FlowDeps, 'catalogue' | 'submissions'> &
  Omit<PendingOperationDeps, 'policy'> & {
    log: Log
    config: ApiConfig
    telemetry: AcceptDeps['telemetry'] & Pick<ProcessTelemetry, 'requested'>
    verifyJwt: TokenReader
    revocationFeed: RevocationFeed
    apiKeys: ApiKeyReader
    sessions: ConsoleSessions
    packFiles: PackFiles
    /** The words of the signer's pages. */
    signerTexts: SignerTexts
    /** Aborts when the process is asked to stop: whatever waits for news then ends its wait. */
    stopping: AbortSignal
    /** The public half of the proof key. */
    jwks: () => unknown
    readiness: () => Promise<ReadinessReport>
    /** The text of a Prometheus scrape. */
    metrics: () => Promise<string>
    boardQueues: readonly BoardQueue[]
    /** Development only: the messages that the stand-ins received, newest first. Without it `/dev/outbox` is not there. */
    outbox?: ((to?: string) => Promise<readonly unknown[]>) | undefined
  }

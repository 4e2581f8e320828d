// Everything that the HTTP surface needs, handed over by bin. Ports that only the API uses are described here.
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import type { Config } from '../config.ts'
import type { ReadinessReport } from '../contracts/health.ts'
import type { AcceptDeps } from '../domain/ports.ts'
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

/** What a valid JWT says; a verifier throws `unauthenticated` or `service_degraded`. */
export type TokenClaims = { subject: string; roles: readonly string[]; email?: string; phoneNumber?: string }

/** By the SHA-256 of the whole key; null for an unknown or revoked key. */
export type ApiKeyReader = { findByHash(sha256: Buffer): Promise<{ keyId: string; scopes: readonly string[] } | null> }

/** The console's sign-in: `read` gives null for anything that is no living session. */
export type ConsoleSessions = {
  issue(session: { subject: string; roles: readonly string[] }): Promise<string>
  read(token: string): Promise<{ subject: string; roles: readonly string[] } | null>
}

/** A queue as the board takes it; bin hands over BullMQ queues. */
export type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0]

export type ApiDeps = AcceptDeps & {
  log: Log
  config: ApiConfig
  telemetry: AcceptDeps['telemetry'] & Pick<ProcessTelemetry, 'requested'>
  verifyJwt: (token: string) => Promise<TokenClaims>
  apiKeys: ApiKeyReader
  sessions: ConsoleSessions
  /** The public half of the proof key. */
  jwks: () => unknown
  readiness: () => Promise<ReadinessReport>
  /** The text of a Prometheus scrape. */
  metrics: () => Promise<string>
  boardQueues: readonly BoardQueue[]
  /** Development only: the messages that the stand-ins received, newest first. Without it `/dev/outbox` is not there. */
  outbox?: ((to?: string) => Promise<readonly unknown[]>) | undefined
}

// What the domain of flows needs, for the API and for a worker.
import type { AcceptDeps, EventLog } from '../ports.ts'
import type { StateStore } from '../state-ports.ts'
import type { SubmissionStore } from '../flow-ports.ts'
import type { Catalogue } from './catalogue.ts'

export type FlowDeps = Pick<AcceptDeps, 'clock' | 'keyring' | 'policy' | 'idempotency' | 'enqueue' | 'telemetry'> & {
  states: StateStore
  submissions: SubmissionStore
  catalogue: Catalogue
}

export type HandOverDeps = Pick<AcceptDeps, 'clock'> & { states: StateStore; submissions: SubmissionStore; events: EventLog }

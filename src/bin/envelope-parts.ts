// The parts of envelopes that API and workers build alike.
import type { EnvelopeStore } from '../domain/envelope-ports.ts'
import { owedEnvelopeJob } from '../domain/envelopes/jobs.ts'
import type { Keyring } from '../lib/keyring.ts'
import { createEnvelopeStore } from '../stores/postgres/envelopes.ts'
import type { Pool } from '../stores/postgres/pool.ts'

/** How long the API waits for a connection, and then for a statement about envelopes; a refused form makes two looks. */
export const envelopePatienceMs = 700

export function createEnvelopes(pool: Pool, keyring: Keyring): EnvelopeStore {
  return createEnvelopeStore(pool, keyring, owedEnvelopeJob)
}

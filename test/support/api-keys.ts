// API keys for tests, made as the product makes them.
import type { ApiKeyScope } from '../../src/contracts/api-key.ts'
import { createApiKey } from '../../src/domain/api-keys/api-keys.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createApiKeyStore } from '../../src/stores/postgres/api-keys.ts'
import type { Pool } from '../../src/stores/postgres/pool.ts'

/** A new key, in clear. */
export async function makeApiKey(pool: Pool, name: string, scopes: ApiKeyScope[]): Promise<string> {
  const deps = { clock: systemClock, apiKeyBook: createApiKeyStore(pool) }
  return (await createApiKey(deps, { name, scopes }, { requestId: 'test', actor: '' })).key
}

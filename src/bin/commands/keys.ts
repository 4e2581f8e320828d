// API keys from the command line, for the first one and for servers without a console.
import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { ConfigError, givenSettings } from '../../config.ts'
import { apiKeyScopes, createApiKeyRequest, rotateApiKeyRequest, type ApiKeyWithSecret } from '../../contracts/api-key.ts'
import { createApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '../../domain/api-keys/api-keys.ts'
import type { Trace } from '../../domain/state-ports.ts'
import { AppError } from '../../errors.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { Keyring } from '../../lib/keyring.ts'
import { createApiKeyStore } from '../../stores/postgres/api-keys.ts'
import { createPool } from '../../stores/postgres/pool.ts'

const usage = `usage: keys create --name NAME [--scopes a,b]
       keys list
       keys rotate ID [--overlap SECONDS]
       keys revoke ID`

/** A new key is printed on standard output, this once; everything else about it on standard error. */
export async function runKeys(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { name: text, scopes: text, overlap: text } })
  const [verb, id] = positionals
  const { DATABASE_URL, MASTER_KEYS } = givenSettings(env)
  if (!DATABASE_URL) throw new ConfigError(['DATABASE_URL is missing'])
  const keyring = MASTER_KEYS ? Keyring.parse(MASTER_KEYS) : undefined
  const pool = createPool(DATABASE_URL, () => {}, 1)
  const deps = { clock, apiKeyBook: createApiKeyStore(pool) }
  try {
    if (verb === 'create' && values.name !== undefined)
      return show(await createApiKey(deps, newKey(values.name, values.scopes), traceOf(keyring)))
    if (verb === 'list') return await list(deps, keyring)
    if (verb === 'rotate' && id !== undefined) {
      const { overlap } = checked(rotateApiKeyRequest, values.overlap === undefined ? {} : { overlap: Number(values.overlap) })
      return show(await rotateApiKey(deps, id, overlap, traceOf(keyring)))
    }
    if (verb === 'revoke' && id !== undefined) {
      await revokeApiKey(deps, id, traceOf(keyring))
      return console.error(`${id} is revoked`)
    }
    throw new Error(usage)
  } catch (error) {
    throw error instanceof AppError && error.code === 'not_found' ? new Error(`there is no key ${id}`) : error
  } finally {
    await pool.end()
  }
}

function newKey(name: string, scopes: string | undefined) {
  const list = scopes
    ?.split(',')
    .map((scope) => scope.trim())
    .filter(Boolean)
  const unknown = list?.filter((scope) => !apiKeyScopes.some((known) => known === scope)) ?? []
  if (unknown.length > 0) throw new Error(`no such scope: ${unknown.join(', ')}; there are ${apiKeyScopes.join(', ')}`)
  return checked(createApiKeyRequest, { name, ...(list ? { scopes: list } : {}) })
}

function checked<Value>(
  schema: { safeParse(value: unknown): { data?: Value; error?: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } } },
  value: unknown,
): Value {
  const { data, error } = schema.safeParse(value)
  if (data === undefined) throw new Error(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n') ?? usage)
  return data
}

async function list(deps: Parameters<typeof createApiKey>[0], keyring: Keyring | undefined): Promise<void> {
  if (!keyring) throw new ConfigError(['MASTER_KEYS is missing'])
  let after: string | undefined
  do {
    const page = await listApiKeys({ ...deps, keyring }, { first: 100, after })
    for (const key of page.nodes) {
      const state = key.revokedAt ? `revoked ${key.revokedAt}` : key.lastUsedAt ? `used ${key.lastUsedAt}` : 'never used'
      console.log([key.id, key.name, key.scopes.join(',') || '-', key.createdAt, state].join('\t'))
    }
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? undefined) : undefined
  } while (after !== undefined)
}

function show({ id, key }: ApiKeyWithSecret): void {
  console.error(`${id} (the key is shown only now)`)
  console.log(key)
}

/** `actor=cli:NAME` finds it in the trail. */
function traceOf(keyring: Keyring | undefined): Trace {
  return { requestId: '', actor: keyring?.fingerprint('caller', `cli:${userInfo().username}`) ?? '' }
}

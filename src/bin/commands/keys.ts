// API keys from the command line, for the first one and for servers without a console.
import { parseArgs } from 'node:util'
import { ConfigError, givenSettings } from '../../config.ts'
import { createApiKeyStore } from '../../stores/postgres/api-keys.ts'
import { createPool } from '../../stores/postgres/pool.ts'

/** `create --name NAME [--scopes a,b]`: prints the key on standard output, this once; its id on standard error. */
export async function runKeys(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: 'string' }, scopes: { type: 'string' } },
  })
  if (positionals.join(' ') !== 'create' || !values.name) throw new Error('usage: keys create --name NAME [--scopes a,b]')
  const { DATABASE_URL } = givenSettings(env)
  if (!DATABASE_URL) throw new ConfigError(['DATABASE_URL is missing'])
  const scopes =
    values.scopes
      ?.split(',')
      .map((scope) => scope.trim())
      .filter(Boolean) ?? []
  const pool = createPool(DATABASE_URL, () => {}, 1)
  try {
    const { keyId, key } = await createApiKeyStore(pool).create(values.name, scopes)
    console.error(`${keyId} (the key is shown only now)`)
    console.log(key)
  } finally {
    await pool.end()
  }
}

// The secrets of development and tests. They are real ones, made at random and kept per DATA_DIR; production brings its own.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSealingKey } from './dev-sealing-key.ts'

/** Named as the settings are, but for the passwords of the embedded parts. */
export type DevSecrets = {
  MASTER_KEYS: string
  PROOF_KEY: string
  SEALING_KEY_P12: string
  JWT_SECRET: string
  TWILIO_ACCOUNT_SID: string
  TWILIO_AUTH_TOKEN: string
  EMAIL_CALLBACK_SECRET: string
  redisPassword: string
  postgresPassword: string
}

/** A new set. */
export function generateSecrets(): DevSecrets {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    MASTER_KEYS: `dev1:${randomBytes(32).toString('base64')}`,
    PROOF_KEY: JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'dev1' }),
    SEALING_KEY_P12: createSealingKey(Date.now()).toString('base64'),
    JWT_SECRET: randomBytes(32).toString('base64url'),
    TWILIO_ACCOUNT_SID: `AC${randomBytes(16).toString('hex')}`,
    TWILIO_AUTH_TOKEN: randomBytes(16).toString('hex'),
    EMAIL_CALLBACK_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
    redisPassword: randomBytes(16).toString('hex'),
    postgresPassword: randomBytes(16).toString('hex'),
  }
}

/** The set of this folder, made the first time and kept in `secrets.json` (0600). Throws when that file is there but unreadable. */
export function keepSecrets(dataDir: string): DevSecrets {
  const file = join(dataDir, 'secrets.json')
  let kept: Partial<DevSecrets> = {}
  try {
    kept = JSON.parse(readFileSync(file, 'utf8')) as Partial<DevSecrets>
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing) throw new Error(`${file} cannot be read: repair it, or remove ${dataDir} to begin anew`, { cause: error })
  }
  const secrets = { ...generateSecrets(), ...kept }
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
  return secrets
}

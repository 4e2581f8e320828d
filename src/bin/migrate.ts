// Applies the migrations that are missing, says which, and ends. Production runs it once before a new version's processes.
import { ConfigError, givenSettings, readEnvironment } from '../config.ts'
import { runFilePath } from '../lib/run-file.ts'
import { migrate } from '../stores/postgres/migrate.ts'

try {
  const { DATABASE_URL } = givenSettings(readEnvironment(runFilePath))
  if (!DATABASE_URL) throw new ConfigError(['DATABASE_URL is missing'])
  const applied = await migrate(DATABASE_URL)
  console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : 'nothing to apply')
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

// Where a clone keeps its development data, and the run file in which a running `npm start` tells its addresses. It reads and writes neither.
import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

type Environment = Readonly<Record<string, string | undefined>>

/** The folder of this clone (of package.json). */
export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * Root: `/var/lib/sallyport/<hash>`, since an unprivileged Postgres cannot enter a private clone or /root; else the user's XDG state
 * folder. The hash is of the clone's path, so that two clones never share data.
 */
export function defaultDataDir(env: Environment): string {
  const hash = createHash('sha256').update(projectRoot).digest('hex').slice(0, 12)
  if (process.getuid?.() === 0) return join('/var/lib/sallyport', hash)
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state'), 'sallyport', hash)
}

/** The run file of a DATA_DIR, or of the default one. It exists only while `npm start` runs. */
export function runFilePath(dataDir: string | undefined, env: Environment = {}): string {
  return join(dataDir ? resolve(projectRoot, dataDir) : defaultDataDir(env), 'run.env')
}

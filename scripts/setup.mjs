// Makes this clone ready to run: dependencies by the lockfile, and a redis-server. Plain JavaScript for any Node from 20.19 on, since the
// project's own Node is among what it installs. Starts nothing; the embedded parts belong to src/bin/dev.ts and the tests.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.sallyport-stamp')
// Everything that runs from these node_modules leaves a file named by its pid here: see src/lib/running.ts.
const runningFolder = join(modules, '.sallyport-running')
const lockFolder = join(root, '.setup.lock')
const redisLine = 'apt-get update && apt-get install -y --no-install-recommends redis-server'

const shownLines = 40

class SetupError extends Error {}

function say(text) {
  process.stderr.write(`setup: ${text}\n`)
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}

// Waits without spinning; a set-up has nothing else to do meanwhile.
function pause(milliseconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

function run(command, args, env = process.env) {
  const result = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return { ok: result.status === 0, output: `${result.error?.message ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}`.trim() }
}

// --- one set-up at a time -----------------------------------------------------------------------------------------------------------

function takeLock() {
  let told = false
  for (let withoutOwner = 0; ; pause(200)) {
    try {
      mkdirSync(lockFolder)
      writeFileSync(join(lockFolder, 'pid'), String(process.pid))
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw new SetupError(`cannot write to ${root}: ${error.message}`)
    }
    const owner = Number(readText(join(lockFolder, 'pid')))
    withoutOwner = owner ? 0 : withoutOwner + 1
    if (owner ? !isAlive(owner) : withoutOwner > 10) removeStaleLock(owner)
    else if (owner && !told) {
      say(`waiting for the set-up that process ${owner} is doing`)
      told = true
    }
  }
}

// Renaming is atomic, so of several who find the same stale lock one takes it away; one taken by mistake is put back.
function removeStaleLock(owner) {
  const aside = `${lockFolder}.${process.pid}`
  try {
    renameSync(lockFolder, aside)
    const found = Number(readText(join(aside, 'pid')))
    if (found && found !== owner && isAlive(found) && !existsSync(lockFolder)) renameSync(aside, lockFolder)
    else rmSync(aside, { recursive: true, force: true })
  } catch {
    // Another process was quicker.
  }
}

// --- dependencies -------------------------------------------------------------------------------------------------------------------

function lockHash() {
  const text = readText(join(root, 'package-lock.json'))
  if (text === undefined) throw new SetupError('package-lock.json is missing: this is no complete clone')
  return createHash('sha256').update(text).digest('hex')
}

function isInstalled() {
  return readText(stampFile) === lockHash() && existsSync(join(modules, '.bin', 'node'))
}

// What npm itself noted about the folder. A developer's `npm install` leaves it right, and then nothing has to be installed again.
function matchesInstalledTree() {
  const wanted = JSON.parse(readText(join(root, 'package-lock.json'))).packages
  const found = JSON.parse(readText(join(modules, '.package-lock.json')) ?? '{}').packages
  if (!found || !existsSync(join(modules, '.bin', 'node'))) return false
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === '') return true
    return found[path] ? found[path].version === version && found[path].integrity === integrity : optional === true
  })
}

function runningProcesses() {
  try {
    return readdirSync(runningFolder)
      .map(Number)
      .filter((pid) => pid > 0 && isAlive(pid))
  } catch {
    return []
  }
}

function installDependencies() {
  const [running] = runningProcesses()
  if (running) {
    throw new SetupError(`the dependencies changed, but process ${running} runs from this folder (npm start or npm test): stop it first`)
  }
  say('installing dependencies (npm ci) …')
  const startedAt = Date.now()
  // The Node that runs this script may be the one that npm is about to replace: npm's own Node is not.
  const npmScript = process.env.npm_execpath
  const command = npmScript ? (process.env.npm_node_execpath ?? process.execPath) : 'npm'
  const npm = ['--prefix', root, 'ci', '--include=dev', '--include=optional', '--ignore-scripts=false', '--no-audit', '--no-fund']
  const { ok, output } = run(command, npmScript ? [npmScript, ...npm] : npm, { ...process.env, NODE_ENV: 'development' })
  if (!ok) throw new SetupError(`npm ci failed:\n${output.split('\n').slice(0, shownLines).join('\n')}`)
  if (!run(join(modules, '.bin', 'node'), ['--version']).ok) throw new SetupError(`npm ci brought no Node of its own:\n${output}`)
  say(`dependencies installed in ${Math.round((Date.now() - startedAt) / 1000)} s`)
}

// --- redis-server -------------------------------------------------------------------------------------------------------------------

function needsRedis() {
  return !(process.env.npm_lifecycle_event === 'prestart' && process.env.REDIS_URL)
}

// Debian starts a service when its package is installed, unless this file says no. One that is there already is somebody else's.
function withoutServiceStart(work) {
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return work()
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
}

function installRedis() {
  if (!onPath('apt-get')) {
    throw new SetupError('there is no redis-server on the PATH. Install one (version 7 or later), for example: brew install redis')
  }
  if (process.getuid?.() !== 0) throw new SetupError(`there is no redis-server on the PATH. Type: sudo sh -c '${redisLine}'`)
  say("installing redis-server from the system's packages …")
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=120']
  const update = run('apt-get', [...wait, 'update'], env)
  const install = withoutServiceStart(() => run('apt-get', [...wait, 'install', '-y', '--no-install-recommends', 'redis-server'], env))
  if (!install.ok || !onPath('redis-server')) {
    throw new SetupError(`redis-server could not be installed:\n${update.ok ? '' : update.output}\n${install.output}\nType: ${redisLine}`)
  }
  say('redis-server installed')
}

// --- all of it ----------------------------------------------------------------------------------------------------------------------

function isReady() {
  return isInstalled() && (!needsRedis() || onPath('redis-server'))
}

function setUp() {
  if (isReady()) return
  takeLock()
  try {
    // Another set-up may have done it while this one waited.
    if (!isInstalled()) {
      if (!matchesInstalledTree()) installDependencies()
      writeFileSync(stampFile, lockHash())
    }
    if (needsRedis() && !onPath('redis-server')) installRedis()
  } finally {
    rmSync(lockFolder, { recursive: true, force: true })
  }
}

try {
  setUp()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  say(error.message)
  process.exitCode = 1
}

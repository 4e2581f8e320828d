// A child process that cannot outlive its parent: a guard beside it ends it when the parent dies in whatever way, kill -9 included.
// What the child says and how it is asked to do its work is the caller's.
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { createInterface } from 'node:readline'

export type GuardedOptions = Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> & {
  /** The signal by which the child ends in good order. */
  stopSignal?: NodeJS.Signals
  /** Written to its standard input, which is then closed. */
  input?: string
  /** Gives the child an IPC channel, whose end tells it that the parent has gone. */
  ipc?: boolean
  /** Every line of its standard output and error. */
  onLine?: (line: string) => void
}

export type GuardedProcess = {
  pid: number
  child: ChildProcess
  /** Resolves with how it ended, whoever ended it. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Asks it to end, kills it after `graceMs`, resolves when it has ended. Asking twice is asking once. */
  stop(graceMs?: number): Promise<void>
  /** SIGKILL at once. */
  kill(): Promise<void>
}

// Blocks until its standard input ends, which happens when the parent closes it or dies; then asks the child, then kills it.
// (A zombie, state Z, has ended: who adopted it has only not looked yet.)
const guardScript = `read -r _
kill -"$2" "$1" 2>/dev/null
for _ in $(seq 80); do
  kill -0 "$1" 2>/dev/null || exit 0
  case "$(cat "/proc/$1/stat" 2>/dev/null)" in *") Z "*) exit 0 ;; esac
  sleep 0.1
done
kill -KILL "$1" 2>/dev/null`

/**
 * Starts a child in a session of its own (a Ctrl-C in the terminal reaches only the parent, which decides the order in which things end).
 * Rejects when the program cannot be started.
 */
export async function spawnGuarded(command: string, args: readonly string[], options: GuardedOptions = {}): Promise<GuardedProcess> {
  const { stopSignal = 'SIGTERM', input, ipc = false, onLine = () => {}, ...spawnOptions } = options
  const stdio: SpawnOptions['stdio'] = [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])]
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  const pid = child.pid
  if (pid === undefined) throw new Error(`${command} has no process id`)
  const dismiss = startGuard(pid, stopSignal)
  void exited.then(dismiss)
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', onLine)
  // A child that ends before it has read its input closes the pipe; how it ended says more than that.
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  const end = async (signal: NodeJS.Signals, graceMs: number): Promise<void> => {
    child.kill(signal)
    const killer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await exited
    clearTimeout(killer)
  }
  return { pid, child, exited, stop: (graceMs = 10_000) => end(stopSignal, graceMs), kill: () => end('SIGKILL', 0) }
}

/** Starts the guard of one process; the function it returns sends the guard away. */
function startGuard(pid: number, signal: NodeJS.Signals): () => void {
  const name = signal.replace(/^SIG/, '')
  const guard = spawn('/bin/sh', ['-c', guardScript, 'sallyport-guard', String(pid), name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.on('error', () => {})
  guard.stdin.on('error', () => {})
  guard.unref()
  return () => {
    guard.kill('SIGKILL')
    guard.stdin.destroy()
  }
}

// Runs one task on one hostile file in a child process of its own (src/sandbox/main.ts), and never longer, larger or louder than allowed. Whatever the child
// does, the answer is one of six words. Which limits make sense, and what to do about a crash, is the caller's.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { constants, openSync, closeSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspectionReply } from '../contracts/inspection.ts'
import type { Inspection } from '../domain/upload-ports.ts'
import { projectRoot } from '../lib/run-file.ts'
import { createTurns } from '../lib/turns.ts'

/** `wallMs` by the clock, `rssBytes` of memory as measured, `outputBytes` of answer. `heapMiB` bounds the child's own heap. */
export type InspectionLimits = { wallMs: number; rssBytes: number; outputBytes: number; heapMiB: number }

/** A task by its name in the sandbox. `parse` throws for an answer of the wrong shape. `needs`: flags of Node that its libraries cannot do without. */
export type InspectionTask<Value> = { name: string; options?: unknown; parse: (value: unknown) => Value; needs?: readonly string[] }

export type Inspector = {
  inspect<Value>(task: InspectionTask<Value>, inputPath: string, limits: InspectionLimits, signal?: AbortSignal): Promise<Inspection<Value>>
}

const sandboxEntry = join(projectRoot, 'src', 'sandbox', 'main.ts')
const sandboxFiles = ['src', 'node_modules', 'package.json'].map((name) => join(projectRoot, name))
const watchEveryMs = 50
const pageBytes = 4_096
// Even a child whose parent died cannot spin for ever, and none leaves a core.
const limitScript = 'ulimit -t "$1"; ulimit -c 0; shift; exec "$@"'

/** How a run went. `peakBytes`: the largest resident memory that was seen, 0 when the child was gone before it could be. */
export type InspectionMeasure = { task: string; outcome: Inspection<unknown>['kind']; wallMs: number; peakBytes: number }

/** `entry` is the child's program, `readable` what it may read of the file system; tests bring programs of their own. */
export type InspectorOptions = {
  parallel?: number
  entry?: string
  readable?: readonly string[]
  observe?: (measure: InspectionMeasure) => void
}

/** At most `parallel` children at once; others wait their turn. */
export function createInspector({
  parallel = 2,
  entry = sandboxEntry,
  readable = sandboxFiles,
  observe,
}: InspectorOptions = {}): Inspector {
  const turns = createTurns(parallel)
  const program = [...readable.map((path) => `--allow-fs-read=${path}`), entry]
  return {
    inspect: (task, inputPath, limits, signal) =>
      turns(async () => {
        const startedAt = performance.now()
        const { inspection, peakBytes } = await inspect(program, task, inputPath, limits, signal)
        observe?.({ task: task.name, outcome: inspection.kind, wallMs: performance.now() - startedAt, peakBytes })
        return inspection
      }),
  }
}

async function inspect<Value>(
  program: readonly string[],
  task: InspectionTask<Value>,
  inputPath: string,
  limits: InspectionLimits,
  signal: AbortSignal | undefined,
): Promise<{ inspection: Inspection<Value>; peakBytes: number }> {
  const descriptor = openSync(inputPath, constants.O_RDONLY | constants.O_NOFOLLOW)
  let child: ChildProcess
  try {
    child = start(program, task, descriptor, limits)
  } finally {
    closeSync(descriptor)
  }
  const { verdict, output, ended, peakBytes } = await supervise(child, limits, signal)
  return { inspection: verdict ?? readReply(task, output, ended), peakBytes }
}

function start(program: readonly string[], task: InspectionTask<unknown>, descriptor: number, limits: InspectionLimits): ChildProcess {
  const flags = ['--permission', `--max-old-space-size=${limits.heapMiB}`, '--no-warnings', ...(task.needs ?? [])]
  const command = [...networkless(), process.execPath, ...flags, ...program]
  const cpuSeconds = Math.ceil(limits.wallMs / 1_000) + 1
  const child = spawn('/bin/sh', ['-c', limitScript, 'sallyport-sandbox', String(cpuSeconds), ...command], {
    cwd: '/',
    env: { MALLOC_ARENA_MAX: '2' },
    stdio: ['pipe', 'pipe', 'ignore', descriptor],
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(JSON.stringify({ task: task.name, options: task.options }))
  return child
}

type Watched = {
  verdict: Inspection<never> | null
  output: Buffer
  ended: { code: number | null; signal: NodeJS.Signals | null }
  peakBytes: number
}

/** Until the child has ended, by itself or by our hand. */
async function supervise(child: ChildProcess, limits: InspectionLimits, signal: AbortSignal | undefined): Promise<Watched> {
  let verdict: Inspection<never> | null = null
  let bytes = 0
  let peakBytes = 0
  const chunks: Buffer[] = []
  const end = (reason: Inspection<never>): void => {
    verdict ??= reason
    child.kill('SIGKILL')
  }
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > limits.outputBytes) end({ kind: 'crashed', signal: 'output' })
    else chunks.push(chunk)
  })
  const clock = setTimeout(() => end({ kind: 'timeout' }), limits.wallMs)
  const watch = setInterval(() => {
    const residentBytes = memoryOf(child.pid)
    peakBytes = Math.max(peakBytes, residentBytes)
    if (residentBytes > limits.rssBytes) end({ kind: 'memory' })
  }, watchEveryMs)
  const abort = (): void => end({ kind: 'crashed', signal: 'aborted' })
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const { promise, resolve } = Promise.withResolvers<Watched['ended']>()
  child.once('error', () => resolve({ code: null, signal: null }))
  child.once('close', (code, endSignal) => resolve({ code, signal: endSignal }))
  const ended = await promise
  clearTimeout(clock)
  clearInterval(watch)
  signal?.removeEventListener('abort', abort)
  return { verdict, output: Buffer.concat(chunks), ended, peakBytes }
}

/** Resident memory in bytes; 0 when it cannot be told. */
function memoryOf(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes
  } catch {
    return 0
  }
}

const outOfHeapCodes = new Set([134, 133])
/** Says the child (src/sandbox/main.ts) when its own code does not load. */
const notLoadedCode = 78

function readReply<Value>(task: InspectionTask<Value>, output: Buffer, { code, signal }: Watched['ended']): Inspection<Value> {
  if (signal === 'SIGXCPU') return { kind: 'timeout' }
  // V8 aborts when the heap it was given is full.
  if (signal === 'SIGABRT' || signal === 'SIGTRAP' || outOfHeapCodes.has(code ?? 0)) return { kind: 'memory' }
  if (code === notLoadedCode) throw new Error(`the sandbox's task ${task.name} does not load`)
  if (code !== 0) return { kind: 'crashed', signal: signal ?? `exit_${code}` }
  try {
    const reply = inspectionReply.parse(JSON.parse(output.toString('utf8')))
    switch (reply.kind) {
      case 'ok':
        return { kind: 'ok', value: task.parse(reply.value) }
      case 'partial':
        return { kind: 'partial', value: task.parse(reply.value), reason: reply.reason }
      case 'rejected':
        return reply
    }
  } catch {
    return { kind: 'crashed', signal: 'reply' }
  }
}

let networkPrefix: readonly string[] | undefined

/** The words before a command that take its network away; none where the system does not let us. Asked once. */
function networkless(): readonly string[] {
  networkPrefix ??=
    process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? ['unshare', '-n', '--'] : []
  return networkPrefix
}

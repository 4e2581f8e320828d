// Processes of ours as tests run them: with what they said, and surely ended.
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { projectRoot } from '../../src/lib/run-file.ts'
import { spawnGuarded, type GuardedProcess } from '../../src/lib/guarded-process.ts'
import { until } from './infra.ts'

export type SpawnedNode = GuardedProcess & {
  /** Every line of standard output and error so far. */
  lines: readonly string[]
  /** Resolves with the first line, past or to come, that matches; rejects with all lines when none does in time or the process ends. */
  line(pattern: RegExp, timeoutMs?: number): Promise<string>
}

const spawned = new Set<GuardedProcess>()

// Registered with the test file that imports this one.
afterAll(async () => {
  await Promise.all([...spawned].map((server) => server.kill()))
})

/**
 * Runs a file of the project (`src/bin/api.ts`) in its own process with exactly this environment (PATH and HOME are added), an IPC
 * channel, and a guard: it ends with the test file at the latest.
 */
export async function spawnNode(file: string, env: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<SpawnedNode> {
  const lines: string[] = []
  const { PATH = '', HOME = '' } = process.env
  const server = await spawnGuarded(process.execPath, [join(projectRoot, file), ...args], {
    cwd: projectRoot,
    env: { PATH, HOME, ...env },
    ipc: true,
    onLine: (line) => lines.push(line),
  })
  let hasEnded = false
  void server.exited.then(() => (hasEnded = true))
  spawned.add(server)
  const line = async (pattern: RegExp, timeoutMs = 30_000): Promise<string> => {
    const find = (): string | undefined => lines.find((text) => pattern.test(text))
    await until(() => find() ?? hasEnded, { timeoutMs }).catch(() => undefined)
    const found = find()
    if (found === undefined) throw new Error(`${file} never said ${pattern}${hasEnded ? ' and ended' : ''}:\n${lines.join('\n')}`)
    return found
  }
  return { ...server, lines, line }
}

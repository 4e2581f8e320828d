// The audit trail from the command line: verify it, export it, watch it grow, move its oldest entries into compressed files.
import { userInfo } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ConfigError, givenSettings } from '../../config.ts'
import type { AuditEntry } from '../../contracts/audit.ts'
import { ChainCheck, genesis, type Break } from '../../domain/audit/chain.ts'
import { everyAuditEntry, followAudit, type AuditQuery } from '../../domain/audit/read.ts'
import { rotateAudit } from '../../domain/audit/rotate.ts'
import { verifyTrail } from '../../domain/audit/verify.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts'
import { Keyring } from '../../lib/keyring.ts'
import { Secret } from '../../lib/secret.ts'
import { readLines } from '../../providers/audit/archive-files.ts'
import { createPool } from '../../stores/postgres/pool.ts'
import { auditFolder, createAuditParts, type AuditParts } from '../event-parts.ts'

const usage = `usage: audit verify [--file EXPORT.ndjson[.gz]]
       audit export [--actor user:X] [--action A] [--subject S] [--from T] [--to T] > FILE
       audit tail [--after SEQUENCE]
       audit rotate --keep-days N`

type Values = { [Name in 'file' | 'actor' | 'action' | 'subject' | 'from' | 'to' | 'after' | 'keep-days']?: string | undefined }
type Parts = AuditParts & { keyring: Keyring }

/** Entries go to standard output, verdicts and counts to standard error; a trail that is not whole is a failure. */
export async function runAudit(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const text = { type: 'string' } as const
  const options = { file: text, actor: text, action: text, subject: text, from: text, to: text, after: text, 'keep-days': text }
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [verb = ''] = positionals
  if (verb === 'verify' && values.file !== undefined) return verifyFile(values.file)
  const work = new Map<string, (parts: Parts) => Promise<void>>([
    ['verify', verify],
    ['export', (parts) => exportTrail(parts, values)],
    ['tail', (parts) => tail(parts, values.after)],
    ['rotate', (parts) => rotate(parts, values['keep-days'])],
  ]).get(verb)
  if (!work) throw new Error(usage)
  await withParts(env, work)
}

async function withParts(env: NodeJS.ProcessEnv, work: (parts: Parts) => Promise<void>): Promise<void> {
  const { DATABASE_URL, PROOF_KEY, MASTER_KEYS, AUDIT_DIR, DATA_DIR } = givenSettings(env)
  if (!DATABASE_URL || !PROOF_KEY || !MASTER_KEYS) throw new ConfigError(['DATABASE_URL, PROOF_KEY and MASTER_KEYS are needed'])
  const pool = createPool(DATABASE_URL, () => {}, 2)
  try {
    const parts = await createAuditParts(pool, auditFolder({ AUDIT_DIR, DATA_DIR }), new Secret(PROOF_KEY))
    await work({ ...parts, keyring: Keyring.parse(MASTER_KEYS) })
  } finally {
    await pool.end()
  }
}

async function verify(parts: Parts): Promise<void> {
  const startedAt = performance.now()
  const { verification } = await verifyTrail(parts)
  const seconds = (performance.now() - startedAt) / SECOND_MS
  const { entries, checkpoints, checkpointed, firstBroken } = verification
  console.error(
    `${entries} entries in ${seconds.toFixed(1)} s (${Math.round(entries / Math.max(seconds, 0.001))}/s), ${memoryOf()} at most`,
  )
  console.error(
    checkpoints > 0
      ? `${checkpoints} checkpoints agree, the last one at ${checkpointed}`
      : 'no checkpoint speaks for it: a cut tail could not be told',
  )
  judge(firstBroken)
}

/** An export or archive needs no database: it carries its own hashes. Its first entry is taken at its word. */
async function verifyFile(path: string): Promise<void> {
  let check: ChainCheck | undefined
  for await (const line of readLines(path)) {
    const entry = JSON.parse(line) as AuditEntry
    check ??= new ChainCheck(entry.sequence === 1 ? genesis : { sequence: entry.sequence - 1, hash: entry.previousHash })
    const broken = check.take(entry)
    if (broken) judge(broken)
  }
  console.error(`${check?.entries ?? 0} entries, up to ${check?.head.sequence ?? 0}`)
  judge(undefined)
}

function judge(broken: Break | undefined): void {
  if (broken)
    throw new Error(
      `BROKEN: entry ${broken.sequence} is ${broken.reason}${broken.through === undefined ? '' : ` (up to ${broken.through})`}`,
    )
  console.error('whole')
}

async function exportTrail(parts: Parts, values: Values): Promise<void> {
  const query: AuditQuery = {
    actor: values.actor,
    action: values.action,
    subject: values.subject,
    fromMs: timeOf(values.from, '--from'),
    toMs: timeOf(values.to, '--to'),
  }
  for await (const entries of everyAuditEntry(parts, query)) await print(entries)
}

async function tail(parts: Parts, after: string | undefined): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  const pause = (): Promise<void> => wait(SECOND_MS, undefined, { signal: stopped.signal }).catch(() => {})
  for await (const entries of followAudit(parts, after === undefined ? undefined : Number(after), pause, stopped.signal))
    await print(entries)
}

async function rotate(parts: Parts, keepDays: string | undefined): Promise<void> {
  const days = Number(keepDays)
  if (keepDays === undefined || !Number.isInteger(days) || days < 0) throw new Error(usage)
  const beforeMs = clock.nowMs() - days * DAY_MS
  for (;;) {
    const archive = await rotateAudit({ ...parts, clock }, beforeMs, {
      requestId: '',
      actor: parts.keyring.fingerprint('caller', `cli:${userInfo().username}`),
    })
    if (!archive) return
    console.error(`${archive.name}: entries ${archive.firstSequence} to ${archive.lastSequence}`)
  }
}

/** Waits for whoever reads, so that nothing piles up. */
async function print(entries: readonly AuditEntry[]): Promise<void> {
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  if (text !== '' && !process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}

function timeOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new Error(`${option} is no time`)
  return ms
}

function memoryOf(): string {
  return `${Math.round(process.resourceUsage().maxRSS / 1_024)} MB`
}

// The parts of compliance checks that API and worker build: the rule set (refused at start when it is not whole), the list of providers, everything that we say.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { TrustList } from '../domain/compliance-ports.ts'
import type { ComplianceDeps, ComplianceWorkDeps } from '../domain/compliance/deps.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { projectRoot } from '../lib/run-file.ts'
import type { Log } from '../log.ts'
import { createExaminer } from '../providers/examiner.ts'
import type { Inspector } from '../providers/inspector.ts'
import { readRuleSet, RuleSetError } from '../providers/rule-set.ts'
import { loadTrustList, TrustListError } from '../providers/trust-list.ts'
import type { JobProducer } from '../queues/bullmq.ts'
import { createCheckStore, createExaminationCache } from '../stores/postgres/checks.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import type { Loop } from '../workers/loops/every.ts'
import { startOwed } from '../workers/loops/owed.ts'
import { auditFolder, createAuditParts } from './event-parts.ts'
import { bundleParts } from './retention-parts.ts'

const ruleSetFile = join(projectRoot, 'rulesets', 'eta-2019.v1.json')

/** The API's half. */
export function checkParts(pool: Pool): Pick<ComplianceDeps, 'checks' | 'ruleSet'> {
  return { checks: createCheckStore(pool), ruleSet: orExit(() => readRuleSet(ruleSetFile)) }
}

type WorkParts = Omit<Awaited<ReturnType<typeof createAuditParts>> & Awaited<ReturnType<typeof bundleParts>>, 'software'> &
  Pick<ComplianceWorkDeps, 'checks' | 'ruleSet' | 'examinations' | 'examiner' | 'trustList' | 'ownTexts' | 'hasResponsiblePerson'>

/** A worker's half. */
export async function complianceParts(pool: Pool, config: Config, inspector: Inspector): Promise<WorkParts> {
  const { software: _software, ...bundles } = await bundleParts(config)
  return {
    ...checkParts(pool),
    ...(await createAuditParts(pool, auditFolder(config), config.PROOF_KEY)),
    ...bundles,
    examinations: createExaminationCache(pool),
    examiner: createExaminer(inspector),
    trustList: trustListOf(config),
    ownTexts: readOwnTexts(join(projectRoot, 'templates')),
    hasResponsiblePerson: config.RESPONSIBLE_PERSON !== undefined,
  }
}

function trustListOf({ TRUST_LIST: path }: Config): TrustList | null {
  return path === undefined ? null : orExit(() => loadTrustList(resolve(projectRoot, path)))
}

/** Every template, by its path. */
export function readOwnTexts(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]))
}

/** What is wrong with a file of the operator's or ours is said, and nothing is checked by it. */
function orExit<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof RuleSetError || error instanceof TrustListError)) throw error
    console.error(error.message)
    return process.exit(78)
  }
}

/** Sees to it that checks which are due have jobs. */
export function startChecksOwed(pool: Pool, jobs: JobProducer, log: Log): Loop {
  return startOwed('checks', { owed: createCheckStore(pool).owed, jobs, clock, log })
}

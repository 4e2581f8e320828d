// The parts of retention, integrity and evidence that API and worker build, and what a worker measures of them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiDeps } from '../api/deps.ts'
import type { Config } from '../config.ts'
import { analyserVersion } from '../domain/documents/policy.ts'
import type { EvidenceDeps } from '../domain/envelopes/evidence-deps.ts'
import type { RetentionWorkDeps } from '../domain/retention/deps.ts'
import { projectRoot } from '../lib/run-file.ts'
import type { Log } from '../log.ts'
import { createEvidenceSigner } from '../providers/tokens/evidence-signer.ts'
import { packZip } from '../providers/zip.ts'
import { createIntegrityStore } from '../stores/postgres/integrity.ts'
import type { Pool } from '../stores/postgres/pool.ts'
import { createPurgeStore } from '../stores/postgres/purge.ts'
import { createRetentionStore } from '../stores/postgres/retention.ts'
import type { ProcessTelemetry } from '../telemetry.ts'

/** What processed and judged: version of the package, of Node and of the analyser. */
export function softwareVersion(): string {
  const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }
  return `sallyport/${version} node/${process.versions.node} analyser/${analyserVersion}`
}

/** A worker's half. */
export function retentionParts(
  pool: Pool,
  log: Log,
  telemetry: Pick<ProcessTelemetry, 'registerGauge'>,
): Pick<RetentionWorkDeps, 'retention' | 'purges' | 'integrity' | 'software' | 'retentionMeters'> {
  const integrity = createIntegrityStore(pool)
  telemetry.registerGauge({
    name: 'integrity_failing_objects',
    help: 'Kept objects that were altered or missing when they were last looked at.',
    measure: async () => [{ value: await integrity.failing() }],
  })
  return {
    retention: createRetentionStore(pool),
    purges: createPurgeStore(pool),
    integrity,
    software: softwareVersion(),
    retentionMeters: {
      objectFailed: ({ subject, outcome }) => log.error({ subject, outcome }, 'a kept object is not what it was'),
      purgeFailed: (subject, error) => log.error({ subject, err: error }, 'a removal did not come to its end'),
    },
  }
}

/** What bundles are signed and made with, besides the stores. The verifier's own source goes into each. */
export async function bundleParts({
  PROOF_KEY,
  PUBLIC_URL,
}: Pick<Config, 'PROOF_KEY' | 'PUBLIC_URL'>): Promise<Pick<EvidenceDeps, 'evidenceSigner' | 'verifierSource' | 'publicUrl' | 'software'>> {
  return {
    evidenceSigner: await createEvidenceSigner(PROOF_KEY),
    verifierSource: readFileSync(join(projectRoot, 'src/domain/envelopes/evidence-verify.ts'), 'utf8'),
    publicUrl: PUBLIC_URL,
    software: softwareVersion(),
  }
}

/** The API's half. */
export async function evidenceParts(
  pool: Pool,
  config: Pick<Config, 'PROOF_KEY' | 'PUBLIC_URL'>,
): Promise<Pick<ApiDeps, 'retention' | 'packFiles' | 'evidenceSigner' | 'verifierSource' | 'publicUrl' | 'software'>> {
  return { ...(await bundleParts(config)), retention: createRetentionStore(pool), packFiles: packZip }
}

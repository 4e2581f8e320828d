// Has a document prepared for the seal in a child process (src/sandbox/seal). The key stays here; only bytes to be appended come back.
import { preparedSeal } from '../../contracts/seal.ts'
import type { SealPreparer } from '../../domain/seal-ports.ts'
import type { InspectionLimits, Inspector } from '../inspector.ts'

const MIB = 1_048_576
const limits: InspectionLimits = { wallMs: 30_000, rssBytes: 512 * MIB, outputBytes: 9 * MIB, heapMiB: 320 }

export function createSealPreparer(inspector: Inspector): SealPreparer {
  return {
    prepare: (path, { certificate, name, reason, atMs }, signal) =>
      inspector.inspect(
        {
          name: 'seal',
          options: { certificate: certificate?.toString('base64') ?? null, name, reason, date: pdfDate(atMs) },
          parse: (value) => preparedSeal.parse(value),
        },
        path,
        limits,
        signal,
      ),
  }
}

/** ISO 32000-2, 7.9.4, in UTC. */
function pdfDate(atMs: number): string {
  return `D:${new Date(atMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`
}

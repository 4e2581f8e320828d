// What a worker needs for sealing besides the key: the sandbox's task, and the printer of certificates.
import type { SealDeps } from '../domain/envelopes/seal-deps.ts'
import type { Inspector } from '../providers/inspector.ts'
import { createPrinter } from '../providers/print/printer.ts'
import { createSealPreparer } from '../providers/sealing/preparer.ts'

export function sealParts(inspector: Inspector): Pick<SealDeps, 'sealPreparer' | 'printer'> {
  return { sealPreparer: createSealPreparer(inspector), printer: createPrinter() }
}

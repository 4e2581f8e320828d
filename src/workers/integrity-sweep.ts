// Sweeps what is kept; the domain says how far it came.
import { sweepIntegrity } from '../domain/retention/sweep.ts'
import type { Processor } from './processor.ts'

export const processIntegritySweep: Processor<'integrity.sweep'> = async (deps, { slot }, run) => ({
  outcome: await sweepIntegrity(deps, slot, run),
})

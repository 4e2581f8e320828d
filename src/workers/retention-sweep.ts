// Removes what is past its time, and what was examined long ago. What failed is told, and is due again with the next slot.
import { examinationsKeptMs } from '../domain/compliance/policy.ts'
import { purgeDue } from '../domain/retention/purge.ts'
import type { Processor } from './processor.ts'

export const processRetentionSweep: Processor<'retention.sweep'> = async (deps, _payload, { signal }) => {
  const { purged, failed } = await purgeDue(deps, signal)
  await deps.examinations.forget(deps.clock.nowMs() - examinationsKeptMs)
  if (failed > 0) return { outcome: 'partial' }
  return { outcome: purged > 0 ? 'purged' : 'nothing' }
}

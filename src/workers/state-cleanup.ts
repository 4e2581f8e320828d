// Removes what is past its time from a partition. What is left when its time is up waits for the next minute's job.
import { cleanUpState } from '../domain/state-cleanup.ts'
import type { Processor } from './processor.ts'

export const processStateCleanup: Processor<'state.cleanup'> = async (deps, { partition }, { signal }) => {
  const removed = await cleanUpState(deps, partition, signal)
  return { outcome: removed > 0 ? 'removed' : 'nothing_due' }
}

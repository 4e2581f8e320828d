// Sweeps the uploads of one partition; once an hour the sweep of partition 0 also looks for objects that nobody owns, and tells.
import { findOrphans, sweepUploads } from '../domain/uploads/sweep.ts'
import type { Processor } from './processor.ts'

const slotsOfAnHour = 60

export const processUploadSweep: Processor<'upload.sweep'> = async (deps, { partition, slot }, { signal }) => {
  const { expired, removed } = await sweepUploads(deps, partition, signal)
  deps.uploadMeters.uploadsSwept(expired, removed)
  if (partition === 0 && slot % slotsOfAnHour === 0) {
    let count = 0
    let bytes = 0
    for await (const orphan of findOrphans(deps)) {
      if (signal.aborted) break
      count++
      bytes += orphan.bytes
    }
    deps.uploadMeters.orphansSeen(count, bytes)
  }
  return { outcome: expired + removed > 0 ? 'swept' : 'nothing' }
}

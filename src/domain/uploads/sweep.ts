// What time ends: idle uploads expire, bytes of what ended are removed after their grace, and objects that nobody owns are reported. Records decide what
// is removed, never the listing of a store; nothing that was stored is touched.
import type { UploadWorkDeps } from './deps.ts'
import { orphanAgeMs } from './policy.ts'

export type SweepDeps = Pick<UploadWorkDeps, 'clock' | 'uploads' | 'blobs' | 'storedUploads'>
export type Swept = { expired: number; removed: number }

const batch = 100

/** Expires and removes in one partition until nothing is due or `signal` aborts. Twice is once. */
export async function sweepUploads(deps: SweepDeps, partition: number, signal: AbortSignal): Promise<Swept> {
  const swept = { expired: 0, removed: 0 }
  for (let count = batch; count >= batch && !signal.aborted; swept.expired += count)
    count = await deps.uploads.expireIdle(partition, batch, deps.clock.nowMs())
  for (let count = batch; count >= batch && !signal.aborted; swept.removed += count) {
    const due = await deps.uploads.dueRemovals(partition, batch, deps.clock.nowMs())
    count = due.length
    for (const { id, key, blob } of due) {
      if (signal.aborted) return swept
      await deps.blobs.discard(key, blob)
      await deps.uploads.confirmRemoval(id, key)
    }
  }
  return swept
}

export type Orphan = { place: 'held' | 'stored'; key: string; bytes: number; changedAtMs: number }

/** Objects older than six hours that no record and no row knows. Only reported: what to do about them is a person's to say. */
export async function* findOrphans(deps: SweepDeps): AsyncGenerator<Orphan> {
  let pending: Orphan[] = []
  for await (const object of deps.blobs.inventory()) {
    if (deps.clock.nowMs() - object.changedAtMs < orphanAgeMs || isOfAnotherBook(object.key)) continue
    pending.push(object)
    if (pending.length < batch) continue
    yield* await unowned(deps, pending)
    pending = []
  }
  yield* await unowned(deps, pending)
}

// Sealed copies, certificates and reports lie in the same store; their rows are elsewhere.
const otherBooks = ['envelopes/', 'checks/']

function isOfAnotherBook(key: string): boolean {
  return otherBooks.some((folder) => key.startsWith(folder))
}

async function unowned(deps: SweepDeps, objects: readonly Orphan[]): Promise<Orphan[]> {
  const known = await deps.storedUploads.known(objects.filter(({ place }) => place === 'stored').map(({ key }) => key))
  const open = await Promise.all(objects.map(async ({ key }) => (await deps.uploads.read(key.slice(key.lastIndexOf('/') + 1))) !== null))
  return objects.filter(({ key }, at) => !known.has(key) && !open[at])
}

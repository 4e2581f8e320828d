// Bytes on a file system that API and workers share. An open upload is one or more segments in quarantine; a writer that follows one which vanished begins
// a segment of its own, so that nothing a late one still writes can touch what was counted.
import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, mkdir, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobFields, BlobStore } from '../../domain/upload-ports.ts'
import { concatenate } from './concatenate.ts'
import { openSegment } from './disk-append.ts'
import { listTree } from './list-tree.ts'
import { fileSize, storagePath, syncFolder, writeDurably } from './files.ts'
import { lastSegment, segmentsOf, type Segment } from './segments.ts'

const held = 'quarantine'
const stored = 'objects'
const whole = 'whole'

/** A store beneath `root`, whose folders are made when they are needed. `quarantine/` and `objects/` must lie on one file system. */
export function createDiskBlobs(root: string): BlobStore {
  const heldFolder = (key: string): string => storagePath(root, held, key)
  const wholePath = (key: string): string => join(heldFolder(key), whole)
  const storedPath = (key: string): string => storagePath(root, stored, key)
  const segmentPath = (key: string, { name }: Segment): string => join(heldFolder(key), name)

  async function presentBytes(key: string, blob: BlobFields, offset: number): Promise<number> {
    let end = 0
    for (const segment of segmentsOf(blob)) {
      const size = await fileSize(segmentPath(key, segment))
      end = segment.start + Math.min(segment.length, size ?? 0)
      if (end < segment.start + segment.length) break
    }
    return Math.min(end, offset)
  }

  return {
    kind: 'disk',

    async openAppend({ key, offset, blob, fence, isClean }) {
      const present = await presentBytes(key, blob, offset)
      if (present < offset) return { kind: 'short', offset: present, change: cutSegments(blob, present) }
      await mkdir(heldFolder(key), { recursive: true, mode: 0o700 })
      // Whoever said that it had finished writes no more: its segment may be continued.
      const last = isClean ? lastSegment(blob) : undefined
      const segment = last ?? { name: `s${fence}`, start: offset, length: 0 }
      return { kind: 'open', append: await openSegment(segmentPath(key, segment), segment, last === undefined) }
    },

    async assemble(key, size, sources, signal) {
      const isThere = async () => (await fileSize(wholePath(key))) === size || (await fileSize(storedPath(key))) === size
      if (await isThere()) return
      const files = sources.flatMap((source) =>
        segmentsOf(source.blob).map((segment) => ({ path: segmentPath(source.key, segment), bytes: segment.length })),
      )
      await mkdir(heldFolder(key), { recursive: true, mode: 0o700 })
      // A file that a vanished writer may still have open is copied, never taken.
      const mayMove = sources.every((source) => source.key === key && source.blob.stolen === undefined)
      await concatenate(files, wholePath(key), size, mayMove, signal).catch(async (error: unknown) => {
        // A run that was superseded and does not know it yet may have been a moment faster.
        if (!(await isThere())) throw error
      })
    },

    async readHeld(key) {
      // A run that takes over after the move finds it at its place.
      const path = (await fileSize(wholePath(key))) === null ? storedPath(key) : wholePath(key)
      return createReadStream(path, { highWaterMark: 1_048_576 })
    },

    async withSample(key, _size, use) {
      return use((await fileSize(wholePath(key))) === null ? storedPath(key) : wholePath(key))
    },

    async promote(key) {
      if ((await fileSize(wholePath(key))) !== null) {
        const target = storedPath(key)
        await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        await rename(wholePath(key), target).catch(() => {})
        await syncFolder(dirname(target))
      }
      await access(storedPath(key), constants.R_OK)
      await rm(heldFolder(key), { recursive: true, force: true })
    },

    async discard(key) {
      await rm(heldFolder(key), { recursive: true, force: true })
    },

    async read(key, range) {
      return createReadStream(storedPath(key), range ?? {})
    },

    async sizeOf(key) {
      const size = await fileSize(storedPath(key))
      // A disk that is not mounted has no folder of objects either: nothing can be said of what it holds.
      if (size === null) await access(join(root, stored), constants.R_OK | constants.X_OK)
      return size
    },

    async write(key, content) {
      // A folder for this draft alone: another writer of the same object removes its own.
      const folder = join(heldFolder(key), randomUUID())
      const target = storedPath(key)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        await writeDurably(join(folder, whole), content)
        await mkdir(dirname(target), { recursive: true, mode: 0o700 })
        await rename(join(folder, whole), target)
        await syncFolder(dirname(target))
      } finally {
        await rm(folder, { recursive: true, force: true })
        await rmdir(heldFolder(key)).catch(() => {})
      }
    },

    async remove(key) {
      await rm(storedPath(key), { force: true })
      await rm(heldFolder(key), { recursive: true, force: true })
    },

    async keysIn(folder) {
      const names = await readdir(dirname(storedPath(`${folder}/any`))).catch(() => [])
      return names.map((name) => `${folder}/${name}`)
    },

    link: async () => null,

    async freeBytes() {
      await mkdir(root, { recursive: true, mode: 0o700 })
      const { bavail, bsize } = await statfs(root)
      return bavail * bsize
    },

    async *inventory() {
      for (const place of ['held', 'stored'] as const) {
        for await (const path of listTree(join(root, place === 'held' ? held : stored), 3)) {
          const key = path.split('/').slice(0, 3).join('/')
          const full = place === 'held' ? heldFolder(key) : storedPath(key)
          const facts = await stat(full).catch(() => null)
          if (facts) yield { place, key, bytes: place === 'held' ? await folderBytes(full) : facts.size, changedAtMs: facts.mtimeMs }
        }
      }
    },
  }
}

/** Drops or shortens the segments so that they end at `offset`. */
function cutSegments(blob: BlobFields, offset: number) {
  const segments = segmentsOf(blob)
  const kept = segments.filter(({ start }) => start < offset)
  const last = kept.at(-1)
  const set: Record<string, string> = last ? { [last.name]: `${last.start}:${Math.min(last.length, offset - last.start)}` } : {}
  return { set, remove: segments.filter(({ start }) => start >= offset).map(({ name }) => name) }
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(names.map((name) => fileSize(join(folder, name))))
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0)
}

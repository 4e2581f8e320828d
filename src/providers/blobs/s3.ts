// Bytes in S3: an open upload is a multipart upload and at most one tail in quarantine/; what is stored lies in objects/. Nothing is ever listed to decide what
// to remove but one upload's own folder.
import { randomUUID } from 'node:crypto'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { BlobDamaged, type BlobFields, type BlobStore } from '../../domain/upload-ports.ts'
import { openS3Append } from './s3-append.ts'
import { bytesOf, progressOf } from './s3-fields.ts'
import { createS3Objects, type S3Options } from './s3-objects.ts'
import { putWhole } from './s3-put.ts'
import { createTurns } from '../../lib/turns.ts'

const MIB = 1_048_576

export type S3BlobOptions = S3Options & {
  /** Where parts collect on this machine. */
  spoolFolder: string
  /** At least 5 MiB (S3). */
  partBytes?: number
  /** Parts in memory at once, in this process. */
  parallelParts?: number
}

const sampleBytes = MIB

/** The store, and what closes its connections. */
export function createS3Blobs(options: S3BlobOptions): BlobStore & { close(): void } {
  const { spoolFolder, partBytes = 8 * MIB, parallelParts = 4 } = options
  const objects = createS3Objects(options)
  const turn = createTurns(parallelParts)
  const folder = (key: string): string => `quarantine/${key}/`
  const whole = (key: string): string => `${folder(key)}whole`
  const stored = (key: string): string => `objects/${key}`
  const heldOrStored = async (key: string): Promise<string> => ((await objects.size(whole(key))) === null ? stored(key) : whole(key))

  const openFor = async (key: string, blob: BlobFields, fence: number | string, isClean: boolean) => {
    await mkdir(spoolFolder, { recursive: true, mode: 0o700 })
    const tailName = `${folder(key)}tail-${fence}-${randomUUID().slice(0, 8)}`
    const spoolPath = join(spoolFolder, randomUUID())
    return openS3Append({ objects, name: whole(key), tailName, spoolPath, partBytes, progress: progressOf(blob), isClean, turn })
  }

  /** One object of the multipart upload and tail of one upload. */
  async function completeOne(key: string, size: number, blob: BlobFields): Promise<void> {
    const progress = progressOf(blob)
    if (bytesOf(progress) !== size) throw new BlobDamaged(`the parts have ${bytesOf(progress)} bytes instead of ${size}`)
    const tail = progress.tail && (await readAll(await objects.get(progress.tail.name)))
    if (!progress.uploadId || progress.parts.length === 0) {
      await objects.put(whole(key), tail ?? new Uint8Array())
      return
    }
    const { uploadId, parts } = progress
    const last = tail && (await objects.putPart(whole(key), uploadId, (parts.at(-1)?.number ?? 0) + 1, tail).catch(() => null))
    const outcome = last === null ? 'missing' : await objects.complete(whole(key), uploadId, [...parts, ...(last ? [last] : [])])
    // A completion whose answer was lost has done its work.
    if (outcome !== 'done' && (await objects.size(whole(key))) !== size) throw new BlobDamaged(`S3 has no such parts: ${outcome}`)
  }

  return {
    kind: 's3',
    close: () => objects.close(),

    async openAppend({ key, offset, blob, fence, isClean }) {
      const progress = progressOf(blob)
      const present = bytesOf(progress)
      if (present === offset) return { kind: 'open', append: await openFor(key, blob, fence, isClean) }
      const inParts = present - (progress.tail?.bytes ?? 0)
      return { kind: 'short', offset: Math.min(inParts, offset), change: { set: {}, remove: ['tail'] } }
    },

    async assemble(key, size, sources, signal) {
      if ((await objects.size(whole(key))) === size || (await objects.size(stored(key))) === size) return
      const [only] = sources
      if (only && sources.length === 1 && only.key === key) return completeOne(key, size, only.blob)
      const append = await openFor(key, {}, 'join', true)
      try {
        for (const source of sources) {
          const bytes = bytesOf(progressOf(source.blob))
          if ((await objects.size(whole(source.key))) !== bytes) await completeOne(source.key, bytes, source.blob)
          await pipeline(
            await objects.get(whole(source.key)),
            async (content: AsyncIterable<Buffer>) => {
              for await (const chunk of content) await append.write(chunk)
            },
            { signal },
          )
        }
        const { change } = await append.flush(true)
        await completeOne(key, size, change.set)
      } finally {
        await append.close()
      }
    },

    async readHeld(key) {
      return objects.get(await heldOrStored(key))
    },

    async withSample(key, size, use) {
      await mkdir(spoolFolder, { recursive: true, mode: 0o700 })
      const path = join(spoolFolder, randomUUID())
      const name = await heldOrStored(key)
      const file = await open(path, 'wx', 0o600)
      try {
        // What lies between is a hole: it takes no room.
        await file.truncate(size)
        const ranges =
          size <= 2 * sampleBytes
            ? [{ start: 0, end: size - 1 }]
            : [
                { start: 0, end: sampleBytes - 1 },
                { start: size - sampleBytes, end: size - 1 },
              ]
        for (const range of size === 0 ? [] : ranges)
          await file.write(await readAll(await objects.get(name, range)), 0, undefined, range.start)
        return await use(path)
      } finally {
        await file.close()
        await rm(path, { force: true })
      }
    },

    async promote(key, size) {
      if ((await objects.size(stored(key))) !== size) {
        if ((await objects.size(whole(key))) !== size) throw new BlobDamaged('the object is not there')
        await objects.copy(whole(key), stored(key), size)
        if ((await objects.size(stored(key))) !== size) throw new BlobDamaged('the copy is not what was copied')
      }
      await this.discard(key, {})
    },

    async discard(key, blob) {
      if (blob.mpu !== undefined) await objects.abort(whole(key), blob.mpu)
      for (const { name, uploadId } of await objects.multiparts(folder(key))) await objects.abort(name, uploadId)
      for await (const { name } of objects.list(folder(key))) await objects.remove(name)
    },

    read: (key, range) => objects.get(stored(key), range),

    async sizeOf(key) {
      const size = await objects.size(stored(key))
      // A bucket that is not there has no such object either; listing it tells the two apart.
      if (size === null) for await (const { name, bytes } of objects.list(stored(key))) if (name === stored(key)) return bytes
      return size
    },

    write: (key, content) => putWhole(objects, stored(key), content, partBytes),

    async remove(key) {
      await objects.remove(stored(key))
      for (const { name, uploadId } of await objects.multiparts(stored(key))) if (name === stored(key)) await objects.abort(name, uploadId)
    },

    async keysIn(place) {
      const keys: string[] = []
      for await (const { name } of objects.list(stored(`${place}/`))) keys.push(name.slice('objects/'.length))
      return keys
    },

    link: (key, as) => objects.link(stored(key), as),

    async freeBytes() {
      await mkdir(spoolFolder, { recursive: true, mode: 0o700 })
      const { bavail, bsize } = await statfs(spoolFolder)
      // The bucket has no end; the spool must take a part for each of some writers.
      return bavail * bsize < 32 * partBytes ? 0 : Number.MAX_SAFE_INTEGER
    },

    async *inventory() {
      for (const [place, prefix] of [
        ['held', 'quarantine/'],
        ['stored', 'objects/'],
      ] as const) {
        for await (const { name, bytes, changedAtMs } of objects.list(prefix)) {
          yield { place, key: name.slice(prefix.length).split('/').slice(0, 3).join('/'), bytes, changedAtMs }
        }
      }
      for (const { name, beganAtMs } of await objects.multiparts('quarantine/')) {
        yield { place: 'held', key: name.split('/').slice(1, 4).join('/'), bytes: 0, changedAtMs: beganAtMs }
      }
    },
  }
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of content) chunks.push(chunk)
  return Buffer.concat(chunks)
}

// What every blob store promises, on disk and in S3 alike: what was flushed is there, what was not is not, whoever writes late harms nobody.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, truncateSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BlobDamaged, type BlobAppend, type BlobFields, type BlobStore } from '../../../src/domain/upload-ports.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { createDiskBlobs } from '../../../src/providers/blobs/disk.ts'
import { createS3Blobs } from '../../../src/providers/blobs/s3.ts'
import { startS3Standin, type S3Standin } from '../../../src/standins/s3.ts'
import { textBytes } from '../../support/upload-client.ts'

const MIB = 1_048_576
const folder = mkdtempSync(join(tmpdir(), 'sallyport-blobs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let standin: S3Standin
let s3: ReturnType<typeof createS3Blobs>
const disk = createDiskBlobs(join(folder, 'disk'))
beforeAll(async () => {
  standin = await startS3Standin()
  s3 = createS3Blobs({
    bucket: standin.bucket,
    prefix: 'pre/fix',
    region: 'us-east-1',
    profile: 'compatible',
    endpoint: standin.url,
    accessKeyId: 'key',
    secretAccessKey: new Secret('secret'),
    spoolFolder: join(folder, 'spool'),
    partBytes: 5 * MIB,
  })
})
afterAll(async () => {
  s3.close()
  await standin.stop()
})

let drawn = 0
const newKey = (): string => `default/0b0c8a4e-0000-4000-8000-00000000000${drawn % 10}/upl_test${drawn++}`
const none = new AbortController().signal

/** Plays the holder of a lock: what the record would remember, and its fence. */
class Holder {
  blob: Record<string, string> = {}
  offset = 0
  fence = 0
  readonly #blobs: BlobStore
  readonly key: string
  constructor(blobs: BlobStore, key = newKey()) {
    this.#blobs = blobs
    this.key = key
  }
  async open(isClean = true): Promise<BlobAppend> {
    const opened = await this.#blobs.openAppend({ key: this.key, offset: this.offset, blob: this.blob, fence: ++this.fence, isClean })
    if (opened.kind !== 'open') throw new Error(`short: ${opened.offset}`)
    return opened.append
  }
  async count(append: BlobAppend, from: number, everything = true): Promise<void> {
    const { bytes, change } = await append.flush(everything)
    this.offset = from + bytes
    this.note(change)
  }
  note(change: { set: BlobFields; remove: readonly string[] }): void {
    Object.assign(this.blob, change.set)
    for (const name of change.remove) delete this.blob[name]
  }
  async send(bytes: Buffer, isClean = true): Promise<void> {
    const append = await this.open(isClean)
    const from = this.offset
    for (let at = 0; at < bytes.length; at += 300_000) await append.write(bytes.subarray(at, at + 300_000))
    await this.count(append, from)
    await append.close()
  }
}

const hashOf = async (content: Readable): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe.for([
  ['disk', () => disk],
  ['S3', () => s3],
] as const)('a blob store on %s', ([name, store]) => {
  it('makes one object of any number of appends', async () => {
    const holder = new Holder(store())
    const bytes = textBytes(23 * MIB + 77, name)
    for (const [from, to] of [
      [0, 1],
      [1, 3 * MIB],
      [3 * MIB, 12 * MIB],
      [12 * MIB, 12 * MIB],
      [12 * MIB, bytes.length],
    ] as const)
      await holder.send(bytes.subarray(from, to))
    expect(holder.offset).toBe(bytes.length)
    await store().assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none)
    await store().assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none)
    expect(await hashOf(await store().readHeld(holder.key))).toBe(hash(bytes))
    await store().promote(holder.key, bytes.length)
    await store().promote(holder.key, bytes.length)
    expect(await hashOf(await store().readHeld(holder.key))).toBe(hash(bytes))
    expect(await hashOf(await store().read(holder.key, { start: 5, end: 1_004 }))).toBe(hash(bytes.subarray(5, 1_005)))
    await store().discard(holder.key, holder.blob)
    expect(await hashOf(await store().read(holder.key))).toBe(hash(bytes))
  })

  it('counts while bytes flow, and goes on from what was counted after a crash', async () => {
    const holder = new Holder(store())
    const bytes = textBytes(17 * MIB, `${name} crash`)
    const append = await holder.open()
    await append.write(bytes.subarray(0, 11 * MIB))
    await holder.count(append, 0, false)
    expect(holder.offset).toBeGreaterThanOrEqual(10 * MIB)
    // No close: the process is gone, and so is what it had not counted.
    await append.write(Buffer.alloc(MIB, 'z'))
    await holder.send(bytes.subarray(holder.offset), false)
    // The dead one wakes and writes on, into what is its own.
    await append.write(Buffer.alloc(6 * MIB, 'z'))
    await append.flush(true)
    await store().assemble(holder.key, bytes.length, [{ key: holder.key, blob: { ...holder.blob, stolen: '1' } }], none)
    await append.write(Buffer.alloc(MIB, 'z')).catch(() => {})
    await append.close()
    expect(await hashOf(await store().readHeld(holder.key))).toBe(hash(bytes))
    await store().discard(holder.key, holder.blob)
  })

  it('keeps nothing of an append that was not flushed', async () => {
    const holder = new Holder(store())
    const bytes = textBytes(7 * MIB, `${name} dropped`)
    await holder.send(bytes.subarray(0, MIB))
    const dropped = await holder.open()
    await dropped.write(Buffer.alloc(9 * MIB, 'x'))
    await dropped.close()
    await holder.send(bytes.subarray(MIB))
    await store().assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none)
    expect(await hashOf(await store().readHeld(holder.key))).toBe(hash(bytes))
  })

  it('joins several uploads into one', async () => {
    const bytes = textBytes(13 * MIB, `${name} joined`)
    const parts = [new Holder(store()), new Holder(store()), new Holder(store())]
    await parts[0]?.send(bytes.subarray(0, 6 * MIB))
    await parts[1]?.send(bytes.subarray(6 * MIB, 6 * MIB + 10))
    await parts[2]?.send(bytes.subarray(6 * MIB + 10))
    const key = newKey()
    await store().assemble(
      key,
      bytes.length,
      parts.map((part) => ({ key: part.key, blob: part.blob })),
      none,
    )
    expect(await hashOf(await store().readHeld(key))).toBe(hash(bytes))
  })

  it('says that bytes are missing rather than making a file without them', async () => {
    const holder = new Holder(store())
    await holder.send(textBytes(1_000))
    await expect(store().assemble(holder.key, 2_000, [{ key: holder.key, blob: holder.blob }], none)).rejects.toThrow(BlobDamaged)
    await expect(store().promote(newKey(), 10)).rejects.toThrow(/not there|ENOENT/)
  })

  it('makes an object of no bytes', async () => {
    const key = newKey()
    await store().assemble(key, 0, [{ key, blob: {} }], none)
    expect(await hashOf(await store().readHeld(key))).toBe(hash(Buffer.alloc(0)))
  })

  it('gives a sample with the real size, beginning and end', async () => {
    const holder = new Holder(store())
    const bytes = textBytes(6 * MIB, `${name} sample`)
    await holder.send(bytes)
    await store().assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none)
    await store().withSample(holder.key, bytes.length, async (path) => {
      expect(statSync(path).size).toBe(bytes.length)
      const { readFileSync } = await import('node:fs')
      const seen = readFileSync(path)
      expect(seen.subarray(0, MIB).equals(bytes.subarray(0, MIB))).toBe(true)
      expect(seen.subarray(-MIB).equals(bytes.subarray(-MIB))).toBe(true)
    })
  })

  it('takes objects of our own making whole, replaces and removes them, and knows those of a folder', async () => {
    const folderOf = `envelopes/env_${name}`
    const key = `${folderOf}/sealed-1`
    const bytes = textBytes(12 * MIB + 5, `${name} own`)
    const inChunks = async function* () {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001)
    }
    expect(await store().keysIn(folderOf)).toEqual([])
    await store().write(key, inChunks())
    expect(await hashOf(await store().read(key))).toBe(hash(bytes))
    await store().write(key, inChunks())
    await store().write(`${folderOf}/certificate-1`, bytes.subarray(0, 10))
    await store().write(`${folderOf}/empty`, new Uint8Array())
    expect(await hashOf(await store().read(`${folderOf}/empty`))).toBe(hash(Buffer.alloc(0)))
    expect((await store().keysIn(folderOf)).toSorted()).toEqual([`${folderOf}/certificate-1`, `${folderOf}/empty`, key])
    expect(await store().keysIn(`envelopes/env_${name}x`)).toEqual([])
    await store().remove(key)
    await store().remove(key)
    expect((await store().keysIn(folderOf)).toSorted()).toEqual([`${folderOf}/certificate-1`, `${folderOf}/empty`])
  })

  it('leaves nothing of an object whose bytes did not come to their end, and keeps the one that was there', async () => {
    const folderOf = `envelopes/env_${name}_broken`
    const breaking = async function* () {
      yield textBytes(11 * MIB, 'broken')
      throw new Error('the source broke')
    }
    await expect(store().write(`${folderOf}/new`, breaking())).rejects.toThrow('the source broke')
    expect(await store().keysIn(folderOf)).toEqual([])
    await store().write(`${folderOf}/old`, textBytes(100, 'old'))
    await expect(store().write(`${folderOf}/old`, breaking())).rejects.toThrow('the source broke')
    expect(await hashOf(await store().read(`${folderOf}/old`))).toBe(hash(textBytes(100, 'old')))
    const keys: string[] = []
    for await (const object of store().inventory()) if (object.key.startsWith(folderOf)) keys.push(`${object.place} ${object.key}`)
    expect(keys).toEqual([`stored ${folderOf}/old`])
  })

  it('lets several write the same object at once', async () => {
    const key = `checks/chk_${name}/report`
    const bytes = textBytes(6 * MIB, 'at once')
    await Promise.all(Array.from({ length: 5 }, () => store().write(key, bytes)))
    expect(await hashOf(await store().read(key))).toBe(hash(bytes))
  })

  it('discards what quarantine has of an upload, and lists everything there is', async () => {
    const holder = new Holder(store())
    await holder.send(textBytes(6 * MIB, 'discarded'))
    const keysOf = async (): Promise<string[]> => {
      const keys: string[] = []
      for await (const object of store().inventory()) keys.push(`${object.place} ${object.key}`)
      return keys
    }
    expect(await keysOf()).toContain(`held ${holder.key}`)
    await store().discard(holder.key, holder.blob)
    await store().discard(holder.key, holder.blob)
    expect(await keysOf()).not.toContain(`held ${holder.key}`)
  })
})

describe('the disk', () => {
  it('never makes a path of a key that is not ours', async () => {
    for (const key of ['../../etc/passwd', 'a/b/../c', 'a/b', '/a/b/c', 'a/b/c/d', 'a/b/c\0'])
      await expect(disk.openAppend({ key, offset: 0, blob: {}, fence: 1, isClean: true })).rejects.toThrow(RangeError)
  })

  it('that lost bytes which were counted says where the whole ones end', async () => {
    const holder = new Holder(disk)
    await holder.send(textBytes(5_000))
    truncateSync(join(folder, 'disk', 'quarantine', holder.key, 's1'), 1_234)
    const opened = await disk.openAppend({ key: holder.key, offset: 5_000, blob: holder.blob, fence: 9, isClean: true })
    expect(opened).toMatchObject({ kind: 'short', offset: 1_234, change: { set: { s1: '0:1234' }, remove: [] } })
  })

  it('keeps one file for appends that follow each other, and takes it without copying', async () => {
    const holder = new Holder(disk)
    for (let i = 0; i < 10; i++) await holder.send(textBytes(100, String(i)))
    expect(readdirSync(join(folder, 'disk', 'quarantine', holder.key))).toEqual(['s1'])
    const { ino } = statSync(join(folder, 'disk', 'quarantine', holder.key, 's1'))
    await disk.assemble(holder.key, 1_000, [{ key: holder.key, blob: holder.blob }], none)
    await disk.promote(holder.key, 1_000)
    expect(statSync(join(folder, 'disk', 'objects', holder.key)).ino).toBe(ino)
  })
})

describe('S3', () => {
  it('is asked with parts of one size, and completes also when the answer was lost', async () => {
    const holder = new Holder(s3)
    const bytes = textBytes(16 * MIB, 'lost answer')
    await holder.send(bytes)
    standin.fail('POST complete', 4, 'after')
    await s3.assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none).catch(() => {})
    standin.fail('POST complete', 0)
    await s3.assemble(holder.key, bytes.length, [{ key: holder.key, blob: holder.blob }], none)
    expect(await hashOf(await s3.readHeld(holder.key))).toBe(hash(bytes))
  })

  it('that stays away is told as a part of the service that is away', async () => {
    const holder = new Holder(s3)
    standin.fail('PUT part', 100)
    await expect(holder.send(textBytes(6 * MIB, 'away'))).rejects.toMatchObject({ code: 'service_degraded' })
    standin.fail('PUT part', 0)
  })

  it('leaves nothing on this machine, and gives an address that is good for a minute', async () => {
    const holder = new Holder(s3)
    const bytes = textBytes(1_000, 'link')
    await holder.send(bytes)
    await s3.assemble(holder.key, 1_000, [{ key: holder.key, blob: holder.blob }], none)
    await s3.promote(holder.key, 1_000)
    const link = await s3.link(holder.key, { disposition: 'attachment; filename="a.txt"', mediaType: 'text/plain' })
    const answer = await fetch(String(link))
    expect([answer.status, answer.headers.get('content-disposition'), await answer.text()]).toEqual([
      200,
      'attachment; filename="a.txt"',
      bytes.toString(),
    ])
    expect(new URL(String(link)).searchParams.get('X-Amz-Expires')).toBe('60')
    expect(readdirSync(join(folder, 'spool'))).toEqual([])
    expect([...standin.objects.keys()].every((key) => key.startsWith('pre/fix/'))).toBe(true)
  })
})

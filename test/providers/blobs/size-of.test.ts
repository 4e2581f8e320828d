// What a blob store says of an object's size: a store that is away is never taken for one that has lost something.
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BlobStore } from '../../../src/domain/upload-ports.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { createDiskBlobs } from '../../../src/providers/blobs/disk.ts'
import { createS3Blobs } from '../../../src/providers/blobs/s3.ts'
import { startS3Standin, type S3Standin } from '../../../src/standins/s3.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-size-'))
let standin: S3Standin
let s3: ReturnType<typeof createS3Blobs>
const disk = createDiskBlobs(join(folder, 'disk'))

beforeAll(async () => {
  standin = await startS3Standin()
  s3 = open('uploads')
})
afterAll(async () => {
  s3.close()
  await standin.stop()
  rmSync(folder, { recursive: true, force: true })
})

describe.for([
  ['disk', (): BlobStore => disk],
  ['S3', (): BlobStore => s3],
] as const)('a store on %s', ([, store]) => {
  it('knows what it has, and that it has nothing of another key', async () => {
    await store().write('sizes/of/one', Buffer.alloc(77))
    expect(await store().sizeOf('sizes/of/one')).toBe(77)
    expect(await store().sizeOf('sizes/of/on')).toBeNull()
    await store().remove('sizes/of/one')
    await store().remove('sizes/of/one')
    expect(await store().sizeOf('sizes/of/one')).toBeNull()
  })
})

it('a disk that is not mounted says nothing', async () => {
  await disk.write('sizes/of/one', Buffer.alloc(7))
  renameSync(join(folder, 'disk', 'objects'), join(folder, 'elsewhere'))
  await expect(disk.sizeOf('sizes/of/one')).rejects.toThrow('ENOENT')
})

it('a bucket that is not there says nothing', async () => {
  const other = open('elsewhere')
  await expect(other.sizeOf('sizes/of/one')).rejects.toMatchObject({ code: 'service_degraded' })
  other.close()
})

it('a server that does not answer says nothing', async () => {
  const gone = open('uploads', 'http://127.0.0.1:1')
  await expect(gone.sizeOf('sizes/of/one')).rejects.toMatchObject({ code: 'service_degraded' })
  gone.close()
})

function open(bucket: string, endpoint = standin.url) {
  const access = { accessKeyId: 'key', secretAccessKey: new Secret('secret') }
  const spoolFolder = join(folder, 'spool')
  return createS3Blobs({ bucket, prefix: 'pre/fix', region: 'us-east-1', profile: 'compatible', endpoint, ...access, spoolFolder })
}

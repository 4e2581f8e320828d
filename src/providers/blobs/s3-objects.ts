// What the S3 store says to S3: plain calls on objects and multipart uploads of one bucket, with the few answers that matter told apart.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { Readable } from 'node:stream'
import type { ByteRange } from '../../domain/upload-ports.ts'
import { AppError } from '../../errors.ts'
import type { Secret } from '../../lib/secret.ts'

export type S3Options = {
  bucket: string
  prefix: string
  region: string
  profile: 'aws' | 'r2' | 'compatible'
  endpoint?: string
  accessKeyId?: string
  secretAccessKey?: Secret
}

export type Part = { number: number; etag: string; bytes: number }
export type ListedObject = { name: string; bytes: number; changedAtMs: number }

/** Checksums only where S3 demands them: the headers that the SDK adds by itself are refused by R2 and others. Pieces of a copy, in bytes. */
const copyPieceBytes = 536_870_912
const linkSeconds = 60

export type S3Objects = ReturnType<typeof createS3Objects>

/** Names are relative to the prefix. Every call rejects with `service_degraded` when S3 does not do what it was asked, with the cause. */
export function createS3Objects(options: S3Options) {
  const client = new S3Client({
    region: options.profile === 'r2' ? 'auto' : options.region,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    forcePathStyle: options.profile === 'compatible',
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000 },
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.accessKeyId !== undefined && options.secretAccessKey
      ? { credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey.reveal() } }
      : {}),
  })
  const { bucket: Bucket } = options
  const Key = (name: string): string => (options.prefix === '' ? name : `${options.prefix}/${name}`)
  const at = (name: string) => ({ Bucket, Key: Key(name) })
  const nameOf = (key: string | undefined): string => (key ?? '').slice(options.prefix === '' ? 0 : options.prefix.length + 1)

  return {
    close: () => client.destroy(),

    /** Bytes of an object; null when there is none. */
    async size(name: string): Promise<number | null> {
      try {
        return (await client.send(new HeadObjectCommand(at(name)))).ContentLength ?? 0
      } catch (error) {
        if (isMissing(error)) return null
        throw away(error)
      }
    },

    async get(name: string, range?: ByteRange): Promise<Readable> {
      const Range = range && `bytes=${range.start}-${range.end}`
      const { Body } = await send(() => client.send(new GetObjectCommand({ ...at(name), ...(Range === undefined ? {} : { Range }) })))
      return Body as Readable
    },

    put: (name: string, body: Uint8Array) =>
      send(() => client.send(new PutObjectCommand({ ...at(name), Body: body, ContentLength: body.byteLength }))),

    async begin(name: string): Promise<string> {
      return (await send(() => client.send(new CreateMultipartUploadCommand(at(name))))).UploadId ?? ''
    },

    async putPart(name: string, uploadId: string, number: number, body: Uint8Array): Promise<Part> {
      const command = new UploadPartCommand({
        ...at(name),
        UploadId: uploadId,
        PartNumber: number,
        Body: body,
        ContentLength: body.byteLength,
      })
      return { number, etag: (await send(() => client.send(command))).ETag ?? '', bytes: body.byteLength }
    },

    /** `missing`: there is no such multipart upload (any more). `refused`: its parts are not what was recorded. */
    async complete(name: string, uploadId: string, parts: readonly Part[]): Promise<'done' | 'missing' | 'refused'> {
      const MultipartUpload = { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) }
      try {
        await client.send(new CompleteMultipartUploadCommand({ ...at(name), UploadId: uploadId, MultipartUpload }))
        return 'done'
      } catch (error) {
        if (isNamed(error, 'NoSuchUpload')) return 'missing'
        if (isNamed(error, 'InvalidPart', 'InvalidPartOrder', 'EntityTooSmall')) return 'refused'
        throw away(error)
      }
    },

    async abort(name: string, uploadId: string): Promise<void> {
      await client.send(new AbortMultipartUploadCommand({ ...at(name), UploadId: uploadId })).catch((error: unknown) => {
        if (!isNamed(error, 'NoSuchUpload') && !isMissing(error)) throw away(error)
      })
    },

    /** Within the bucket; S3 copies at most 5 GiB in one piece. */
    async copy(from: string, to: string, bytes: number): Promise<void> {
      const CopySource = `${Bucket}/${Key(from).split('/').map(encodeURIComponent).join('/')}`
      if (bytes <= copyPieceBytes) {
        await send(() => client.send(new CopyObjectCommand({ ...at(to), CopySource })))
        return
      }
      const { UploadId = '' } = await send(() => client.send(new CreateMultipartUploadCommand(at(to))))
      const Parts: { PartNumber: number; ETag: string }[] = []
      for (let start = 0, number = 1; start < bytes; start += copyPieceBytes, number++) {
        const CopySourceRange = `bytes=${start}-${Math.min(bytes, start + copyPieceBytes) - 1}`
        const command = new UploadPartCopyCommand({ ...at(to), CopySource, CopySourceRange, UploadId, PartNumber: number })
        Parts.push({ PartNumber: number, ETag: (await send(() => client.send(command))).CopyPartResult?.ETag ?? '' })
      }
      await send(() => client.send(new CompleteMultipartUploadCommand({ ...at(to), UploadId, MultipartUpload: { Parts } })))
    },

    remove: (name: string) => send(() => client.send(new DeleteObjectCommand(at(name)))),

    async *list(prefix: string): AsyncGenerator<ListedObject> {
      let token: string | undefined
      do {
        const page = await send(() =>
          client.send(
            new ListObjectsV2Command({ Bucket, Prefix: Key(prefix), ...(token === undefined ? {} : { ContinuationToken: token }) }),
          ),
        )
        for (const { Key: key, Size = 0, LastModified } of page.Contents ?? [])
          yield { name: nameOf(key), bytes: Size, changedAtMs: LastModified?.getTime() ?? 0 }
        token = page.IsTruncated ? page.NextContinuationToken : undefined
      } while (token !== undefined)
    },

    /** Multipart uploads under way beneath a prefix, at most a thousand; none where the service cannot tell. */
    async multiparts(prefix: string): Promise<{ name: string; uploadId: string; beganAtMs: number }[]> {
      try {
        const page = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key(prefix) }))
        return (page.Uploads ?? []).map(({ Key: key, UploadId = '', Initiated }) => ({
          name: nameOf(key),
          uploadId: UploadId,
          beganAtMs: Initiated?.getTime() ?? 0,
        }))
      } catch (error) {
        if (isNamed(error, 'NotImplemented', 'MethodNotAllowed')) return []
        throw away(error)
      }
    },

    link: (name: string, as: { disposition: string; mediaType: string }) =>
      getSignedUrl(
        client,
        new GetObjectCommand({ ...at(name), ResponseContentDisposition: as.disposition, ResponseContentType: as.mediaType }),
        {
          expiresIn: linkSeconds,
        },
      ),
  }
}

async function send<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call()
  } catch (error) {
    throw away(error)
  }
}

function away(error: unknown): AppError {
  return new AppError('service_degraded', { retryAfterMs: 5_000 }, { cause: error })
}

function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name)
}

function isMissing(error: unknown): boolean {
  return isNamed(error, 'NotFound', 'NoSuchKey') || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404)
}

// How the pieces of an open upload in S3 are remembered: `mpu` (the multipart upload), `p<number>` = `bytes:etag`, `tail` = `name:bytes`.
import type { BlobFields } from '../../domain/upload-ports.ts'
import type { Part } from './s3-objects.ts'

export type S3Progress = { uploadId?: string; parts: readonly Part[]; tail?: { name: string; bytes: number } }

/** What the fields say, parts in their order. */
export function progressOf(blob: BlobFields): S3Progress {
  const parts = Object.entries(blob)
    .filter(([name]) => /^p\d+$/.test(name))
    .map(([name, value]) => ({
      number: Number(name.slice(1)),
      bytes: Number(value.slice(0, value.indexOf(':'))),
      etag: value.slice(value.indexOf(':') + 1),
    }))
    .sort((a, b) => a.number - b.number)
  const at = blob.tail?.lastIndexOf(':') ?? -1
  return {
    parts,
    ...(blob.mpu === undefined ? {} : { uploadId: blob.mpu }),
    ...(blob.tail === undefined || at < 0 ? {} : { tail: { name: blob.tail.slice(0, at), bytes: Number(blob.tail.slice(at + 1)) } }),
  }
}

export function fieldOfPart({ number, etag, bytes }: Part): [string, string] {
  return [`p${number}`, `${bytes}:${etag}`]
}

export function bytesOf({ parts, tail }: S3Progress): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0) + (tail?.bytes ?? 0)
}

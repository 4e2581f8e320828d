// Sending a stored file: whole or in part, or by a redirect to where it lies; to be kept by whoever asks, never shown in this origin.
import { pipeline } from 'node:stream/promises'
import type { BlobStore } from '../domain/upload-ports.ts'
import { AppError } from '../errors.ts'
import { attachment } from './attachment.ts'
import { readRange } from './byte-range.ts'
import type { Call } from './route.ts'

/** `sha256` in hex is its ETag. */
export type StoredFile = { key: string; bytes: number; sha256: string; mediaType: string; filename: string; storedAtMs: number }

/** Answers 200, 206, 302 or 304. Throws `range_not_satisfiable`. */
export async function sendStored(
  { blobs }: { blobs: Pick<BlobStore, 'link' | 'read'> },
  { req, res }: Pick<Call, 'req' | 'res'>,
  file: StoredFile,
): Promise<void> {
  const { key, bytes, sha256, mediaType, filename, storedAtMs } = file
  const link = await blobs.link(key, { disposition: attachment(filename), mediaType })
  if (link !== null) {
    res.status(302).setHeader('Location', link)
    res.end()
    return
  }
  const etag = `"${sha256}"`
  res.setHeader('ETag', etag)
  res.setHeader('Accept-Ranges', 'bytes')
  res.setHeader('Last-Modified', new Date(storedAtMs).toUTCString())
  res.setHeader('Cache-Control', 'private, no-cache')
  if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) {
    res.status(304).end()
    return
  }
  const range = readRange(req, bytes, etag)
  if (range === 'unsatisfiable') {
    res.setHeader('Content-Range', `bytes */${bytes}`)
    throw new AppError('range_not_satisfiable')
  }
  res.setHeader('Content-Type', mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType)
  res.setHeader('Content-Disposition', attachment(filename))
  res.setHeader('Content-Length', String(range ? range.end - range.start + 1 : bytes))
  res.status(range ? 206 : 200)
  if (range) res.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${bytes}`)
  if (req.method === 'HEAD' || bytes === 0) {
    res.end()
    return
  }
  const content = await blobs.read(key, range ?? undefined)
  // A reader that goes away is no fault of ours.
  await pipeline(content, res).catch((error: unknown) => {
    if (!res.destroyed) throw error
  })
}

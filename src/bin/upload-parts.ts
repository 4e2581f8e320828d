// The parts of uploads that API and workers build alike from the settings.
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import type { BlobStore } from '../domain/upload-ports.ts'
import type { UploadPolicy } from '../domain/uploads/deps.ts'
import * as policy from '../domain/uploads/policy.ts'
import { defaultDataDir, projectRoot } from '../lib/run-file.ts'
import { createDiskBlobs } from '../providers/blobs/disk.ts'
import { createS3Blobs } from '../providers/blobs/s3.ts'
import type { UploadKeeping } from '../stores/redis/uploads.ts'

export const uploadKeeping: UploadKeeping = {
  endedKeptMs: policy.endedKeptMs,
  expiredGraceMs: policy.expiredGraceMs,
  failedGraceMs: policy.failedGraceMs,
  leaseMs: policy.leaseMs,
}

export function uploadPolicyOf(config: Config): UploadPolicy {
  return {
    isPublic: config.PUBLIC_API,
    partitions: config.QUEUE_PARTITIONS,
    maxBytes: config.UPLOAD_MAX_BYTES,
    reserveBytes: config.UPLOAD_RESERVE_BYTES,
  }
}

/** The blob store that STORAGE_URL names. No folder is made and no connection opened before the first use. */
export function openBlobs(config: Config): BlobStore {
  const dataDir = config.DATA_DIR === undefined ? defaultDataDir({}) : resolve(projectRoot, config.DATA_DIR)
  const url = config.STORAGE_URL ?? `file:${join(dataDir, 'blobs')}`
  if (url.startsWith('file:')) return createDiskBlobs(pathOf(url))
  const { hostname: bucket, pathname } = new URL(url)
  return createS3Blobs({
    bucket,
    prefix: pathname.replaceAll(/^\/+|\/+$/g, ''),
    region: config.S3_REGION,
    profile: config.S3_PROFILE,
    spoolFolder: join(dataDir, 'spool'),
    ...(config.S3_ENDPOINT === undefined ? {} : { endpoint: config.S3_ENDPOINT }),
    ...(config.S3_ACCESS_KEY_ID === undefined ? {} : { accessKeyId: config.S3_ACCESS_KEY_ID }),
    ...(config.S3_SECRET_ACCESS_KEY === undefined ? {} : { secretAccessKey: config.S3_SECRET_ACCESS_KEY }),
  })
}

/** `file:///path`, `file:/path` and `file:path`, which is relative to the clone. */
function pathOf(url: string): string {
  if (url.startsWith('file://')) return fileURLToPath(url)
  const path = url.slice('file:'.length)
  return isAbsolute(path) ? path : resolve(projectRoot, path)
}

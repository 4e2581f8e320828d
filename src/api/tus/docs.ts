// What the generated document says of the tus routes.
import type { Documentation } from '../route.ts'

const tag = 'Uploads'
const version = { in: 'header', name: 'Tus-Resumable', means: '1.0.0', isRequired: true } as const
const offset = { in: 'header', name: 'Upload-Offset', means: 'where these bytes begin', isRequired: true } as const
const checksum = { in: 'header', name: 'Upload-Checksum', means: 'sha1 or sha256, a blank, the digest of the body in base64' } as const
const told = { 'Upload-Offset': 'where to go on', 'Upload-Expires': 'when it ends unless it goes on', 'Tus-Resumable': '1.0.0' }

/** One entry for each route of tus/routes.ts. */
export const tusDocs = {
  discover: {
    id: 'discoverUploads',
    tag,
    summary: 'What of tus is spoken here',
    answers: [
      {
        status: 204,
        means: 'Versions, extensions, the largest file.',
        headers: {
          'Tus-Version': '1.0.0',
          'Tus-Extension': 'names, with commas',
          'Tus-Max-Size': 'bytes',
          'Tus-Checksum-Algorithm': 'names, with commas',
        },
      },
    ],
    problems: [],
  },
  override: {
    id: 'overrideUploadMethod',
    tag,
    summary: 'PATCH, DELETE or HEAD by POST',
    details: 'For clients behind something that knows only GET and POST; answers as the method it names does.',
    parameters: [version, { in: 'header', name: 'X-HTTP-Method-Override', means: 'PATCH, DELETE or HEAD', isRequired: true }],
    answers: [{ status: 204, means: 'As the method it names.', headers: told }],
    problems: ['method_not_allowed', 'upload_not_found', 'offset_conflict', 'upload_expired', 'protocol_version', 'upload_locked'],
  },
  create: {
    id: 'createUpload',
    tag,
    summary: 'Begin an upload',
    details:
      'tus 1.0.0, with creation, creation-with-upload, creation-defer-length, expiration, checksum, termination and concatenation. Metadata: filename, filetype, sessionId (needed without a credential), uploadType, sha256.',
    parameters: [
      version,
      { in: 'header', name: 'Upload-Length', means: 'bytes of the whole file' },
      { in: 'header', name: 'Upload-Defer-Length', means: '1 when the length is told later' },
      { in: 'header', name: 'Upload-Metadata', means: 'key base64,key base64' },
      { in: 'header', name: 'Upload-Concat', means: 'partial, or final; and the addresses of the parts' },
      checksum,
      { in: 'header', name: 'Idempotency-Key', means: 'The same key and headers give the same upload for 24 hours.' },
    ],
    answers: [{ status: 201, means: 'Begun.', headers: { ...told, Location: 'its address' } }],
    problems: [
      'invalid_request',
      'not_found',
      'upload_not_found',
      'protocol_version',
      'too_large',
      'unsupported_media_type',
      'too_many_uploads',
      'checksum_mismatch',
      'insufficient_storage',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
    ],
  },
  look: {
    id: 'lookAtUpload',
    tag,
    summary: 'Ask where an upload stands',
    parameters: [version],
    answers: [
      {
        status: 200,
        means: 'Where to go on.',
        headers: { ...told, 'Upload-Length': 'bytes of the whole file', 'Upload-Metadata': 'as it was given' },
      },
    ],
    problems: ['upload_not_found', 'upload_expired', 'protocol_version'],
  },
  append: {
    id: 'appendToUpload',
    tag,
    summary: 'Send bytes',
    details: 'Bytes that were answered for are durable. What breaks off is kept as far as it came, unless it had a checksum to meet.',
    parameters: [version, offset, checksum, { in: 'header', name: 'Upload-Length', means: 'ends a deferral' }],
    answers: [{ status: 204, means: 'Taken.', headers: told }],
    problems: [
      'invalid_request',
      'upload_not_appendable',
      'upload_not_found',
      'offset_conflict',
      'upload_expired',
      'protocol_version',
      'too_large',
      'unsupported_media_type',
      'upload_locked',
      'checksum_mismatch',
      'service_degraded',
      'insufficient_storage',
    ],
  },
  terminate: {
    id: 'terminateUpload',
    tag,
    summary: 'End an upload and remove its bytes',
    parameters: [version],
    answers: [{ status: 204, means: 'Gone.' }],
    problems: ['upload_not_found', 'upload_completed', 'upload_expired', 'protocol_version', 'upload_locked'],
  },
} as const satisfies Record<string, Documentation>

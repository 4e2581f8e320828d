// What the generated document says of the upload routes that are not tus's own.
import { uploadPage, uploadSession } from '../../contracts/upload.ts'
import type { Documentation } from '../route.ts'

const tag = 'Uploads'

/** One entry for each route of rest/uploads.ts. */
export const uploadDocs = {
  list: {
    id: 'listUploads',
    tag,
    summary: 'List your uploads',
    details: 'Open ones, to be resumed from any device, stored ones, and those that ended within a week. Newest first. Admins see all.',
    parameters: [
      { in: 'query', name: 'first', means: '1 to 100, 20 when left out' },
      { in: 'query', name: 'after', means: 'endCursor of the page before' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: uploadPage }],
    problems: ['invalid_request', 'service_degraded'],
  },
  session: {
    id: 'getUploadSession',
    tag,
    summary: 'Follow an upload',
    answers: [{ status: 200, means: 'Where it stands.', schema: uploadSession, headers: { ETag: 'the sequence, in quotes' } }],
    problems: ['upload_not_found'],
  },
  finalise: {
    id: 'finaliseUpload',
    tag,
    summary: 'Ask for the finalisation again',
    details: 'It is queued by itself with the last byte; asking twice is asking once.',
    answers: [{ status: 202, means: 'It is under way, or has ended.', schema: uploadSession, headers: { Location: 'its session' } }],
    problems: ['upload_not_found', 'upload_incomplete', 'upload_expired'],
  },
  file: {
    id: 'downloadUpload',
    tag,
    summary: 'Download a stored file',
    details: 'With range requests. Where the file lies in S3 the answer is a redirect to an address that is good for a minute.',
    parameters: [
      { in: 'header', name: 'Range', means: 'bytes=0-99' },
      { in: 'header', name: 'If-Range', means: 'the ETag that the rest belongs to' },
    ],
    answers: [
      { status: 200, means: 'The file.', type: 'application/octet-stream', headers: { ETag: 'its SHA-256, in quotes' } },
      { status: 206, means: 'A part of it.', type: 'application/octet-stream' },
      { status: 302, means: 'Where it lies.', headers: { Location: 'a signed address' } },
      { status: 304, means: 'As you have it.' },
    ],
    problems: ['upload_not_found', 'upload_incomplete', 'range_not_satisfiable', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

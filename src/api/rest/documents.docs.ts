// What the generated document says of the routes of documents.
import { documentPage, documentSummary, documentView } from '../../contracts/document.ts'
import type { Documentation } from '../route.ts'

const tag = 'Documents'

/** One entry for each route of rest/documents.ts. */
export const documentDocs = {
  create: {
    id: 'createDocument',
    tag,
    summary: 'Make a document of a stored upload',
    details: 'The file is opened in a sandbox: preflight, text, thumbnails, signatures, analysis. The same bytes are not opened again.',
    answers: [{ status: 202, means: 'It is queued.', schema: documentSummary, headers: { Location: 'the document' } }],
    problems: [
      'upload_not_found',
      'upload_incomplete',
      'unsupported_media_type',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
      'service_degraded',
    ],
    example: { uploadId: 'upl_aaaqaaaaaaaaaaaaaaaaaaaaaaaaaaaa', title: 'Lease 2026' },
  },
  list: {
    id: 'listDocuments',
    tag,
    summary: 'List your documents',
    details: 'Newest first. Admins see all.',
    parameters: [
      { in: 'query', name: 'first', means: '1 to 100, 20 when left out' },
      { in: 'query', name: 'after', means: 'endCursor of the page before' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: documentPage }],
    problems: ['invalid_request', 'service_degraded'],
  },
  get: {
    id: 'getDocument',
    tag,
    summary: 'Follow a document, and see what was found',
    details:
      'What rules found (`analysis`) is marked by page and offset. `analysis.model`, where there is one, was written by a language model: it may be wrong and decides nothing.',
    answers: [{ status: 200, means: 'The document.', schema: documentView, headers: { ETag: 'the sequence, in quotes' } }],
    problems: ['document_not_found', 'service_degraded'],
  },
  text: {
    id: 'getDocumentText',
    tag,
    summary: 'Read the text of a document',
    details: 'Pages are separated by a form feed. With `Accept: application/json` each page comes with its number, size and characters.',
    parameters: [{ in: 'query', name: 'page', means: 'one page only, from 1' }],
    answers: [{ status: 200, means: 'The text.', type: 'text/plain' }],
    problems: ['document_not_found', 'document_not_ready', 'service_degraded'],
  },
  thumbnail: {
    id: 'getDocumentThumbnail',
    tag,
    summary: 'See a page of a document',
    details: '400 pixels wide. The first 200 pages have one.',
    answers: [
      { status: 200, means: 'The picture.', type: 'image/webp', headers: { ETag: 'changes never for the same page' } },
      { status: 304, means: 'As you have it.' },
    ],
    problems: ['document_not_found', 'document_not_ready', 'not_found', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

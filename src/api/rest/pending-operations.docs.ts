// What the generated document says of the routes of pending operations.
import {
  bulkOperationResponse,
  consumedOperation,
  createdOperation,
  operationPage,
  operationStatistics,
  pendingOperation,
} from '../../contracts/pending-operation.ts'
import type { Documentation } from '../route.ts'

const tag = 'Pending operations'
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const
const keyProblems = ['idempotency_key_reused', 'idempotency_key_in_progress'] as const
const tokenProblems = ['invalid_request', 'token_invalid', 'token_expired', 'token_used'] as const
const replayed = { 'Idempotent-Replayed': 'true when the key was seen before' }
const filters = [
  { in: 'query', name: 'operationType', means: 'only operations of this type' },
  { in: 'query', name: 'recipient', means: 'only those for this recipient' },
  {
    in: 'query',
    name: 'status',
    means: 'active (5 minutes or more left), expiring_soon (under 5 minutes left), consumed or expired (ended early)',
  },
  { in: 'query', name: 'q', means: 'text in id, type, channel, purpose, recipient or metadata, case apart' },
] as const
const rights =
  'Admins see all operations, anybody else their own: those they created, and those for their subject, verified e-mail address or phone number.'
const merged =
  'The data is merged as by RFC 7396 (JSON Merge Patch), compare-and-set. Without a version the change is made on whatever is there.'
const one = { status: 200, means: 'The operation, without secrets.', schema: pendingOperation }

/** One entry for each route of rest/pending-operations.ts. */
export const pendingOperationDocs = {
  create: {
    id: 'createPendingOperation',
    tag,
    summary: 'Begin a pending operation',
    details:
      'The data is encrypted: in Redis, or within the token (`jwt`). `auto` takes Redis, and the token while Redis is away. The token is shown here and never again.',
    parameters: [idempotencyKey],
    example: { operationType: 'registration', data: { name: 'Ada' }, recipient: 'ada@example.com', expiresIn: '30m' },
    answers: [{ status: 201, means: 'Begun.', schema: createdOperation, headers: { Location: 'its address', ...replayed } }],
    problems: ['invalid_request', 'too_large', ...keyProblems],
  },
  list: {
    id: 'listPendingOperations',
    tag,
    summary: 'List pending operations',
    details: `Newest first, in Redis only. ${rights} Each look at somebody else's is audited.`,
    parameters: [
      ...filters,
      { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
      { in: 'query', name: 'after', means: 'the endCursor of the page before, of the same query' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: operationPage }],
    problems: ['invalid_request'],
  },
  export: {
    id: 'exportPendingOperations',
    tag,
    summary: 'Export pending operations',
    details: `Streams everything that the list would show. ${rights} Cells that a spreadsheet could run are made text.`,
    parameters: [{ in: 'query', name: 'format', means: 'csv or json (json if left out)' }, ...filters],
    answers: [{ status: 200, means: 'The file: text/csv, or a JSON array.', type: 'text/csv' }],
    problems: ['invalid_request'],
  },
  stats: {
    id: 'readPendingOperationStatistics',
    tag,
    summary: 'Numbers of the last 24 hours',
    answers: [
      {
        status: 200,
        means: 'What there is now, what happened by hour and type, and how well the store serves.',
        schema: operationStatistics,
      },
    ],
    problems: ['forbidden'],
  },
  read: {
    id: 'getPendingOperation',
    tag,
    summary: 'Look at a pending operation',
    details: rights,
    answers: [one],
    problems: ['not_found'],
  },
  lookup: {
    id: 'lookupPendingOperation',
    tag,
    summary: 'Look by token',
    details: 'Takes the token of either backend, shows no secrets and consumes nothing. The token is the key, whoever brings it.',
    example: { token: 'the token of createPendingOperation', operationType: 'registration' },
    answers: [one],
    problems: [...tokenProblems, 'operation_type_mismatch'],
  },
  patch: {
    id: 'patchPendingOperation',
    tag,
    summary: 'Change the data',
    details: merged,
    example: { data: { step: 2 }, version: 1 },
    answers: [one],
    problems: ['invalid_request', 'too_large', 'not_found', 'version_conflict', 'token_used', 'token_expired'],
  },
  update: {
    id: 'updatePendingOperation',
    tag,
    summary: 'Change the data by token',
    details: `${merged} What lives in its token cannot be changed.`,
    example: { token: 'the token of createPendingOperation', data: { step: 2 } },
    answers: [one],
    problems: [...tokenProblems, 'too_large', 'version_conflict', 'not_updatable'],
  },
  consume: {
    id: 'consumePendingOperation',
    tag,
    summary: 'Take the data, once',
    details: 'Of any number of calls one succeeds, with either backend. Gives everything, secrets included.',
    parameters: [idempotencyKey],
    example: { token: 'the token of createPendingOperation', operationType: 'registration' },
    answers: [{ status: 200, means: 'The data.', schema: consumedOperation, headers: replayed }],
    problems: [...tokenProblems, 'operation_type_mismatch', ...keyProblems],
  },
  remove: {
    id: 'deletePendingOperation',
    tag,
    summary: 'Remove a pending operation',
    answers: [{ status: 204, means: 'Gone, data and all.' }],
    problems: ['not_found'],
  },
  bulk: {
    id: 'actOnPendingOperations',
    tag,
    summary: 'Delete or end many',
    example: { action: 'expire', ids: ['pop_…'] },
    answers: [{ status: 200, means: 'A result for each id.', schema: bulkOperationResponse }],
    problems: ['invalid_request'],
  },
} as const satisfies Record<string, Documentation>

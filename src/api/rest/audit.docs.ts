// What the generated document says of the audit routes.
import { auditPage, auditVerification } from '../../contracts/audit.ts'
import type { Documentation } from '../route.ts'

const tag = 'Audit'
const filters = [
  { in: 'query', name: 'actor', means: 'who did it: `user:SUBJECT`, `key:ID`, or the digest that entries show' },
  { in: 'query', name: 'action', means: '`verification.approved`, or a beginning: `verification.*`' },
  { in: 'query', name: 'subject', means: '`verification:ver_…`' },
  { in: 'query', name: 'from', means: 'not before this time' },
  { in: 'query', name: 'to', means: 'before this time' },
] as const

/** One entry for each route of rest/audit.ts. */
export const auditDocs = {
  list: {
    id: 'listAudit',
    tag,
    summary: 'Read the audit trail',
    details: 'Newest first. A filtered `totalCount` goes up to 10,000.',
    parameters: [
      ...filters,
      { in: 'query', name: 'first', means: '1 to 100, 20 if left out' },
      { in: 'query', name: 'after', means: 'a cursor' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: auditPage }],
    problems: ['invalid_request'],
  },
  verify: {
    id: 'verifyAudit',
    tag,
    summary: 'Verify the audit trail',
    details:
      'Every entry against the one before, every signed checkpoint against its entry, archives included. After 20 s it says where to go on.',
    parameters: [{ in: 'query', name: 'after', means: 'the `continueAfter` of the answer before' }],
    answers: [
      { status: 200, means: 'The verdict; `firstBroken` names the first entry that is not as it was written.', schema: auditVerification },
    ],
    problems: ['invalid_request'],
  },
  export: {
    id: 'exportAudit',
    tag,
    summary: 'Export the audit trail',
    details: 'One entry a line, oldest first, streamed.',
    parameters: filters,
    answers: [{ status: 200, means: 'Newline-delimited JSON.', type: 'application/x-ndjson' }],
    problems: ['invalid_request'],
  },
  tail: {
    id: 'followAudit',
    tag,
    summary: 'Follow the audit trail',
    details: 'Server-sent events, one for each entry; `Last-Event-ID` goes on where it broke off.',
    parameters: [{ in: 'header', name: 'Last-Event-ID', means: 'the sequence that was seen last' }],
    answers: [{ status: 200, means: 'A stream that does not end.', type: 'text/event-stream' }],
    problems: [],
  },
} as const satisfies Record<string, Documentation>

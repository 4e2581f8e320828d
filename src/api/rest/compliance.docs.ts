// What the generated document says of the routes of compliance checks.
import { checkPage, complianceCheck } from '../../contracts/compliance.ts'
import type { Documentation } from '../route.ts'

const tag = 'Compliance'

/** One entry for each route of rest/compliance.ts. */
export const complianceDocs = {
  start: {
    id: 'startComplianceCheck',
    tag,
    summary: 'Check a document against the Electronic Transactions Act 4 of 2019',
    details:
      'A technical check, rule by rule, of the document and, where there is one, of its envelope. It is no legal advice and decides nothing. Each request makes a new check; those before it stay.',
    answers: [{ status: 202, means: 'It is queued.', schema: complianceCheck, headers: { Location: 'the check' } }],
    problems: [
      'invalid_request',
      'document_not_found',
      'document_not_ready',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
      'service_degraded',
    ],
    example: { ruleset: 'eta-2019', requiredClass: 'party_agreed' },
  },
  list: {
    id: 'listComplianceChecks',
    tag,
    summary: 'List the checks of a document',
    details: 'Newest first, without their rules.',
    parameters: [
      { in: 'query', name: 'first', means: '1 to 100, 20 when left out' },
      { in: 'query', name: 'after', means: 'endCursor of the page before' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: checkPage }],
    problems: ['invalid_request', 'document_not_found', 'service_degraded'],
  },
  get: {
    id: 'getComplianceCheck',
    tag,
    summary: 'Follow a check, and read what came out',
    details:
      'One verdict and no score. With `?format=pdf` or `Accept: application/pdf` the readable report, once the check is final. Whoever may see the document may see its checks.',
    parameters: [{ in: 'query', name: 'format', means: 'json or pdf; left out: as Accept says' }],
    answers: [{ status: 200, means: 'The check, or its report.', schema: complianceCheck, headers: { ETag: 'the sequence, in quotes' } }],
    problems: ['invalid_request', 'check_not_found', 'check_not_ready', 'not_found', 'not_acceptable', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

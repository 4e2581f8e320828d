// What the generated document says of the routes of retention.
import { retentionView } from '../../contracts/retention.ts'
import type { Documentation } from '../route.ts'

const tag = 'Retention'
const answers = [{ status: 200, means: 'How it is kept from now on.', schema: retentionView }] as const

function docsOf(thing: 'Envelope' | 'Document') {
  const word = thing.toLowerCase()
  const problems = [
    'not_found',
    thing === 'Document' ? 'document_not_found' : 'envelope_not_found',
    'not_updatable',
    'service_degraded',
  ] as const
  return {
    assign: {
      id: `assign${thing}Retention`,
      tag,
      summary: `Say for how long to keep ${thing === 'Envelope' ? 'an' : 'a'} ${word}`,
      details:
        'The time runs from the first assignment (of an envelope: from its end). Only admins and servers may shorten it. What has no class is never removed.',
      answers,
      problems: ['invalid_request', 'retention_shorter', 'step_not_open', ...problems],
      example: { class: 'extended' },
    },
    hold: {
      id: `hold${thing}`,
      tag,
      summary: `Place a legal hold on ${thing === 'Envelope' ? 'an' : 'a'} ${word}`,
      details:
        'While it is there nothing is removed, whatever the class says. Once more replaces the reason. What had no class gets `permanent`.',
      answers,
      problems: ['invalid_request', ...problems],
      example: { reason: 'Case 12/2026, High Court' },
    },
    lift: { id: `release${thing}`, tag, summary: `Lift the legal hold of ${thing === 'Envelope' ? 'an' : 'a'} ${word}`, answers, problems },
  } as const satisfies Record<string, Documentation>
}

/** One entry for each route of rest/retention.ts. */
export const retentionDocs = {
  read: {
    id: 'getRetention',
    tag,
    summary: 'See for how long something is kept',
    answers: [{ status: 200, means: 'Its class, its end, and whether it is held.', schema: retentionView }],
    problems: ['envelope_not_found', 'document_not_found', 'service_degraded'],
  },
  envelopes: docsOf('Envelope'),
  documents: docsOf('Document'),
} as const satisfies { read: Documentation } & Record<string, Documentation | Record<string, Documentation>>

// What the generated document says of the routes of envelopes.
import { envelopeActs, envelopePage, envelopeSummary, envelopeView } from '../../contracts/envelope.ts'
import type { Documentation } from '../route.ts'

const tag = 'Envelopes'

/** One entry for each route of rest/envelopes.ts. */
export const envelopeDocs = {
  create: {
    id: 'createEnvelope',
    tag,
    summary: 'Send a document to its signers',
    details:
      'The document must have been processed, with its signatures judged. Each signer is mailed a link of their own, in order or all at once, is identified by a code, reviews the pages, agrees and signs. `requiredClass` is what law or the parties ask for; it stops nobody from signing and is what a check compares with.',
    parameters: [{ in: 'header', name: 'Idempotency-Key', means: 'The same key and body are given the first answer again, for 24 hours.' }],
    answers: [{ status: 202, means: 'It is on its way.', schema: envelopeSummary, headers: { Location: 'the envelope' } }],
    problems: [
      'invalid_request',
      'document_not_found',
      'document_not_ready',
      'document_unsuitable',
      'sealing_unavailable',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
      'service_degraded',
    ],
    example: {
      documentId: 'doc_aaaqaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      requiredClass: 'party_agreed',
      order: 'sequential',
      signers: [
        { name: 'Ada Shikongo', email: 'ada@example.com' },
        { name: 'Ben Müller', email: 'ben@example.com', phone: '+264811234567', locale: 'de' },
      ],
      reminders: { everySeconds: 259200, max: 3 },
    },
  },
  list: {
    id: 'listEnvelopes',
    tag,
    summary: 'List your envelopes',
    details: 'Newest first. Admins see all.',
    parameters: [
      { in: 'query', name: 'first', means: '1 to 100, 20 when left out' },
      { in: 'query', name: 'after', means: 'endCursor of the page before' },
    ],
    answers: [{ status: 200, means: 'A page.', schema: envelopePage }],
    problems: ['invalid_request', 'service_degraded'],
  },
  get: {
    id: 'getEnvelope',
    tag,
    summary: 'Follow an envelope',
    details:
      'With its signers, its mails and how far sealing has come. A signer who is signed in with the address that was asked sees it too, with the addresses of the others masked.',
    parameters: [{ in: 'header', name: 'If-None-Match', means: 'the ETag that was seen last' }],
    answers: [
      {
        status: 200,
        means: 'The envelope.',
        schema: envelopeView,
        headers: { ETag: 'another one whenever anything of the answer is another: the sequence and a hash, in quotes' },
      },
      { status: 304, means: 'Nothing has changed.' },
    ],
    problems: ['envelope_not_found', 'service_degraded'],
  },
  cancel: {
    id: 'cancelEnvelope',
    tag,
    summary: 'Take an envelope back',
    details: 'Until the last signature. Whoever was asked is told. A second time is harmless.',
    answers: [{ status: 200, means: 'It is canceled.', schema: envelopeSummary }],
    problems: ['envelope_not_found', 'not_updatable', 'service_degraded'],
    example: { reason: 'A page was missing.' },
  },
  resend: {
    id: 'resendEnvelope',
    tag,
    summary: 'Ask signers again',
    details: 'The mail with the link once more, to one signer or to all whose turn it is; five times a day for each.',
    parameters: [{ in: 'header', name: 'Idempotency-Key', means: 'The same key and body are answered once for 24 hours.' }],
    answers: [{ status: 202, means: 'The mails are on their way.', schema: envelopeSummary }],
    problems: [
      'envelope_not_found',
      'not_updatable',
      'cooldown_active',
      'idempotency_key_reused',
      'idempotency_key_in_progress',
      'service_degraded',
    ],
    example: { signer: 2 },
  },
  acts: {
    id: 'listEnvelopeActs',
    tag,
    summary: 'See what happened, act by act',
    details: 'For the owner. Each act is hashed with the one before; the audit trail holds the same hashes.',
    answers: [{ status: 200, means: 'All acts, the first one first.', schema: envelopeActs }],
    problems: ['envelope_not_found', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

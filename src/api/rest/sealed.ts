// The sealed copy of an envelope over HTTP.
import { sealedCopy } from '../../domain/envelopes/sealed-copy.ts'
import type { ApiDeps } from '../deps.ts'
import type { Route } from '../route.ts'
import { sendStored } from '../send-stored.ts'
import { idIn } from './id-in.ts'

/** `GET /v1/envelopes/{id}/sealed`. */
export function sealedRoutes(deps: ApiDeps): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/envelopes/{id}/sealed',
      access: 'credential',
      scope: 'envelopes',
      limit: 'general',
      doc: {
        id: 'getSealedCopy',
        tag: 'Envelopes',
        summary: 'Download the sealed copy',
        details:
          'The document as it was sent, byte for byte, with the certificate page and the seal (PAdES) behind it. With range requests; where it lies in S3 the answer is a redirect to an address that is good for a minute. Signers who are signed in by the address that they were asked at may have it too.',
        parameters: [
          { in: 'header', name: 'Range', means: 'bytes=0-99' },
          { in: 'header', name: 'If-Range', means: 'the ETag that the rest belongs to' },
        ],
        answers: [
          { status: 200, means: 'The file.', type: 'application/pdf', headers: { ETag: 'its SHA-256, in quotes' } },
          { status: 206, means: 'A part of it.', type: 'application/pdf' },
          { status: 302, means: 'Where it lies.', headers: { Location: 'a signed address' } },
          { status: 304, means: 'As you have it.' },
        ],
        problems: [
          'not_found',
          'envelope_not_found',
          'envelope_not_sealed',
          'envelope_purged',
          'range_not_satisfiable',
          'service_degraded',
        ],
      },
      handle: async (call) => {
        const { sealedAtMs, ...file } = await sealedCopy(deps, call.caller, idIn(call, 'env'))
        await sendStored(deps, call, { ...file, mediaType: 'application/pdf', storedAtMs: sealedAtMs })
      },
    },
  ]
}

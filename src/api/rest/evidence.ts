// The evidence bundle of an envelope as a ZIP: packed while it is sent, whatever its size.
import { pipeline } from 'node:stream/promises'
import { exportEvidence } from '../../domain/envelopes/evidence-export.ts'
import { attachment } from '../attachment.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { idIn } from './id-in.ts'

/** `GET /v1/envelopes/{id}/evidence`. */
export function evidenceRoutes(deps: ApiDeps): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/envelopes/{id}/evidence',
      access: 'credential',
      scope: 'envelopes',
      limit: 'general',
      doc: {
        id: 'getEnvelopeEvidence',
        tag: 'Envelopes',
        summary: 'Download the evidence bundle of a completed envelope',
        details:
          'Original and sealed copy, acts, entries of the audit trail, a signed checkpoint, certificates, a signed manifest, and `verify.ts`, which checks all of it offline (`node verify.ts`). It holds personal data.',
        answers: [{ status: 200, means: 'The bundle.', type: 'application/zip' }],
        problems: ['not_found', 'envelope_not_found', 'evidence_not_ready', 'envelope_purged', 'service_degraded'],
      },
      handle: (call) => sendEvidence(deps, call),
    },
  ]
}

async function sendEvidence(deps: ApiDeps, call: Call): Promise<void> {
  const { res, caller } = call
  const id = idIn(call, 'env')
  const files = await exportEvidence(deps, caller, id, contextOf(call))
  res.setHeader('Content-Type', 'application/zip')
  res.setHeader('Content-Disposition', attachment(`evidence-${id}.zip`))
  res.setHeader('Cache-Control', 'no-store')
  // A reader that goes away is no fault of ours.
  await pipeline(deps.packFiles(files, deps.clock.nowMs()), res).catch((error: unknown) => {
    if (!res.destroyed) throw error
  })
}

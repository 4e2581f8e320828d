// Handing a bundle to the envelope's owner. That it was handed out is itself an event.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { partitionOfId } from '../../lib/ids.ts'
import type { Caller } from '../caller.ts'
import type { RequestContext } from '../context.ts'
import type { EvidenceFile, PackedFile } from '../evidence-ports.ts'
import type { EventLog } from '../ports.ts'
import { traceOf } from '../verification/access.ts'
import { bytesOf } from './evidence-bundle.ts'
import type { EvidenceDeps } from './evidence-deps.ts'
import { buildEvidence } from './evidence.ts'
import { ownedEnvelope } from './read.ts'

/**
 * The bundle of the caller's envelope, ready to be packed. Throws `envelope_not_found`, `envelope_purged`, `evidence_not_ready`, `service_degraded`;
 * EvidenceDamaged when a file is not there as it was.
 */
export async function exportEvidence(
  deps: EvidenceDeps & { events: EventLog },
  caller: Caller,
  id: string,
  context: RequestContext,
): Promise<PackedFile[]> {
  const files = await buildEvidence(deps, await ownedEnvelope(deps, caller, id))
  const nowMs = deps.clock.nowMs()
  const event = { type: 'evidence.exported', subject: `evidence:${id}`, sequence: nowMs, data: { manifestSha256: manifestSha256(files) } }
  await deps.events.append(partitionOfId(id), event, traceOf(deps, caller, context), nowMs)
  return files.map((file) => packed(deps, file))
}

function manifestSha256(files: readonly EvidenceFile[]): string {
  const content = files.find(({ name }) => name === 'manifest.json')?.content
  return createHash('sha256')
    .update(Buffer.isBuffer(content) ? content : '')
    .digest('hex')
}

function packed({ blobs }: Pick<EvidenceDeps, 'blobs'>, file: EvidenceFile): PackedFile {
  const { name, content } = file
  const open = Buffer.isBuffer(content) ? async () => Readable.from([content]) : () => blobs.read(content.key)
  return { name, bytes: bytesOf(file), open }
}

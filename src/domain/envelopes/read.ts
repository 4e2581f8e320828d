// Reading envelopes: one, its acts, and the list of one's own.
import type { EnvelopeActs, EnvelopePage, EnvelopeView } from '../../contracts/envelope.ts'
import { AppError, invalidField } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { callerKey, isPrivileged, type Caller } from '../caller.ts'
import type { Act, EnvelopePosition, EnvelopeRecord } from '../envelope-ports.ts'
import { placeOf, toPage, type PageRequest } from '../page.ts'
import { isOwn, ownerPrints } from '../uploads/owner.ts'
import { canonicalEmailAddress } from '../verification/email-address.ts'
import { verifyActs } from './acts.ts'
import type { EnvelopeDeps } from './deps.ts'
import { isEnvelopeId } from './id.ts'
import { signerPrints } from './signer-print.ts'
import { summaryOf, viewOf, type Viewer } from './view.ts'

type ReadDeps = Pick<EnvelopeDeps, 'keyring' | 'envelopes'>

/** The caller's envelope of this id. Throws `envelope_not_found` when there is none or it is somebody else's. */
export async function ownedEnvelope(deps: ReadDeps, caller: Caller, id: string): Promise<EnvelopeRecord> {
  const record = isEnvelopeId(id) ? await deps.envelopes.read(id) : null
  if (!record || !isOwn(deps.keyring, caller, record)) throw new AppError('envelope_not_found')
  return record
}

/** The same, also for a signed-in signer of it. */
export async function accessibleEnvelope(deps: ReadDeps, caller: Caller, id: string): Promise<{ record: EnvelopeRecord; viewer: Viewer }> {
  const record = isEnvelopeId(id) ? await deps.envelopes.read(id) : null
  const viewer = record && viewerOf(deps.keyring, caller, record)
  if (!record || !viewer) throw new AppError('envelope_not_found')
  return { record, viewer }
}

/** By the address that a user's token vouches for; null for everybody else. */
function viewerOf(keyring: Keyring, caller: Caller, record: EnvelopeRecord): Viewer | null {
  if (isOwn(keyring, caller, record)) return 'owner'
  const address = caller.kind === 'user' && caller.email !== undefined ? canonicalEmailAddress(caller.email) : null
  if (!address?.ok) return null
  const prints: readonly string[] = signerPrints(keyring, address.canonical)
  const numbers = record.signers.filter(({ print, invitedAtMs }) => prints.includes(print) && invitedAtMs !== undefined)
  return numbers.length === 0 ? null : numbers.map(({ number }) => number)
}

/** The envelope with its mails. Throws `envelope_not_found`. */
export async function getEnvelope(deps: EnvelopeDeps, caller: Caller, id: string): Promise<EnvelopeView> {
  const { record, viewer } = await accessibleEnvelope(deps, caller, id)
  const notices = await deps.notices.ofEnvelope(id)
  return viewOf(deps.keyring, record, notices, viewer, deps.clock.nowMs())
}

/** The caller's envelopes, newest first; everybody's for those who see everything. */
export async function listEnvelopes(deps: EnvelopeDeps, caller: Caller, request: PageRequest): Promise<EnvelopePage> {
  const all = isPrivileged(caller)
  const query = all ? 'envelopes' : `envelopes:${callerKey(caller)}`
  const before = positionOf(placeOf(deps.keyring, query, request))
  const { records, total } = await deps.envelopes.page(all ? null : ownerPrints(deps.keyring, caller), before, request.first + 1)
  const nowMs = deps.clock.nowMs()
  const place = ({ createdAtMs, id }: EnvelopeRecord): string => `${createdAtMs}.${id}`
  const view = (record: EnvelopeRecord) => summaryOf(deps.keyring, record, 'owner', nowMs)
  return toPage({ keyring: deps.keyring, query, request }, records, total, place, view)
}

function positionOf(place: string | undefined): EnvelopePosition | undefined {
  if (place === undefined) return undefined
  const [createdAtMs = '', id = ''] = place.split('.', 2)
  if (id === '') throw invalidField('/after', 'is not a cursor of this query')
  return { createdAtMs: Number(createdAtMs), id }
}

const readings = 5

/** What happened, act by act, and whether the chain is whole. Throws `envelope_not_found`; it is for the owner only. */
export async function getEnvelopeActs(deps: EnvelopeDeps, caller: Caller, id: string): Promise<EnvelopeActs> {
  const { record, acts: nodes } = await readTogether(deps, await ownedEnvelope(deps, caller, id))
  const fault = verifyActs(nodes, record)
  return { nodes: nodes.map((act) => ({ ...act, facts: { ...act.facts }, personal: { ...act.personal } })), ok: fault === null, fault }
}

/** A record and the acts of the same moment: an act behind the record's last one is a fault, and not one that came in between. */
async function readTogether({ envelopes }: ReadDeps, first: EnvelopeRecord): Promise<{ record: EnvelopeRecord; acts: readonly Act[] }> {
  let record = first
  for (let left = readings; ; left--) {
    const acts = await envelopes.acts(record.id)
    const again = (await envelopes.read(record.id)) ?? record
    if (again.sequence === record.sequence) return { record: again, acts }
    // It changes faster than it can be read: its acts as of a moment ago.
    if (left <= 1) return { record, acts: acts.slice(0, record.sequence) }
    record = again
  }
}

// Digests: what nobody has seen for a while and no mail has told is gathered into one mail. Old notifications are forgotten.
import type { Clock } from '../../lib/clock.ts'
import { DAY_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { partitionOf } from '../../lib/partition.ts'
import type { NewNotice, NoticeStore, NotificationStore } from '../notice-ports.ts'
import { enqueueNotices } from '../notices/jobs.ts'
import { noticeFor } from '../notices/make.ts'
import type { Enqueue, Telemetry, VerificationPolicy } from '../ports.ts'
import { openMailTo } from './make.ts'

export type DigestDeps = {
  clock: Clock
  keyring: Keyring
  policy: Pick<VerificationPolicy, 'partitions'>
  notifications: NotificationStore
  notices: Pick<NoticeStore, 'forget'>
  /** How long a notification waits to be seen. */
  digestAfterMs: number
  enqueue: Enqueue
  telemetry: Pick<Telemetry, 'repaired'>
}

const batch = 100
const rounds = 20
const notificationsKeptMs = 180 * DAY_MS
const digestsKeptMs = 30 * DAY_MS

/** Owes one digest to each audience that has something unseen; how many. Racing another process, each is owed once. Throws `service_degraded` without Postgres. */
export async function oweDigests(deps: DigestDeps, signal: AbortSignal): Promise<number> {
  const nowMs = deps.clock.nowMs()
  let total = 0
  for (let round = 0; round < rounds && !signal.aborted; round++) {
    const owed = await deps.notifications.oweDigests(nowMs - deps.digestAfterMs, batch, nowMs, (audience, mailTo) =>
      digestFor(deps, audience, mailTo, nowMs),
    )
    await enqueueNotices(deps, owed, nowMs)
    total += owed.length
    if (owed.length < batch) break
  }
  await deps.notifications.forget(nowMs - notificationsKeptMs)
  await deps.notices.forget(nowMs - digestsKeptMs)
  return total
}

function digestFor({ keyring, policy }: DigestDeps, audience: string, mailTo: string, nowMs: number): NewNotice | null {
  const to = openMailTo(keyring, audience, mailTo)
  const partition = partitionOf(audience, policy.partitions)
  const whose = { kind: 'digest', envelopeId: null, signer: null, audience } as const
  return to && noticeFor(keyring, { ...whose, to, dueAtMs: nowMs, nowMs, requestId: 'digest', partition })
}

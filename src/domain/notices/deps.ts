// What a worker hands to the sending of notices.
import type { Clock } from '../../lib/clock.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { Lanes } from '../../lib/lanes.ts'
import type { EnvelopeStore } from '../envelope-ports.ts'
import type { NoticeStore, NoticeTemplates, NotificationStore } from '../notice-ports.ts'
import type { Enqueue, MailProvider, Telemetry, VerificationPolicy } from '../ports.ts'

export type NoticeSendDeps = {
  clock: Clock
  keyring: Keyring
  policy: Pick<VerificationPolicy, 'brand' | 'publicUrl' | 'partitions'>
  notices: NoticeStore
  notifications: NotificationStore
  envelopes: Pick<EnvelopeStore, 'read'>
  mail: MailProvider
  /** As many as the provider takes at once: what waits for it is not claimed yet, and a code that is sent by mail never waits behind it. */
  noticeLanes: Lanes
  noticeTemplates: NoticeTemplates
  enqueue: Enqueue
  telemetry: Pick<Telemetry, 'sent' | 'repaired'>
}

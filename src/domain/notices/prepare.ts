// A mail before it leaves: whether its reason is still there, and its words in the reader's language.
import { AppError } from '../../errors.ts'
import type { EnvelopeRecord } from '../envelope-ports.ts'
import type { NoticeFacts, NoticeRecord, NoticeSettlement } from '../notice-ports.ts'
import type { MailMessage } from '../ports.ts'
import type { NoticeSendDeps } from './deps.ts'
import { digestFacts, digestTitles, envelopeFacts } from './facts.ts'
import { openAddressee, type Addressee } from './make.ts'
import { reasonGone } from './reasons.ts'

/** A mail ready to be sent, or what ends it unsent. */
export type Prepared = { mail: MailMessage } | { end: NoticeSettlement }

/** A fault of ours is thrown to be reported and tried again; `isLast`: it ends the mail. Throws `service_degraded` when Postgres is away. */
export async function prepareNotice(
  deps: NoticeSendDeps,
  notice: NoticeRecord,
  record: EnvelopeRecord | null,
  isLast: boolean,
): Promise<Prepared> {
  try {
    return await prepare(deps, notice, record)
  } catch (error) {
    const isOurs = !(error instanceof AppError && error.code === 'service_degraded')
    if (isOurs && isLast) return { end: { kind: 'failed', reason: 'internal' } }
    throw error
  }
}

async function prepare(deps: NoticeSendDeps, notice: NoticeRecord, record: EnvelopeRecord | null): Promise<Prepared> {
  const { kind } = notice
  const to = openAddressee(deps.keyring, notice)
  if (!to) return { end: { kind: 'failed', reason: 'address_unreadable' } }
  if (kind === 'digest') {
    const unseen = await deps.notifications.unseen(notice.id, digestTitles)
    if (unseen.total === 0) return { end: { kind: 'skipped', reason: 'all_read' } }
    return { mail: mailOf(deps, notice, to, digestFacts(deps, unseen, to)) }
  }
  const gone = reasonGone({ kind, signer: notice.signer }, record, deps.clock.nowMs())
  if (gone !== null || !record) return { end: { kind: 'skipped', reason: gone ?? 'envelope_missing' } }
  const facts = envelopeFacts(deps, notice, record, to)
  return facts ? { mail: mailOf(deps, notice, to, facts) } : { end: { kind: 'failed', reason: 'key_unknown' } }
}

function mailOf({ noticeTemplates, policy }: NoticeSendDeps, notice: NoticeRecord, to: Addressee, facts: NoticeFacts): MailMessage {
  const words = noticeTemplates.notice(notice.kind, facts)
  return { to: to.email, locale: to.locale, messageId: messageId(policy.publicUrl, notice), ...words }
}

/** The same for every try: a mailbox that got two can tell that they are one. */
export function messageId(publicUrl: string, { id }: NoticeRecord): string {
  return `<${id}@${new URL(publicUrl).hostname}>`
}

// What notices (mails that are owed for a reason) and notifications (records that a person finds in the product) need from the world.
import type { NoticeKind, NoticeStatus, NotificationKind } from '../contracts/notification.ts'
import type { OutboxEvent } from './event-ports.ts'
import type { JobRequest, RenderedMail } from './ports.ts'

/** A mail that is owed. `sealed` holds whom it goes to (address, name, locale); the text is made when it is sent. */
export type NewNotice = {
  id: string
  kind: NoticeKind
  /** What it is about, and which signer of it. A digest is about no envelope. */
  envelopeId: string | null
  signer: number | null
  /** From 1 for reminders: which one it is. */
  number: number
  /** Whose notifications a digest tells of: a fingerprint. */
  audience: string | null
  sealed: string
  dueAtMs: number
  createdAtMs: number
  requestId: string
}

export type NoticeRecord = NewNotice & {
  status: NoticeStatus
  tries: number
  /** Tries whose end nobody knows. */
  unknowns: number
  provider?: string
  reference?: string
  reason?: string
  endedAtMs?: number
}

/** Who sends: the job's own time stamp and how often it was started; a later pair supersedes an earlier one. */
export type NoticeFence = { jobMs: number; starts: number }

export type NoticeClaim = { kind: 'go'; notice: NoticeRecord } | { kind: 'done'; word: string } | { kind: 'early'; waitMs: number }

/** `again`: nothing was accepted, it may be tried again. */
export type NoticeSettlement =
  | { kind: 'sent'; provider: string; reference: string }
  | { kind: 'skipped'; reason: string }
  | { kind: 'failed'; reason: string }
  | { kind: 'unknown'; reason: string }
  | { kind: 'again'; reason: string }

export type NoticeStore = {
  read(id: string): Promise<NoticeRecord | null>
  claim(id: string, fence: NoticeFence, nowMs: number): Promise<NoticeClaim>
  /** False when another run has taken over. `next` is what is owed because of it (the reminder after this one). */
  settle(
    id: string,
    fence: NoticeFence,
    settlement: NoticeSettlement,
    event: OutboxEvent,
    next: readonly NewNotice[],
    nowMs: number,
  ): Promise<boolean>
  /** Of an envelope, in the order in which they were owed. */
  ofEnvelope(envelopeId: string): Promise<NoticeRecord[]>
  /** Removes digests that ended before a time; bounded, how many. Mails of an envelope stay as long as it does. */
  forget(endedBeforeMs: number): Promise<number>
  /** Those whose job is to be looked for now; each is looked for again after `againMs`. */
  owed(limit: number, nowMs: number, againMs: number): Promise<JobRequest[]>
}

/**
 * A record for a person. `audience` is the fingerprint of a caller (`user:alice`) or of an e-mail address (`email:…`); `sealed` holds its words. `mailTo`, sealed
 * likewise, is where a digest may go; null where no address is known.
 */
export type NewNotification = {
  id: string
  audience: string
  kind: NotificationKind
  subject: string
  sealed: string
  mailTo: string | null
  /** A mail of its own tells the same: no digest does. */
  isMailed: boolean
  createdAtMs: number
  requestId: string
}

export type NotificationRecord = NewNotification & { readAtMs?: number; digestedAtMs?: number }

export type NotificationStore = {
  /** Newest first, of any of these audiences. `total` counts what the query finds, `unread` whatever they have not read. */
  page(
    audiences: readonly string[],
    before: { createdAtMs: number; id: string } | undefined,
    limit: number,
    isUnreadOnly: boolean,
  ): Promise<{ records: NotificationRecord[]; total: number; unread: number }>
  /** Null when there is none of these audiences; a second time changes nothing. */
  markRead(id: string, audiences: readonly string[], nowMs: number, event: OutboxEvent): Promise<NotificationRecord | null>
  /** Marks all that these audiences have not read; how many. The event is kept when there was one at least. */
  markAllRead(audiences: readonly string[], nowMs: number, eventOf: (count: number) => OutboxEvent): Promise<number>
  /** What a digest tells of and nobody has read yet: the newest ones, up to `limit`, and how many there are. */
  unseen(digestId: string, limit: number): Promise<{ records: NotificationRecord[]; total: number }>
  /**
   * Owes one digest to each audience that has a notification which is unread, told by no mail, in no digest and older than that: of all it has of the kind. Gives
   * what is owed. `noticeOf` makes the mail from the newest `mailTo`; null where that cannot be read, and then none is owed.
   */
  oweDigests(
    createdBeforeMs: number,
    limit: number,
    nowMs: number,
    noticeOf: (audience: string, mailTo: string) => NewNotice | null,
  ): Promise<NewNotice[]>
  /** Removes what was created before a time; bounded, how many. */
  forget(createdBeforeMs: number): Promise<number>
}

/** What a mail says. Texts may be anybody's: they are cleaned and escaped when they are filled in. What is left out, or empty, is not spoken of. */
export type NoticeFacts = {
  brand: string
  locale: string
  /** Of whoever gets the mail. */
  name?: string
  /** The document's. */
  title?: string
  sender?: string
  message?: string
  link?: string
  deadlineMs?: number
  /** SHA-256 of the sealed copy, in hex. */
  sha256?: string
  /** Id of the envelope, for its sender. */
  envelope?: string
  decliner?: string
  reason?: string
  /** Names of signers who have not signed. */
  missing?: readonly string[]
  /** How many notifications a digest tells of, and the titles of the newest. */
  count?: number
  titles?: readonly string[]
}

/** The words of notices, by kind and locale. Throws for no facts at all: what is missing is left out. */
export type NoticeTemplates = { notice(kind: NoticeKind, facts: NoticeFacts): RenderedMail }

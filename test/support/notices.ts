// Notices and notifications in process: real Postgres and SMTP, a clock that a test moves, a worker that a test plays. Envelopes are rows made by hand.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { EnvelopeRecord, SignerRecord } from '../../src/domain/envelope-ports.ts'
import { actsGenesis } from '../../src/domain/envelopes/acts.ts'
import { createEnvelopeId } from '../../src/domain/envelopes/id.ts'
import { owedEnvelopeJob } from '../../src/domain/envelopes/jobs.ts'
import { sealEnvelope, sealSigner, type EnvelopePersonal } from '../../src/domain/envelopes/personal.ts'
import type { NoticeRecord } from '../../src/domain/notice-ports.ts'
import type { NoticeSendDeps } from '../../src/domain/notices/deps.ts'
import { noticeFor, type NoticeOrder } from '../../src/domain/notices/make.ts'
import { sendNotice } from '../../src/domain/notices/send.ts'
import type { DigestDeps } from '../../src/domain/notifications/digest.ts'
import { notificationFor, type NotificationOrder } from '../../src/domain/notifications/make.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import type { DeliverOutcome } from '../../src/domain/verification/deliver.ts'
import { RetryLater } from '../../src/errors.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createLanes } from '../../src/lib/lanes.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { Secret } from '../../src/lib/secret.ts'
import { createSmtpMail } from '../../src/providers/mail/smtp.ts'
import { createNoticeTemplates } from '../../src/providers/notice-templates.ts'
import { registry } from '../../src/queues/registry.ts'
import { generateSecrets } from '../../src/standins/dev-secrets.ts'
import { createEnvelopeStore } from '../../src/stores/postgres/envelopes.ts'
import { createNoticeStore, keepNotice } from '../../src/stores/postgres/notices.ts'
import { createNotificationStore, keepNotification } from '../../src/stores/postgres/notifications.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { createManualClock, type ManualClock } from './domain.ts'
import { createTestDatabase } from './infra.ts'
import { startStandins, type Standins } from './standins.ts'

export type NoticeDomain = {
  deps: NoticeSendDeps & DigestDeps
  pool: Pool
  databaseUrl: string
  clock: ManualClock
  keyring: Keyring
  standins: Standins
  /** Jobs that were put on the queue. */
  queued: { job: JobRequest; delayMs: number }[]
  /** An envelope that was sent to Ada and Ben, whose turn it is. */
  envelope(more?: Partial<EnvelopeRecord>, personal?: Partial<EnvelopePersonal>): Promise<EnvelopeRecord>
  /** Changes it as somebody's act would. */
  move(id: string, change: (record: EnvelopeRecord) => Partial<EnvelopeRecord>): Promise<void>
  /** Keeps a mail to this signer of an envelope, due now; its id. */
  owe(kind: NoticeOrder['kind'], envelope: EnvelopeRecord, signer?: number | null, more?: Partial<NoticeOrder>): Promise<string>
  notify(order?: Partial<NotificationOrder>): Promise<string>
  /** Plays a worker's run of a mail's job. */
  run(id: string, starts?: number, replace?: Partial<NoticeSendDeps>): Promise<DeliverOutcome>
  read(id: string): Promise<NoticeRecord>
  /** Types and data of the events that were kept for a subject. */
  events(subject: string): Promise<{ type: string; data: Record<string, string> }[]>
}

export const hour = 3_600_000
let drawn = 0

/** Closed after the file. */
export async function createNoticeDomain(): Promise<NoticeDomain> {
  const databaseUrl = await createTestDatabase()
  const pool = createPool(databaseUrl, () => {}, 8)
  const standins = await startStandins(generateSecrets())
  const mail = createSmtpMail({ url: new Secret(standins.mail.url), from: 'Sallyport <no-reply@sallyport.test>' })
  afterAll(async () => {
    mail.close()
    await standins.stop()
    await pool.end()
  })
  const clock = createManualClock()
  const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
  const envelopes = createEnvelopeStore(pool, keyring, owedEnvelopeJob)
  const queued: NoticeDomain['queued'] = []
  const deps: NoticeSendDeps & DigestDeps = {
    clock,
    keyring,
    policy: { brand: 'Sallyport', publicUrl: 'http://sallyport.test', partitions: 1 },
    notices: createNoticeStore(pool),
    notifications: createNotificationStore(pool),
    envelopes,
    mail,
    noticeLanes: createLanes(100),
    noticeTemplates: createNoticeTemplates(join(projectRoot, 'templates')),
    digestAfterMs: 900_000,
    enqueue: async (job, delayMs = 0) => void queued.push({ job, delayMs }),
    telemetry: { sent: () => {}, repaired: () => {} },
  }
  const signerOf = (id: string, number: number, name: string): SignerRecord => {
    const email = `${name.toLowerCase()}-${drawn++}@example.com`
    const personal = { name, email, locale: 'en', channel: 'email', maskedTo: 'a•••••@e•••••.com' } as const
    return { number, status: 'invited', print: '', sealed: sealSigner(keyring, id, number, personal), invitedAtMs: clock.nowMs() }
  }
  const create: NoticeDomain['envelope'] = async (more = {}, personal = {}) => {
    const id = createEnvelopeId(0, keyring.writingTag)
    const words = {
      title: 'Lease of flat 7',
      locale: 'en',
      sender: { key: 'user:carol', email: 'carol@example.com', name: 'Carol' },
      ...personal,
    }
    const record = { ...recordOf(id, clock.nowMs()), sealed: sealEnvelope(keyring, id, words), ...more }
    const signers = more.signers ?? [signerOf(id, 1, 'Ada'), signerOf(id, 2, 'Ben')]
    await envelopes.create({ record: { ...record, signers }, acts: [], events: [] })
    return { ...record, signers }
  }
  const to = (signer: number | null) => ({
    email: signer === null ? 'carol@example.com' : `signer-${signer}-${drawn++}@example.com`,
    locale: 'en',
  })
  const whole = (starts: number) => ({
    fence: { jobMs: 1_000, starts },
    tries: starts,
    backoff: registry['notice.send'].backoff,
    signal: new AbortController().signal,
  })
  return {
    deps,
    pool,
    databaseUrl,
    clock,
    keyring,
    standins,
    queued,
    envelope: create,
    move: async (id, change) =>
      void (await envelopes.change(id, (record) => ({
        change: { record: { ...record, ...change(record) }, acts: [], events: [] },
        value: null,
      }))),
    owe: async (kind, envelope, signer = 1, more = {}) => {
      const nowMs = clock.nowMs()
      const shared = { requestId: 'r1', partition: 0, dueAtMs: nowMs, nowMs }
      const notice = noticeFor(keyring, { kind, envelopeId: envelope.id, signer, to: to(signer), ...shared, ...more })
      await keepNotice(pool, notice)
      return notice.id
    },
    notify: async (more = {}) => {
      const about = { kind: 'signer_signed', subject: 'env_x', title: `Signed: ${drawn++}`, text: 'Ada has signed.' } as const
      const mailTo = { email: 'alice@example.com', locale: 'en' }
      const shared = { audience: { callerKey: 'user:alice' }, mailTo, isMailed: false, nowMs: clock.nowMs(), requestId: 'r1', partition: 0 }
      const made = notificationFor(keyring, { ...about, ...shared, ...more })
      await keepNotification(pool, made)
      return made.id
    },
    run: (id, starts = 1, replace = {}) => sendNotice({ ...deps, ...replace }, id, whole(starts)),
    read: async (id) => {
      const notice = await deps.notices.read(id)
      if (!notice) throw new Error('there is no such mail')
      return notice
    },
    events: async (subject) =>
      (
        await pool.query<{ type: string; data: Record<string, string> }>(
          'select type, data from event_outbox where subject = $1 order by number',
          [subject],
        )
      ).rows,
  }
}

function recordOf(id: string, nowMs: number): Omit<EnvelopeRecord, 'signers' | 'sealed'> {
  return {
    id,
    status: 'sent',
    sequence: 1,
    owner: 'print',
    documentId: 'doc_x',
    documentKey: 'uploads/x/y',
    documentSha256: 'a'.repeat(64),
    documentBytes: 9,
    documentVersion: '1',
    pages: 2,
    isSigned: false,
    requiredClass: 'party_agreed',
    order: 'parallel',
    declarations: {},
    retention: 'standard',
    actsHead: actsGenesis,
    createdAtMs: nowMs,
    preparedAtMs: nowMs,
    expiresAtMs: nowMs + 30 * 24 * hour,
    requestId: 'r1',
  }
}

/** What a run was put off with; fails when it was not. */
export async function putOff(work: Promise<unknown>): Promise<RetryLater> {
  const error = await work.catch((thrown: unknown) => thrown)
  if (error instanceof RetryLater) return error
  throw new Error('it was not to be run again', { cause: error })
}

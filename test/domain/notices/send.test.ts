// Mails that are owed: sent once and only while their reason is there; what nobody can know is said so, and only an invitation is repeated.
import { beforeEach, describe, expect, it } from 'vitest'
import type { EnvelopeStatus } from '../../../src/contracts/envelope.ts'
import { noticeKinds, type NoticeKind } from '../../../src/contracts/notification.ts'
import type { EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { signerToken } from '../../../src/domain/envelopes/token.ts'
import type { MailMessage, MailProvider } from '../../../src/domain/ports.ts'
import { AppError } from '../../../src/errors.ts'
import { createLanes } from '../../../src/lib/lanes.ts'
import { replacing } from '../../support/domain.ts'
import { createNoticeDomain, hour, putOff } from '../../support/notices.ts'

const domain = await createNoticeDomain()
const { mail: catcher, outbox } = domain.standins
const day = 24 * hour
beforeEach(() => {
  catcher.setMode({ kind: 'accept' })
  outbox.clear()
})

type EnvelopeKind = Exclude<NoticeKind, 'digest'>
const statusOf: Record<EnvelopeKind, EnvelopeStatus> = {
  signature_request: 'sent',
  signature_reminder: 'partially_signed',
  envelope_completed: 'completed',
  envelope_declined: 'declined',
  envelope_expired: 'expired',
  envelope_canceled: 'canceled',
  envelope_seal_failed: 'seal_failed',
}
const kinds = noticeKinds.filter((kind) => kind !== 'digest')
/** A provider that says what the test says, in the place of the real one. */
const mailThat = (send: MailProvider['send']): { mail: MailProvider } => ({ mail: { name: 'told', send, close: () => {} } })
const signed = (number: number) => (record: EnvelopeRecord) => ({
  signers: record.signers.map((signer) => (signer.number === number ? { ...signer, status: 'signed' as const } : signer)),
})

describe('a mail that goes well', () => {
  it.each(kinds)('%s is sent once, in words, and its address is forgotten', async (kind) => {
    const envelope = await domain.envelope({ status: statusOf[kind] })
    const id = await domain.owe(kind, envelope)
    expect(await domain.run(id)).toEqual({ outcome: 'sent', requestId: 'r1' })
    for (let starts = 2; starts < 5; starts++) expect(await domain.run(id, starts)).toEqual({ outcome: 'sent_before' })
    expect(outbox.list()).toHaveLength(1)
    expect(outbox.list()[0]?.text).toContain('Lease of flat 7')
    expect(await domain.read(id)).toMatchObject({
      status: 'sent',
      provider: 'smtp',
      tries: 1,
      sealed: '',
      reference: `<${id}@sallyport.test>`,
    })
    expect(await domain.events(`notice:${id}`)).toEqual([{ type: 'notice.sent', data: { kind, envelopeId: envelope.id, signer: '1' } }])
  })

  it.each(['signature_request', 'signature_reminder', 'envelope_completed'] as const)('%s leads its signer to the page', async (kind) => {
    const envelope = await domain.envelope({ status: statusOf[kind] })
    await domain.run(await domain.owe(kind, envelope, 2))
    const link = `http://sallyport.test/s/${signerToken(domain.keyring, envelope.id, 2)}`
    expect(outbox.list()[0]?.text).toContain(link)
    expect(outbox.list()[0]?.html).toContain(`href="${link}"`)
    expect(outbox.list()[0]?.subject).not.toContain('/s/')
  })

  it('tells the sender what signers are not told', async () => {
    const envelope = await domain.envelope({ status: 'expired' })
    const [toSender, toSigner] = [await domain.owe('envelope_expired', envelope, null), await domain.owe('envelope_expired', envelope, 1)]
    await domain.run(toSender)
    expect(outbox.list()[0]?.text).toContain('Without a signature from: Ada and Ben')
    expect(outbox.list()[0]?.text).toContain(envelope.id)
    await domain.run(toSigner)
    expect(outbox.list()[0]?.text).not.toContain('Ada')
    expect(outbox.list()[0]?.text).not.toContain(envelope.id)
  })

  it('shows the SHA-256 of the sealed copy', async () => {
    const seal = { step: 'verified', tries: 1, requestedAtMs: 1, sha256: 'b'.repeat(64) } as const
    const envelope = await domain.envelope({ status: 'completed', seal })
    await domain.run(await domain.owe('envelope_completed', envelope))
    expect(outbox.list()[0]?.text).toContain(`\n${'b'.repeat(64)}\n`)
  })
})

describe('somebody else’s words', () => {
  it('reach one reader and no header of the mail', async () => {
    const evil = 'Lease\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>'
    const envelope = await domain.envelope(
      {},
      { title: evil, message: evil, sender: { key: 'user:x', name: evil, email: 'carol@example.com' } },
    )
    await domain.run(await domain.owe('signature_request', envelope, 1, { to: { email: 'ada@example.com', name: evil, locale: 'en' } }))
    expect(outbox.list().map(({ to }) => to)).toEqual(['ada@example.com'])
    const [mail] = outbox.list()
    expect(mail?.subject).toBe('Please sign: Lease Bcc: eve@example.com <script>alert(1)</script>')
    expect(mail?.text).toContain('\n> Bcc: eve@example.com\n')
    expect(mail?.html).not.toContain('<script')
  })
})

describe('a mail whose reason is gone', () => {
  const others: EnvelopeStatus[] = ['sent', 'partially_signed', 'sealing', 'completed', 'declined', 'expired', 'canceled', 'seal_failed']
  const open: EnvelopeStatus[] = ['sent', 'partially_signed']

  it.each(kinds)('%s is not sent in any other state of its envelope', async (kind) => {
    const right = open.includes(statusOf[kind]) ? open : [statusOf[kind]]
    for (const status of others.filter((other) => !right.includes(other))) {
      const id = await domain.owe(kind, await domain.envelope({ status }))
      expect(await domain.run(id)).toEqual({ outcome: 'skipped', requestId: 'r1' })
      expect(await domain.read(id)).toMatchObject({ status: 'skipped', reason: `envelope_${status}`, sealed: '' })
      expect((await domain.events(`notice:${id}`)).map(({ type }) => type)).toEqual(['notice.skipped'])
    }
    expect(outbox.list()).toEqual([])
  })

  it.each(['signature_request', 'signature_reminder'] as const)(
    '%s asks nobody who has signed, declined or waits, and none after the end',
    async (kind) => {
      const cases: [reason: string, change: (record: EnvelopeRecord) => Partial<EnvelopeRecord>][] = [
        ['signer_signed', signed(1)],
        ['signer_declined', (record) => ({ signers: record.signers.map((signer) => ({ ...signer, status: 'declined' as const })) })],
        ['signer_waits', (record) => ({ signers: record.signers.map(({ invitedAtMs: _at, ...signer }) => signer) })],
        ['signer_missing', () => ({ signers: [] })],
        ['envelope_purged', () => ({ purgedAtMs: 1 })],
      ]
      for (const [reason, change] of cases) {
        const envelope = await domain.envelope()
        const id = await domain.owe(kind, envelope)
        await domain.move(envelope.id, change)
        expect((await domain.run(id)).outcome).toBe('skipped')
        expect((await domain.read(id)).reason).toBe(reason)
      }
      const over = await domain.owe(kind, await domain.envelope({ expiresAtMs: domain.clock.nowMs() }))
      await domain.run(over)
      expect((await domain.read(over)).reason).toBe('envelope_expired')
      expect(outbox.list()).toEqual([])
    },
  )

  it('is not sent when its envelope is not there, or its address was erased', async () => {
    const envelope = await domain.envelope()
    const orphan = await domain.owe('signature_request', {
      ...envelope,
      id: `${envelope.id.slice(0, -1)}${envelope.id.endsWith('a') ? 'e' : 'a'}`,
    })
    expect((await domain.run(orphan)).outcome).toBe('skipped')
    const erased = await domain.owe('signature_request', envelope)
    await domain.pool.query(`update notices set sealed = '' where id = $1`, [erased])
    expect((await domain.run(erased)).outcome).toBe('failed')
    expect(outbox.list()).toEqual([])
    expect(await domain.run(erased.replace(/.$/, (last) => (last === 'b' ? 'c' : 'b')))).toEqual({ outcome: 'missing' })
  })
})

describe('a mail that is not taken', () => {
  it('is tried again until the server is back, and then sent once', async () => {
    catcher.setMode({ kind: 'refuse', code: 451, times: 2 })
    const id = await domain.owe('envelope_completed', await domain.envelope({ status: 'completed' }))
    for (const starts of [1, 2]) expect(await putOff(domain.run(id, starts))).toMatchObject({ message: 'smtp_451' })
    expect(await domain.read(id)).toMatchObject({ status: 'scheduled', reason: 'smtp_451', tries: 2, unknowns: 0 })
    expect(await domain.events(`notice:${id}`)).toEqual([])
    expect((await domain.run(id, 3)).outcome).toBe('sent')
    expect(outbox.list()).toHaveLength(1)
  })

  it('is given up a day after it was due', async () => {
    catcher.setMode({ kind: 'refuse', code: 451 })
    const id = await domain.owe('signature_request', await domain.envelope(), 1, { dueAtMs: domain.clock.nowMs() - day + 1 })
    expect((await domain.run(id, 1)).outcome).toBe('failed')
    expect(await domain.read(id)).toMatchObject({ status: 'failed', reason: 'smtp_451', sealed: '' })
  })

  it('is given up at once when it is refused for good', async () => {
    catcher.setMode({ kind: 'refuse', code: 550 })
    const id = await domain.owe('signature_request', await domain.envelope())
    expect((await domain.run(id)).outcome).toBe('failed')
    expect((await domain.events(`notice:${id}`)).map(({ type }) => type)).toEqual(['notice.failed'])
  })

  it('by a fault of ours is given back as it was, and given up after a day', async () => {
    const broken = {
      noticeTemplates: {
        notice: () => {
          throw new TypeError('no such word')
        },
      },
    }
    const envelope = await domain.envelope()
    const id = await domain.owe('signature_request', envelope)
    await expect(domain.run(id, 1, broken)).rejects.toThrow('no such word')
    expect(await domain.read(id)).toMatchObject({ status: 'scheduled', tries: 0, unknowns: 0 })
    const late = await domain.owe('signature_request', envelope, 2, { dueAtMs: domain.clock.nowMs() - day })
    expect((await domain.run(late, 1, broken)).outcome).toBe('failed')
    expect((await domain.read(late)).reason).toBe('internal')
  })

  it('while as many leave as may is not claimed, and comes back soon', async () => {
    const envelope = await domain.envelope({ status: 'canceled' })
    const [first, second] = [await domain.owe('envelope_canceled', envelope, 1), await domain.owe('envelope_canceled', envelope, 2)]
    const lanes = { noticeLanes: createLanes(1) }
    const [sent, busy] = await Promise.allSettled([domain.run(first, 1, lanes), domain.run(second, 1, lanes)])
    expect(sent).toMatchObject({ value: { outcome: 'sent' } })
    expect(busy).toMatchObject({ reason: { message: 'busy' } })
    expect(await domain.read(second)).toMatchObject({ status: 'scheduled', tries: 0 })
    expect((await domain.run(second, 2, lanes)).outcome).toBe('sent')
  })

  it('while Postgres is away is as it was, and sent when it is back', async () => {
    const away = () => Promise.reject(new AppError('service_degraded'))
    const id = await domain.owe('envelope_canceled', await domain.envelope({ status: 'canceled' }))
    for (const [starts, notices] of [{ read: away }, { claim: away }].entries())
      expect(await putOff(domain.run(id, starts + 1, { notices: replacing(domain.deps.notices, notices) }))).toMatchObject({
        message: 'postgres_away',
      })
    expect(await putOff(domain.run(id, 3, { envelopes: { read: away } }))).toMatchObject({ message: 'postgres_away' })
    expect((await domain.run(id, 4)).outcome).toBe('sent')
    expect(outbox.list()).toHaveLength(1)
  })
})

describe('a mail that nobody can know of', () => {
  it.each(kinds.filter((kind) => kind !== 'signature_request'))('%s is not repeated, and stays unknown', async (kind) => {
    catcher.setMode({ kind: 'drop', times: 1 })
    const id = await domain.owe(kind, await domain.envelope({ status: statusOf[kind] }))
    expect((await domain.run(id, 1)).outcome).toBe('unknown')
    expect((await domain.run(id, 2)).outcome).toBe('unknown_before')
    expect(outbox.list()).toHaveLength(1)
    expect((await domain.events(`notice:${id}`)).map(({ type }) => type)).toEqual(['notice.unknown'])
  })

  it.each(kinds.filter((kind) => kind !== 'signature_request'))(
    '%s that a killed worker had begun is not repeated either',
    async (kind) => {
      const id = await domain.owe(kind, await domain.envelope({ status: statusOf[kind] }))
      expect((await domain.deps.notices.claim(id, { jobMs: 1_000, starts: 1 }, domain.clock.nowMs())).kind).toBe('go')
      expect((await domain.run(id, 2)).outcome).toBe('unknown')
      expect(await domain.read(id)).toMatchObject({ status: 'unknown', reason: 'lost', unknowns: 1 })
      expect(outbox.list()).toEqual([])
    },
  )

  it('an invitation is repeated once with the same Message-ID and link, and then counts as sent', async () => {
    const seen: MailMessage[] = []
    const lost = mailThat(async (message) => (seen.push(message), { kind: 'unknown', reason: 'smtp_timeout' }))
    const id = await domain.owe('signature_request', await domain.envelope())
    await putOff(domain.run(id, 1, lost))
    expect(await domain.read(id)).toMatchObject({ status: 'sending' })
    expect((await domain.run(id, 2, lost)).outcome).toBe('sent')
    for (const starts of [3, 4]) expect((await domain.run(id, starts, lost)).outcome).toBe('sent_before')
    expect(seen).toHaveLength(2)
    expect(seen[1]).toEqual(seen[0])
    expect(await domain.read(id)).toMatchObject({ status: 'sent', unknowns: 1, reference: seen[0]?.messageId })
  })

  it('an invitation whose workers were killed twice counts as sent', async () => {
    const id = await domain.owe('signature_request', await domain.envelope())
    for (const starts of [1, 2])
      expect((await domain.deps.notices.claim(id, { jobMs: 1_000, starts }, domain.clock.nowMs())).kind).toBe('go')
    expect((await domain.run(id, 3)).outcome).toBe('sent')
    expect(outbox.list()).toEqual([])
  })

  it('an invitation that was lost once and then refused for now is tried on', async () => {
    const id = await domain.owe('signature_request', await domain.envelope())
    await domain.deps.notices.claim(id, { jobMs: 1_000, starts: 1 }, domain.clock.nowMs())
    catcher.setMode({ kind: 'refuse', code: 451, times: 1 })
    await putOff(domain.run(id, 2))
    expect((await domain.run(id, 3)).outcome).toBe('sent')
    expect(outbox.list()).toHaveLength(1)
  })
})

describe('the fence', () => {
  it('turns an older run away, and lets the same one claim twice', async () => {
    const id = await domain.owe('signature_request', await domain.envelope())
    const claim = (jobMs: number, starts: number) => domain.deps.notices.claim(id, { jobMs, starts }, domain.clock.nowMs())
    expect((await claim(2_000, 3)).kind).toBe('go')
    expect(await claim(2_000, 3)).toMatchObject({ kind: 'go', notice: { unknowns: 0 } })
    expect(await claim(2_000, 2)).toEqual({ kind: 'done', word: 'stale' })
    expect(await claim(1_999, 9)).toEqual({ kind: 'done', word: 'stale' })
  })

  it('lets a run that was overtaken change nothing', async () => {
    const id = await domain.owe('envelope_declined', await domain.envelope({ status: 'declined' }))
    const slow = mailThat(async () => {
      // While this run waits for its provider, its job is recovered by another worker.
      expect((await domain.run(id, 2)).outcome).toBe('unknown')
      return { kind: 'accepted', reference: 'late' }
    })
    expect((await domain.run(id, 1, slow)).outcome).toBe('stale')
    expect(await domain.read(id)).toMatchObject({ status: 'unknown' })
    expect(await domain.events(`notice:${id}`)).toHaveLength(1)
  })

  it('gives one of twenty runs at once the mail', async () => {
    const id = await domain.owe('envelope_completed', await domain.envelope({ status: 'completed' }))
    await Promise.allSettled(Array.from({ length: 20 }, (_, starts) => domain.run(id, starts + 1)))
    expect(outbox.list().length).toBeLessThanOrEqual(1)
  })
})

describe('a mail of later', () => {
  it('is not sent before its time, and its run says how long that is', async () => {
    const id = await domain.owe('signature_reminder', await domain.envelope(), 1, { dueAtMs: domain.clock.nowMs() + hour })
    expect(await putOff(domain.run(id))).toMatchObject({ message: 'early', waitMs: hour })
    expect(await domain.read(id)).toMatchObject({ status: 'scheduled', tries: 0 })
    domain.clock.advance(hour)
    expect((await domain.run(id, 2)).outcome).toBe('sent')
  })

  it('is looked for when it is due and not before, and is one job for all who look', async () => {
    const { notices } = domain.deps
    const nowMs = domain.clock.nowMs()
    await notices.owed(1_000, nowMs + 365 * day, 1)
    const id = await domain.owe('signature_reminder', await domain.envelope(), 1, { dueAtMs: nowMs + 2 * hour })
    const mine = async (atMs: number) =>
      (await notices.owed(1_000, atMs, 30_000)).filter(({ payload }) => 'noticeId' in payload && payload.noticeId === id)
    expect(await mine(nowMs + 2 * hour - 1)).toEqual([])
    const looks = await Promise.all(Array.from({ length: 5 }, () => mine(nowMs + 2 * hour)))
    expect(looks.flat()).toEqual([{ name: 'notice.send', payload: { noticeId: id } }])
    expect(await mine(nowMs + 2 * hour + 29_999)).toEqual([])
    expect(await mine(nowMs + 2 * hour + 30_000)).toHaveLength(1)
  })
})

// Reminders: one after the other, until the signer has answered, the last one was sent or the time is over.
import { describe, expect, it } from 'vitest'
import type { EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { createNoticeDomain, hour } from '../../support/notices.ts'

const domain = await createNoticeDomain()
const reminders = { everySeconds: 3_600, max: 2 }

/** Mails to one signer of an envelope, in order: kind, number, status. */
async function mailsOf({ id }: EnvelopeRecord, signer = 1): Promise<string[]> {
  const all = await domain.deps.notices.ofEnvelope(id)
  return all.filter((notice) => notice.signer === signer).map(({ kind, number, status }) => `${kind} ${number} ${status}`)
}

async function next({ id }: EnvelopeRecord): Promise<string> {
  const open = (await domain.deps.notices.ofEnvelope(id)).filter(({ status }) => status === 'scheduled')
  expect(open).toHaveLength(1)
  return open[0]?.id ?? ''
}

describe('reminders', () => {
  it('follow an invitation and each other, up to as many as the envelope has', async () => {
    const envelope = await domain.envelope({ reminders })
    const id = await domain.owe('signature_request', envelope)
    await domain.run(id)
    expect(await mailsOf(envelope)).toEqual(['signature_request 1 sent', 'signature_reminder 1 scheduled'])
    const first = await next(envelope)
    expect(domain.queued.at(-1)).toEqual({ job: { name: 'notice.send', payload: { noticeId: first } }, delayMs: hour })
    domain.clock.advance(hour)
    await domain.run(first)
    const second = await next(envelope)
    domain.clock.advance(hour)
    await domain.run(second)
    expect(await mailsOf(envelope)).toEqual(['signature_request 1 sent', 'signature_reminder 1 sent', 'signature_reminder 2 sent'])
    const subjects = domain.standins.outbox.list().map(({ subject }) => subject)
    expect(subjects.slice(0, 2)).toEqual(Array(2).fill('Reminder: Lease of flat 7 awaits your signature'))
  })

  it('stop when the signer has signed', async () => {
    const envelope = await domain.envelope({ reminders })
    await domain.run(await domain.owe('signature_request', envelope))
    const reminder = await next(envelope)
    await domain.move(envelope.id, (record) => ({
      status: 'partially_signed',
      signers: record.signers.map((signer) => (signer.number === 1 ? { ...signer, status: 'signed' as const } : signer)),
    }))
    domain.clock.advance(hour)
    const sentBefore = domain.standins.outbox.list().length
    expect((await domain.run(reminder)).outcome).toBe('skipped')
    expect(await mailsOf(envelope)).toEqual(['signature_request 1 sent', 'signature_reminder 1 skipped'])
    expect(domain.standins.outbox.list()).toHaveLength(sentBefore)
  })

  it('are not owed without the wish, nor past the end of the envelope, nor after an address was refused', async () => {
    const none = await domain.envelope()
    await domain.run(await domain.owe('signature_request', none))
    expect(await mailsOf(none)).toEqual(['signature_request 1 sent'])
    const short = await domain.envelope({ reminders, expiresAtMs: domain.clock.nowMs() + hour })
    await domain.run(await domain.owe('signature_request', short))
    expect(await mailsOf(short)).toEqual(['signature_request 1 sent'])
    const refused = await domain.envelope({ reminders })
    domain.standins.mail.setMode({ kind: 'refuse', code: 550, times: 1 })
    await domain.run(await domain.owe('signature_request', refused))
    expect(await mailsOf(refused)).toEqual(['signature_request 1 failed'])
    const done = await domain.envelope({ reminders, status: 'completed' })
    await domain.run(await domain.owe('envelope_completed', done))
    expect(await mailsOf(done)).toEqual(['envelope_completed 1 sent'])
  })

  it('go on after one whose end nobody knows', async () => {
    const envelope = await domain.envelope({ reminders })
    await domain.run(await domain.owe('signature_request', envelope))
    const first = await next(envelope)
    domain.clock.advance(hour)
    domain.standins.mail.setMode({ kind: 'drop', times: 1 })
    await domain.run(first)
    expect(await mailsOf(envelope)).toEqual(['signature_request 1 sent', 'signature_reminder 1 unknown', 'signature_reminder 2 scheduled'])
  })

  it('are owed once, although the invitation is sent again', async () => {
    const envelope = await domain.envelope({ reminders })
    await domain.run(await domain.owe('signature_request', envelope))
    const first = await next(envelope)
    await domain.run(await domain.owe('signature_request', envelope))
    expect(await next(envelope)).toBe(first)
    await domain.run(await domain.owe('signature_request', envelope, 2))
    expect(await mailsOf(envelope, 2)).toEqual(['signature_request 1 sent', 'signature_reminder 1 scheduled'])
  })

  it('are not owed by a run that was overtaken', async () => {
    const envelope = await domain.envelope({ reminders })
    const id = await domain.owe('signature_request', envelope)
    const slow = {
      name: 'slow',
      close: () => {},
      send: async () => {
        await domain.deps.notices.claim(id, { jobMs: 1_000, starts: 2 }, domain.clock.nowMs())
        return { kind: 'accepted', reference: 'late' } as const
      },
    }
    expect((await domain.run(id, 1, { mail: slow })).outcome).toBe('stale')
    expect(await mailsOf(envelope)).toEqual(['signature_request 1 sending'])
  })
})

// The life of an envelope beside its signers: made ready once, asked for again within limits, taken back, expired; and what of it is stored in clear.
import { beforeAll, describe, expect, it } from 'vitest'
import { createEnvelopes } from '../../../src/bin/envelope-parts.ts'
import type { Caller } from '../../../src/domain/caller.ts'
import { cancelEnvelope } from '../../../src/domain/envelopes/cancel.ts'
import { prepareEnvelope } from '../../../src/domain/envelopes/prepare.ts'
import { getEnvelope, getEnvelopeActs, listEnvelopes } from '../../../src/domain/envelopes/read.ts'
import { resendEnvelope } from '../../../src/domain/envelopes/resend.ts'
import { AppError, RetryLater } from '../../../src/errors.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../../src/lib/durations.ts'
import { createNoticeStore } from '../../../src/stores/postgres/notices.ts'
import { createPool } from '../../../src/stores/postgres/pool.ts'
import { refusal, replacing } from '../../support/domain.ts'
import { createTestEnvelopes, sender, twoSigners, type TestEnvelopes } from '../../support/envelopes.ts'

let kit: TestEnvelopes
beforeAll(async () => {
  kit = await createTestEnvelopes()
})

const context = { requestId: 'req' }
const stranger: Caller = { kind: 'user', subject: 'stranger', roles: [], email: 'stranger@example.com' }
const admin: Caller = { kind: 'user', subject: 'root', roles: ['admin'] }
const types = async (id: string): Promise<string[]> => (await kit.acts(id)).map(({ type }) => type.slice('envelope.'.length))
const mails = async (id: string) => (await kit.deps.notices.ofEnvelope(id)).map(({ kind, signer }) => `${kind} ${signer ?? 'sender'}`)

describe('making ready', () => {
  it('happens once, however often its job runs, also at the same time', async () => {
    const { id } = await kit.send()
    const outcomes = await Promise.all([kit.prepare(id), kit.prepare(id), kit.prepare(id)])
    expect(outcomes.toSorted()).toEqual(['done_before', 'done_before', 'prepared'])
    expect(await kit.prepare(id)).toBe('done_before')
    expect(await types(id)).toEqual(['sent', 'prepared', 'invited', 'invited'])
    expect(await mails(id)).toEqual(['signature_request 1', 'signature_request 2'])
    const invited = (await kit.acts(id)).filter(({ type }) => type === 'envelope.invited')
    const ids = (await kit.deps.notices.ofEnvelope(id)).map((notice) => notice.id)
    expect(invited.map(({ facts }) => facts['noticeId'])).toEqual(ids)
  })

  it('that was killed while pages were drawn goes on in the next run; nobody was asked before', async () => {
    const { id } = await kit.send()
    kit.drawn.fails = 1
    await expect(kit.prepare(id)).rejects.toThrow(RetryLater)
    expect(await types(id)).toEqual(['sent'])
    expect(await kit.prepare(id)).toBe('prepared')
  })

  it('comes to nothing for an envelope that was canceled while pages were drawn, or whose time was over', async () => {
    const canceled = await kit.send()
    await cancelEnvelope(kit.deps, sender, canceled.id, undefined, context)
    expect(await kit.prepare(canceled.id)).toBe('done_before')
    const late = await kit.send({ expiresIn: 60 })
    kit.clock.advance(MINUTE_MS)
    expect(await kit.prepare(late.id)).toBe('expired')
    expect(await mails(late.id)).toEqual(['envelope_expired sender'])
    expect(await kit.prepare('env_00000000000000000000000000000000')).toBe('missing')
  })

  it('waits for Postgres, and is then done once', async () => {
    const { id } = await kit.send()
    const away = () => Promise.reject(new AppError('service_degraded'))
    const run = { fence: { jobMs: 1, starts: 1 }, tries: 1, backoff: { firstMs: 1, maxMs: 1 }, signal: new AbortController().signal }
    for (const methods of [{ read: away }, { change: away }]) {
      const work = { ...kit.work, envelopes: replacing(kit.work.envelopes, methods) }
      await expect(prepareEnvelope(work, id, run)).rejects.toMatchObject({ name: 'RetryLater', message: 'postgres_away' })
    }
    expect(await kit.prepare(id)).toBe('prepared')
  })
})

describe('the job that is owed', () => {
  const owed = async (id: string) => {
    const jobs = await kit.deps.envelopes.owed(1_000, Date.now() + 365 * DAY_MS, -365 * DAY_MS)
    return jobs.filter(({ payload }) => 'envelopeId' in payload && payload.envelopeId === id).map(({ name }) => name)
  }

  it('follows from where the envelope stands, and is none once it has ended', async () => {
    const { id } = await kit.send()
    expect(await owed(id)).toEqual(['envelope.prepare'])
    await kit.prepare(id)
    expect(await owed(id)).toEqual(['envelope.expire'])
    await kit.signer(id, 1).all()
    expect(await owed(id)).toEqual(['envelope.expire'])
    await kit.signer(id, 2).all()
    expect(await owed(id)).toEqual(['envelope.seal'])
    const other = await kit.ready()
    await cancelEnvelope(kit.deps, sender, other.id, undefined, context)
    expect(await owed(other.id)).toEqual([])
  })

  it('is looked for when it is due and then not for a while, by one process only', async () => {
    const { id, expiresAtMs } = await kit.ready({ expiresIn: 3_600 })
    const names = (jobs: { payload: object }[]) => jobs.filter(({ payload }) => JSON.stringify(payload).includes(id)).length
    expect(names(await kit.deps.envelopes.owed(1_000, expiresAtMs - 1, 30_000))).toBe(0)
    const looks = await Promise.all([1, 2, 3].map(() => kit.deps.envelopes.owed(1_000, expiresAtMs, 30_000)))
    expect(looks.map(names).toSorted((a, b) => a - b)).toEqual([0, 0, 1])
    expect(names(await kit.deps.envelopes.owed(1_000, expiresAtMs + 29_999, 30_000))).toBe(0)
    expect(names(await kit.deps.envelopes.owed(1_000, expiresAtMs + 30_000, 30_000))).toBe(1)
  })
})

describe('expiry', () => {
  it('ends what is open and tells the sender and whoever had not signed; it is seen before its job has run', async () => {
    const { id } = await kit.ready({ expiresIn: 600 })
    await kit.signer(id, 1).all()
    expect(await kit.expire(id)).toBe('early')
    kit.clock.advance(600 * SECOND_MS)
    const seen = await getEnvelope(kit.deps, sender, id)
    expect(seen).toMatchObject({ status: 'expired', endedAt: seen.expiresAt })
    const late = kit.signer(id, 2)
    expect(await late.view()).toMatchObject({ state: 'closed', why: 'expired' })
    expect((await refusal(late.identify())).code).toBe('token_expired')
    expect(await kit.expire(id)).toBe('expired')
    expect(await kit.expire(id)).toBe('done_before')
    expect((await getEnvelope(kit.deps, sender, id)).sequence).toBe(seen.sequence)
    expect((await mails(id)).filter((mail) => mail.startsWith('envelope_expired'))).toEqual([
      'envelope_expired sender',
      'envelope_expired 2',
    ])
  })
})

describe('cancelling', () => {
  it('is the owner’s and admins’ to do, before sealing only, and twice is once', async () => {
    const { id } = await kit.ready({ order: 'sequential' })
    expect((await refusal(cancelEnvelope(kit.deps, stranger, id, undefined, context))).code).toBe('envelope_not_found')
    await cancelEnvelope(kit.deps, admin, id, 'A page was missing.', context)
    await cancelEnvelope(kit.deps, sender, id, 'Again', context)
    expect((await types(id)).filter((type) => type === 'canceled')).toHaveLength(1)
    expect((await kit.acts(id)).at(-1)?.personal).toMatchObject({ reason: 'A page was missing.' })
    // The second signer was never asked, and hears nothing.
    expect(await mails(id)).toEqual(['signature_request 1', 'envelope_canceled 1'])
    const sealing = await kit.ready({ signers: twoSigners().slice(0, 1) })
    await kit.signer(sealing.id, 1).all()
    expect((await refusal(cancelEnvelope(kit.deps, sender, sealing.id, undefined, context))).code).toBe('not_updatable')
  })

  it('and the last signature: one of them wins', async () => {
    for (let round = 0; round < 5; round++) {
      const { id } = await kit.ready({ signers: twoSigners().slice(0, 1) })
      const signer = kit.signer(id, 1)
      await signer.upToSigning()
      const [signed, canceled] = await Promise.allSettled([signer.sign(), cancelEnvelope(kit.deps, sender, id, undefined, context)])
      expect([signed.status, canceled.status].toSorted()).toEqual(['fulfilled', 'rejected'])
      expect((await kit.read(id)).status).toBe(signed.status === 'fulfilled' ? 'sealing' : 'canceled')
    }
  })
})

describe('asking again', () => {
  it('mails those whose turn it is, five times a day each', async () => {
    const { id } = await kit.ready()
    await kit.signer(id, 1).all()
    const again = (signer?: number) => resendEnvelope(kit.deps, sender, id, signer, context)
    expect((await refusal(again(1))).code).toBe('not_updatable')
    expect((await refusal(resendEnvelope(kit.deps, stranger, id, undefined, context))).code).toBe('envelope_not_found')
    for (let n = 0; n < 5; n++) await again(n % 2 === 0 ? 2 : undefined)
    expect(await refusal(again())).toMatchObject({ code: 'cooldown_active', retryAfterMs: expect.any(Number) })
    expect((await mails(id)).filter((mail) => mail === 'signature_request 2')).toHaveLength(6)
    expect((await types(id)).filter((type) => type === 'resent')).toHaveLength(5)
    kit.clock.advance(DAY_MS)
    await again()
  })

  it('asks nobody of an envelope that has ended, or that is not ready', async () => {
    const { id } = await kit.send()
    expect((await refusal(resendEnvelope(kit.deps, sender, id, undefined, context))).code).toBe('not_updatable')
    await cancelEnvelope(kit.deps, sender, id, undefined, context)
    expect((await refusal(resendEnvelope(kit.deps, sender, id, undefined, context))).code).toBe('not_updatable')
  })
})

describe('reading', () => {
  it('is the owner’s, in full; a signer who is signed in with the address sees the others masked; nobody else sees anything', async () => {
    const signers = [
      { name: 'Ada', email: 'ada.reads@example.com' },
      { name: 'Ben', email: 'ben.reads@example.com' },
    ]
    const { id } = await kit.ready({ signers, order: 'sequential' })
    const emails = async (who: Caller) => (await getEnvelope(kit.deps, who, id)).signers.map(({ email }) => email)
    const ada: Caller = { kind: 'user', subject: 'ada', roles: [], email: 'ADA.reads@example.com' }
    const ben: Caller = { kind: 'user', subject: 'ben', roles: [], email: 'ben.reads@example.com' }
    expect(await emails(sender)).toEqual(['ada.reads@example.com', 'ben.reads@example.com'])
    expect(await emails(admin)).toEqual(await emails(sender))
    expect(await emails(ada)).toEqual(['ada.reads@example.com', 'b•••••@e•••••.com'])
    // Not asked yet.
    for (const who of [ben, stranger]) expect((await refusal(getEnvelope(kit.deps, who, id))).code).toBe('envelope_not_found')
    expect((await getEnvelope(kit.deps, ada, id)).mails).toHaveLength(1)
    expect((await refusal(getEnvelopeActs(kit.deps, ada, id))).code).toBe('envelope_not_found')
    expect((await refusal(getEnvelope(kit.deps, sender, 'env_nothing'))).code).toBe('envelope_not_found')
  })

  it('goes page by page through one’s own', async () => {
    const who: Caller = { kind: 'user', subject: 'pager', roles: [] }
    const ids: string[] = []
    for (let n = 0; n < 5; n++) {
      ids.unshift((await kit.send({}, who)).id)
      kit.clock.advance(1)
    }
    const first = await listEnvelopes(kit.deps, who, { first: 2 })
    const second = await listEnvelopes(kit.deps, who, { first: 10, after: first.pageInfo.endCursor ?? '' })
    expect([...first.nodes, ...second.nodes].map(({ id }) => id)).toEqual(ids)
    expect([first.totalCount, first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([5, true, false])
    expect((await refusal(listEnvelopes(kit.deps, sender, { first: 2, after: first.pageInfo.endCursor ?? '' }))).code).toBe(
      'invalid_request',
    )
  })

  it('of the acts says whether the chain is whole, and names the first act that was edited', async () => {
    const { id } = await kit.ready()
    expect(await getEnvelopeActs(kit.deps, sender, id)).toMatchObject({ ok: true, fault: null, nodes: { length: 4 } })
    await kit.pool.query(`update envelope_acts set facts = facts || '{"signers": 1}' where envelope_id = $1 and sequence = 1`, [id])
    expect(await getEnvelopeActs(kit.deps, sender, id)).toMatchObject({ ok: false, fault: { sequence: 1, reason: 'edited' } })
    const other = await kit.ready()
    await kit.pool.query('delete from envelope_acts where envelope_id = $1 and sequence = 4', [other.id])
    expect(await getEnvelopeActs(kit.deps, sender, other.id)).toMatchObject({ ok: false, fault: { sequence: 4, reason: 'cut' } })
  })
})

describe('a signer’s page', () => {
  it('changes nothing by being read, however often, and shows nothing personal before the signer is known', async () => {
    const { id } = await kit.ready({ message: 'Please sign by Friday.', sender: { name: 'House Ltd' } })
    const signer = kit.signer(id, 1)
    const before = await kit.read(id)
    for (let n = 0; n < 10; n++) await signer.view()
    expect(await kit.read(id)).toEqual(before)
    const shown = JSON.stringify(await signer.view())
    for (const word of ['Lease of House 7', 'Friday', 'Ada Shikongo', 'Ben', before.documentSha256]) expect(shown).not.toContain(word)
    expect(await signer.view()).toMatchObject({ state: 'open', step: 'identify', senderName: 'House Ltd', pages: 0, signers: [] })
    await signer.identify()
    await signer.confirm()
    expect(await signer.view()).toMatchObject({
      step: 'review',
      title: 'Lease of House 7',
      message: 'Please sign by Friday.',
      signerName: 'Ada Shikongo',
      pages: 2,
      signers: [
        { number: 1, name: 'Ada Shikongo', status: 'verified', isYou: true },
        { number: 2, name: 'Ben Müller', status: 'invited', isYou: false },
      ],
    })
  })

  it('is not there for a token that nobody was mailed', async () => {
    const { id } = await kit.ready()
    const signer = kit.signer(id, 3)
    expect(await signer.view()).toEqual({ state: 'invalid' })
    expect((await refusal(signer.identify())).code).toBe('token_invalid')
    signer.token = 'x'.repeat(75)
    expect(await signer.view()).toEqual({ state: 'invalid' })
  })

  it('lets whoever has signed be identified anew to see the document, which adds no act', async () => {
    const { id } = await kit.ready({ signers: twoSigners().slice(0, 1) })
    await kit.signer(id, 1).all()
    const before = await kit.read(id)
    const elsewhere = kit.signer(id, 1)
    expect(await elsewhere.view()).toMatchObject({ state: 'closed', why: 'sealing', isVerified: false, identify: { step: 'identify' } })
    kit.clock.advance(31 * SECOND_MS)
    await elsewhere.identify()
    expect(await elsewhere.view()).toMatchObject({ identify: { step: 'code' } })
    await elsewhere.confirm()
    expect(await elsewhere.view()).toMatchObject({ state: 'closed', isVerified: true, mayDownload: true, title: 'Lease of House 7' })
    const after = await kit.read(id)
    expect([after.sequence, after.actsHead, after.status]).toEqual([before.sequence, before.actsHead, 'sealing'])
  })
})

describe('while Postgres is away', () => {
  it('everything says so, nothing is half done, and a signature can be given afterwards', async () => {
    const { id } = await kit.ready()
    const signer = kit.signer(id, 1)
    await signer.upToSigning()
    const nobody = createPool('postgres://nobody@127.0.0.1:1/none', () => {}, 1)
    const { envelopes, notices } = kit.deps
    Object.assign(kit.deps, { envelopes: createEnvelopes(nobody, kit.deps.keyring), notices: createNoticeStore(nobody) })
    try {
      const calls = [
        () => signer.view(),
        () => signer.sign('Ada Shikongo'),
        () => signer.identify(),
        () => getEnvelope(kit.deps, sender, id),
        () => listEnvelopes(kit.deps, sender, { first: 1 }),
        () => cancelEnvelope(kit.deps, sender, id, undefined, context),
        () => kit.send(),
      ]
      for (const call of calls) expect((await refusal(call())).code).toBe('service_degraded')
    } finally {
      Object.assign(kit.deps, { envelopes, notices })
      await nobody.end()
    }
    expect((await kit.read(id)).status).toBe('sent')
    await signer.sign()
    expect((await kit.read(id)).status).toBe('partially_signed')
  })
})

describe('an envelope at rest', () => {
  it('has no name, address, title, word or secret in clear in any table', async () => {
    const ada = { name: 'Adelheid Uniquename', email: 'adelheid.rest@example.com', phone: '+264811234567' }
    const { id } = await kit.ready({ signers: [ada], message: 'A singular message', sender: { name: 'Sole Sender Ltd' } })
    const signer = kit.signer(id, 1)
    await signer.identify()
    await signer.confirm()
    await signer.review('Adelheid Othername')
    await signer.decline('A peculiar reason')
    const other = await kit.ready({ signers: [{ ...ada, email: 'adelheid.rest2@example.com' }] })
    await kit.signer(other.id, 1).all()
    const { rows: tables } = await kit.pool.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations'`,
    )
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['envelopes', 'envelope_acts', 'event_outbox', 'notices', 'notifications']),
    )
    const dump = (
      await Promise.all(tables.map(async ({ name }) => JSON.stringify((await kit.pool.query(`select * from ${name}`)).rows)))
    ).join('\n')
    expect(dump).toContain(id)
    const secrets = [signer.token.slice(32), signer.cookie ?? '-']
    for (const word of [
      'Adelheid',
      'Uniquename',
      'Othername',
      'adelheid',
      '811234567',
      'singular',
      'Sole Sender',
      'peculiar',
      'Lease of',
      'sender@',
      ...secrets,
    ])
      expect(dump.includes(word), word).toBe(false)
  })
})

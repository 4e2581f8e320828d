// Sending: what could stop an envelope later is asked before anything is sent, and what is sent is whole.
import { randomUUID } from 'node:crypto'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createEnvelopeRequest } from '../../../src/contracts/envelope.ts'
import type { Signature, SignatureReport } from '../../../src/contracts/signature.ts'
import type { Caller } from '../../../src/domain/caller.ts'
import { createEnvelope } from '../../../src/domain/envelopes/create.ts'
import { openEnvelope, openSigner } from '../../../src/domain/envelopes/personal.ts'
import { DAY_MS } from '../../../src/lib/durations.ts'
import { refusal, replacing } from '../../support/domain.ts'
import { createTestEnvelopes, sender, twoSigners, type TestEnvelopes } from '../../support/envelopes.ts'

let kit: TestEnvelopes
beforeAll(async () => {
  kit = await createTestEnvelopes()
})
beforeEach(() => void (kit.sealing.fault = null))

const stranger: Caller = { kind: 'user', subject: 'stranger', roles: [] }
const server: Caller = { kind: 'api-key', keyId: 'key_1', scopes: ['envelopes'] }
const count = async (): Promise<number> => Number((await kit.pool.query('select count(*) as n from envelopes')).rows[0].n)

describe('an envelope', () => {
  it('is sent with what was asked, its first act says what was sent, and the job that makes it ready is queued', async () => {
    const document = await kit.document()
    const record = await kit.send({
      documentId: document.id,
      retention: 'long',
      message: 'Please sign by Friday.',
      declarations: { publicBody: true },
    })
    expect(record).toMatchObject({
      status: 'sent',
      sequence: 1,
      documentSha256: document.sha256,
      documentBytes: document.bytes,
      pages: 2,
      isSigned: false,
      retention: 'long',
      declarations: { documentKind: 'agreement', publicBody: true },
      expiresAtMs: kit.clock.nowMs() + 30 * DAY_MS,
    })
    expect(record.signers.map(({ status, invitedAtMs }) => [status, invitedAtMs])).toEqual([
      ['invited', undefined],
      ['invited', undefined],
    ])
    const [act] = await kit.acts(record.id)
    expect(act).toMatchObject({
      type: 'envelope.sent',
      signer: null,
      facts: {
        documentSha256: document.sha256,
        documentBytes: document.bytes,
        requiredClass: 'party_agreed',
        order: 'parallel',
        signers: 2,
        retention: 'long',
        declarations: '{"documentKind":"agreement","publicBody":true}',
        documentKindDeclared: false,
      },
    })
    expect(openEnvelope(kit.deps.keyring, record.id, record.sealed)).toEqual({
      title: 'Lease of House 7',
      message: 'Please sign by Friday.',
      locale: 'en',
      sender: { key: 'user:sender', email: 'sender@example.com' },
    })
    expect(kit.queued.at(-1)).toEqual({ name: 'envelope.prepare', payload: { envelopeId: record.id } })
    const declared = await kit.send({ declarations: { documentKind: 'lease' } })
    expect((await kit.acts(declared.id))[0]?.facts['documentKindDeclared']).toBe(true)
  })

  it('keeps canonical addresses, tidy names, and by which channel each signer will be identified', async () => {
    const signers = [
      { name: '  Ada   Shikongo ', email: 'ADA@Exämple.com' },
      { name: 'Ben', email: 'ben@example.com', phone: '+1 (415) 555-2671', locale: 'pt-BR' },
    ]
    const record = await kit.send({ signers })
    const opened = record.signers.map(({ number, sealed }) => openSigner(kit.deps.keyring, record.id, number, sealed))
    expect(opened).toEqual([
      { name: 'Ada Shikongo', email: 'ada@xn--exmple-cua.com', locale: 'en', channel: 'email', maskedTo: expect.stringContaining('•') },
      { name: 'Ben', email: 'ben@example.com', phone: '+14155552671', locale: 'pt-BR', channel: 'sms', maskedTo: '+1•••••2671' },
    ])
  })

  it('is made once for an idempotency key, and again for a run that was taken over after a crash', async () => {
    const request = createEnvelopeRequest.parse({
      documentId: (await kit.document()).id,
      requiredClass: 'party_agreed',
      order: 'parallel',
      signers: twoSigners(),
    })
    const context = { requestId: 'r', idempotencyKey: randomUUID() }
    // The row is written and the process dies before it can answer.
    const dying = replacing(kit.deps.envelopes, {
      create: async (change) => {
        await kit.deps.envelopes.create(change)
        throw new TypeError('killed')
      },
    })
    const before = await count()
    await expect(createEnvelope({ ...kit.deps, envelopes: dying }, sender, request, context)).rejects.toThrow('killed')
    expect((await refusal(createEnvelope(kit.deps, sender, request, context))).code).toBe('idempotency_key_in_progress')
    kit.clock.advance(16_000)
    const { envelope } = await createEnvelope(kit.deps, sender, request, context)
    const again = await createEnvelope(kit.deps, sender, request, context)
    expect(again).toEqual({ replayed: true, envelope })
    expect(await count()).toBe(before + 1)
    expect(await kit.acts(envelope.id)).toHaveLength(1)
    // What has become of it since does not change the first answer.
    await kit.prepare(envelope.id)
    await kit.signer(envelope.id, 1).all()
    expect(await createEnvelope(kit.deps, sender, request, context)).toEqual({ replayed: true, envelope })
    expect(envelope).toMatchObject({ status: 'sent', sequence: 1, signers: [{ invitedAt: null }, { invitedAt: null }] })
  })

  it('says who asks: a user’s own address, or whom a server speaks for', async () => {
    const spoken = await kit.send(
      { documentId: (await kit.document(server)).id, sender: { name: 'House Ltd', email: 'House@example.com' } },
      server,
    )
    expect(openEnvelope(kit.deps.keyring, spoken.id, spoken.sealed)?.sender).toEqual({
      key: 'key:key_1',
      email: 'house@example.com',
      name: 'House Ltd',
    })
    const named = await kit.send({ sender: { name: 'The Sender' } })
    expect(openEnvelope(kit.deps.keyring, named.id, named.sealed)?.sender).toMatchObject({
      email: 'sender@example.com',
      name: 'The Sender',
    })
    expect(await refusal(kit.send({ sender: { email: 'ceo@example.com' } }))).toMatchObject({
      code: 'invalid_request',
      faults: [{ pointer: '/sender/email' }],
    })
  })
})

describe('nothing is sent', () => {
  const refused = async (request: Record<string, unknown>, who?: Caller) => {
    const before = await count()
    const answer = await refusal(kit.send(request, who))
    expect(await count()).toBe(before)
    return answer
  }
  const signature = (more: Partial<Signature>): SignatureReport => ({
    outcome: 'ok',
    findings: [],
    signatures: [
      {
        fields: ['Sig'],
        kind: 'approval',
        indication: 'INDETERMINATE',
        integrity: 'intact',
        coversWholeFile: true,
        laterChanges: 'none',
        signer: 'X',
        signedAt: null,
        algorithm: null,
        reasons: [],
        ...more,
      },
    ],
  })
  const certified = () => signature({ kind: 'certification', reasons: [{ code: 'no_changes_permitted', text: '' }] })

  it('of a document that is somebody else’s or is not there', async () => {
    const { id } = await kit.document()
    expect((await refused({ documentId: id }, stranger)).code).toBe('document_not_found')
    expect((await refused({ documentId: 'doc_nothing' })).code).toBe('document_not_found')
  })

  it('of a document that is still being processed, or whose results are gone', async () => {
    const waiting = await kit.document(sender, { status: 'processing' })
    expect((await refused({ documentId: waiting.id })).code).toBe('document_not_ready')
    const bare = await kit.document(sender, { sha256: 'ab'.repeat(32) })
    expect((await refused({ documentId: bare.id })).code).toBe('document_not_ready')
  })

  it('of a document that was rejected, whose signatures were not judged, that is encrypted, or certified against any change', async () => {
    const done = { status: 'done' } as const
    const stages = { preflight: done, text: done, thumbnails: done, analysis: done, signatures: { status: 'failed' } as const }
    const documents = [
      await kit.document(sender, { status: 'rejected' }),
      await kit.document(sender, { status: 'quarantined' }),
      await kit.document(sender, { status: 'partial', stages }),
      await kit.document(sender, {}, { isEncrypted: true }),
      await kit.document(sender, {}, { signatures: certified() }),
    ]
    for (const { id } of documents)
      expect(await refused({ documentId: id })).toMatchObject({ code: 'document_unsuitable', faults: [{ pointer: '/documentId' }] })
    const signed = await kit.document(sender, { status: 'partial' }, { signatures: signature({}) })
    expect(await kit.send({ documentId: signed.id })).toMatchObject({ isSigned: true })
  })

  it('while what is signed could not be sealed', async () => {
    kit.sealing.fault = 'expired'
    expect(await refused({})).toMatchObject({ code: 'sealing_unavailable', detail: expect.stringContaining('expired') })
  })

  it('to addresses that are none, to numbers that are not served, and to the same person twice', async () => {
    const ada = { name: 'Ada', email: 'ada@example.com' }
    const pointers = async (...signers: object[]) => (await refused({ signers })).faults?.map(({ pointer }) => pointer)
    expect(await pointers(ada, { name: 'Ben', email: 'ben' }, { name: 'Cat', email: 'cat@example.com', phone: '+12345' })).toEqual([
      '/signers/1/email',
      '/signers/2/phone',
    ])
    expect(await pointers(ada, { name: ' ADA ', email: 'Ada@example.com' })).toEqual(['/signers/1'])
    expect((await kit.send({ signers: [ada, { name: 'Ben', email: 'ada@example.com' }] })).signers).toHaveLength(2)
    const policy = { ...kit.deps.policy, allowedCountries: ['NA'] }
    const deps = { ...kit.deps, policy }
    const request = createEnvelopeRequest.parse({
      documentId: (await kit.document()).id,
      requiredClass: 'party_agreed',
      order: 'parallel',
      signers: [{ ...ada, phone: '+14155552671' }],
    })
    expect(await refusal(createEnvelope(deps, sender, request, { requestId: 'r' }))).toMatchObject({
      faults: [{ pointer: '/signers/0/phone' }],
    })
  })

  it('for a class of retention that is none', async () => {
    expect(await refused({ retention: 'forever' })).toMatchObject({ code: 'invalid_request', faults: [{ pointer: '/retention' }] })
  })

  it('when Postgres is away, and the key may be used again', async () => {
    const away = replacing(kit.deps.documentResults, { read: () => Promise.reject(new Error('connect ECONNREFUSED')) })
    const request = createEnvelopeRequest.parse({
      documentId: (await kit.document()).id,
      requiredClass: 'party_agreed',
      order: 'parallel',
      signers: twoSigners(),
    })
    expect((await refusal(createEnvelope({ ...kit.deps, documentResults: away }, sender, request, { requestId: 'r' }))).code).toBe(
      'service_degraded',
    )
  })
})

it.for([
  ['a name with a line break', { signers: [{ name: 'Ada\r\nBcc: x@y.z', email: 'ada@example.com' }] }],
  ['a name that turns the text around', { signers: [{ name: 'Ada\u202e', email: 'ada@example.com' }] }],
  [
    'a language tag of 36 characters',
    { signers: [{ name: 'Ada', email: 'ada@example.com', locale: `en${'-abcdefgh'.repeat(3)}-abcdef` }] },
  ],
  ['no signers', { signers: [] }],
  ['21 signers', { signers: Array.from({ length: 21 }, (_, n) => ({ name: 'A', email: `a${n}@example.com` })) }],
  ['a message with control characters', { message: 'a\u0000b' }],
  ['an unknown member', { colour: 'red' }],
] as const)('a request with %s is no request', ([, replace]) => {
  expect(isRequest(replace)).toBe(false)
})

function isRequest(replace: object): boolean {
  const request = { documentId: 'doc_1', requiredClass: 'party_agreed', order: 'parallel', signers: twoSigners(), ...replace }
  return createEnvelopeRequest.safeParse(request).success
}

describe('a name', () => {
  const isName = (name: string): boolean => isRequest({ signers: [{ name, email: 'ada@example.com' }] })

  it.each([
    '\u200b',
    '\u3164',
    '\uffa0\u115f\u1160',
    '\u2800',
    'Ada\u3164Shikongo',
    'A\u00adda',
    'Ada\u061c',
    '\u200eAda',
    'Ada\u200f',
    'Ada\ufe0f',
    'Ada\u{e0041}',
    'Ada\ufffbB',
    'Ada\ud800',
    'Ada\u200d',
    '\u200cAda',
    'Ada \u200d Shikongo',
    'Ada\u200d\u200dB',
    '. - ’',
  ])('that is not seen, or has something that is not, is none: %j', (name) => {
    expect([isName(name), isRequest({ sender: { name } })]).toEqual([false, false])
  })

  it.each(['Ada Shikongo', 'Ben ǃNaruseb', 'J. O’Brien-Müller (7)', '李小龍', 'علی\u200cرضا', 'ශ්\u200dරී', 'Zo\u0308e', '4711'])(
    'of any script is one: %s',
    (name) => {
      expect([isName(name), isRequest({ sender: { name } })]).toEqual([true, true])
    },
  )
})

it('a language tag may have 35 characters', () => {
  expect(isRequest({ signers: [{ name: 'Ada', email: 'ada@example.com', locale: `en${'-abcdefgh'.repeat(3)}-abcde` }] })).toBe(true)
})

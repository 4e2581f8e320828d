// The job that evaluates a check: what it finds of real sealed envelopes, what it does on a second run, and what it does when the other side fails.
import { beforeAll, describe, expect, it } from 'vitest'
import type { ComplianceCheck, RuleResult } from '../../src/contracts/compliance.ts'
import type { ComplianceWorkDeps } from '../../src/domain/compliance/deps.ts'
import { getCheck, getReport, listChecks } from '../../src/domain/compliance/read.ts'
import { startCheck } from '../../src/domain/compliance/start.ts'
import type { EnvelopeRecord } from '../../src/domain/envelope-ports.ts'
import { cancelEnvelope } from '../../src/domain/envelopes/cancel.ts'
import { decideOn } from '../../src/domain/envelopes/decide.ts'
import { draftOf } from '../../src/domain/envelopes/draft.ts'
import { endOf } from '../../src/domain/envelopes/end.ts'
import { assignRetention } from '../../src/domain/retention/assign.ts'
import { AppError, RetryLater } from '../../src/errors.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/lib/durations.ts'
import { createDocument, signDocument } from '../sandbox/pdf-writer.ts'
import { createSigner, createToken, timestampUsage } from '../sandbox/signer.ts'
import { createTestChecks, type TestChecks } from '../support/checks.ts'
import { replacing } from '../support/domain.ts'
import { sender } from '../support/envelopes.ts'

let t: TestChecks
let envelope: EnvelopeRecord
beforeAll(async () => {
  t = await createTestChecks()
  envelope = await t.sealed()
}, 60_000)

const resultOf = ({ rules }: ComplianceCheck, id: string): RuleResult | undefined => rules.find((rule) => rule.id === id)?.result
const open = ({ rules }: ComplianceCheck) => rules.filter(({ isMandatory, result }) => isMandatory && result !== 'PASS')
const later = (ms: number): Partial<ComplianceWorkDeps> => ({ clock: { nowMs: () => t.clock.nowMs() + ms } })
const stranger = { kind: 'user', subject: 'mallory', roles: [] } as const
const retryOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    (word) => `ended: ${String(word)}`,
    (error: unknown) => (error instanceof RetryLater ? error.message : String(error)),
  )
const documentIdOf = ({ documentId }: EnvelopeRecord): string => documentId
const rowsOf = async (query: string, values: readonly unknown[] = []) =>
  (await t.pool.query<Record<string, unknown>>(query, [...values])).rows

describe('a completed envelope', () => {
  it('is CONSISTENT with what parties agreed, and every rule shows what it rests on', async () => {
    const found = await t.checked(documentIdOf(envelope))
    expect(open(found)).toEqual([])
    expect(found).toMatchObject({
      verdict: 'CONSISTENT',
      reachedClass: 'BASIC',
      requiredClass: 'party_agreed',
      envelopeId: envelope.id,
      contentSha256: envelope.seal?.sha256,
      revocationSnapshot: 'none',
      disclaimer: t.worker.ruleSet.disclaimer,
    })
    expect(found.signatures.map(({ signer, reachedClass, timeSource }) => [signer, reachedClass, timeSource])).toEqual([
      ['signer 1', 'BASIC', 'server'],
      ['signer 2', 'BASIC', 'server'],
    ])
    const consent = found.rules.find(({ id }) => id === 'ETA-17-CONSENT')
    expect(consent?.evidence.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['act', 'audit_event', 'hash']))
    expect(JSON.stringify(found)).not.toMatch(/score|percent/i)
  })

  it('is INCONSISTENT on its class where a law asks for a signature and names no type', async () => {
    const found = await t.checked(documentIdOf(envelope), { requiredClass: 'law_unspecified' })
    expect([found.verdict, found.verdictReasons]).toEqual(['INCONSISTENT', ['ETA-20-CLASS', 'AES-C-CONTROL']])
  })

  it('is examined once; every check looks anew at what changes with time, and none overwrites another', async () => {
    const { documentId } = envelope
    const before = t.examined.times
    const [one, other] = [await t.checked(documentId), await t.checked(documentId)]
    expect([one.cached, other.cached, t.examined.times]).toEqual([true, true, before])
    expect(one.id).not.toBe(other.id)
    expect(await t.check(one.id)).toEqual(one)
    const { nodes, totalCount } = await listChecks(t.checks, sender, documentId, { first: 50 })
    expect(nodes.map(({ id }) => id)).toContain(other.id)
    expect(totalCount).toBeGreaterThanOrEqual(4)
  })

  it('leaves an event at its beginning and its end, a record for whoever asked, and a report', async () => {
    const { id } = await t.checked(documentIdOf(envelope))
    const events = await rowsOf('select type, sequence, data from event_outbox where subject = $1 order by number', [id])
    expect(events.map(({ type }) => type)).toEqual(['check.requested', 'check.finished'])
    expect(events[1]).toMatchObject({
      sequence: '3',
      data: { verdict: 'CONSISTENT', rulesetVersion: 'eta-2019.v1', documentId: envelope.documentId },
    })
    const told = await rowsOf(`select id from notifications where subject = $1 and kind = 'check_final'`, [id])
    expect(told).toHaveLength(1)
    const { key } = await getReport(t.checks, sender, id)
    expect((await t.bytesOf(key)).subarray(0, 5).toString()).toBe('%PDF-')
    expect(await t.deps.blobs.keysIn(`checks/${id}`)).toEqual([key])
  })

  it('is found out when one byte of its sealed copy is changed, though the same content was examined before', async () => {
    const key = envelope.seal?.sealedKey ?? ''
    const whole = await t.bytesOf(key)
    const changed = Buffer.from(whole)
    changed.writeUInt8(changed.readUInt8(100) ^ 1, 100)
    await t.deps.blobs.write(key, changed)
    try {
      const found = await t.checked(documentIdOf(envelope))
      expect(found).toMatchObject({ verdict: 'INCONSISTENT', cached: false })
      expect(found.verdictReasons).toContain('ETA-21-INTEGRITY')
      expect(resultOf(found, 'SIG-INTACT')).toBe('FAIL')
      expect(resultOf(found, 'ETA-22-PRODUCE')).toBe('FAIL')
    } finally {
      await t.deps.blobs.write(key, whole)
    }
    expect(await t.checked(documentIdOf(envelope))).toMatchObject({ verdict: 'CONSISTENT', cached: true })
  })

  it('is found out when its sealed copy is gone', async () => {
    const key = envelope.seal?.sealedKey ?? ''
    const whole = await t.bytesOf(key)
    await t.deps.blobs.remove(key)
    try {
      const found = await t.checked(documentIdOf(envelope))
      expect(found.verdict).toBe('INCONSISTENT')
      for (const id of ['ETA-17-READABLE', 'ETA-19-ACCESS', 'ETA-21-INTEGRITY', 'ETA-22-PRODUCE'])
        expect([id, resultOf(found, id)]).toEqual([id, 'FAIL'])
    } finally {
      await t.deps.blobs.write(key, whole)
    }
  })
})

describe('an envelope that is not completed', () => {
  const reasonOf = ({ rules }: ComplianceCheck, id: string) => rules.find((rule) => rule.id === id)?.reason

  it('is never CONSISTENT: not while it is signed or sealed, not when it was canceled', async () => {
    const { id } = await t.ready()
    const { documentId } = await t.read(id)
    await t.drain()
    const open = await t.checked(documentId)
    expect([resultOf(open, 'ETA-21-INTEGRITY'), resultOf(open, 'ETA-22-PRODUCE')]).toEqual(['INDETERMINATE', 'INDETERMINATE'])
    await cancelEnvelope(t.deps, sender, id, undefined, { requestId: 'r' })
    await t.drain()
    const canceled = await t.checked(documentId)
    expect(canceled).toMatchObject({ verdict: 'INCONSISTENT', reachedClass: 'NONE' })
    expect(reasonOf(canceled, 'ETA-21-INTEGRITY')).toContain('never took its final form')
    expect(resultOf(canceled, 'ETA-20-CLASS')).toBe('FAIL')
  })

  it('is INCONSISTENT when it was signed by all and could not be sealed', async () => {
    const { id, documentId } = await t.signed()
    const end = { status: 'seal_failed', act: { type: 'envelope.seal_failed' }, signers: [] } as const
    const nowMs = t.clock.nowMs()
    await decideOn(t.deps, id, { requestId: 'r', actor: '' }, nowMs, (before) => endOf(t.deps.keyring, draftOf(before), end, nowMs))
    await t.drain()
    const found = await t.checked(documentId)
    expect([found.verdict, resultOf(found, 'ETA-25-CHAIN')]).toEqual(['INCONSISTENT', 'PASS'])
    expect(found.verdictReasons).toEqual(expect.arrayContaining(['ETA-21-INTEGRITY', 'ETA-22-PRODUCE']))
  })

  it('is kept for no time of its own, whatever class its document has', async () => {
    const { id, documentId } = await t.signed()
    await assignRetention(t.keeping, sender, documentId, 'long', { requestId: 'r' })
    await t.drain()
    const found = await t.checked(documentId)
    expect((await t.read(id)).status).toBe('sealing')
    expect([found.verdict, resultOf(found, 'ETA-24-RETENTION')]).toEqual(['INDETERMINATE', 'INDETERMINATE'])
  })
})

describe('an envelope whose row was changed', () => {
  const tamperings: [what: string, set: string][] = [
    ['a signer was taken out', 'signers = jsonb_build_array(signers::jsonb -> 0)'],
    ['a signer stands there twice', 'signers = jsonb_build_array(signers::jsonb -> 0, signers::jsonb -> 0)'],
    ['a time of a signer is another', `signers = jsonb_set(signers::jsonb, '{1,consentedAtMs}', '1')`],
    ['it asks for another class', `required_class = 'law_recognised'`],
    ['it declares something else', `declarations = '{}'`],
    ['it failed to be sealed', `status = 'seal_failed'`],
    ['it is still being sealed', `status = 'sealing'`],
    ['it was canceled', `status = 'canceled'`],
    ['its sealed copy has another hash', `seal = jsonb_set(seal::jsonb, '{sha256}', '"${'0'.repeat(64)}"')`],
    ['its document has another hash', `document_sha256 = decode('${'0'.repeat(64)}', 'hex')`],
    ['its document has another length', 'document_bytes = 1'],
    ['its signers sign in another order', `signing_order = case signing_order when 'parallel' then 'sequential' else 'parallel' end`],
    ['it is kept for another time', `retention = 'permanent'`],
    ['it ended at another time', `ended_at = ended_at - interval '1 day'`],
  ]
  it.each(tamperings)('is found out: %s', async (_what, set) => {
    const columns =
      'signers, required_class, declarations, status, seal, document_sha256, document_bytes, signing_order, retention, ended_at'
    await t.tamper(`create table if not exists envelope_before as select ${columns} from envelopes where id = '${envelope.id}'`)
    await t.tamper(`update envelopes set ${set} where id = $1`, [envelope.id])
    try {
      const found = await t.checked(documentIdOf(envelope))
      expect([found.verdict, resultOf(found, 'ETA-25-CHAIN')]).toEqual(['INCONSISTENT', 'FAIL'])
      expect(found.reachedClass).toBe('NONE')
    } finally {
      const back = columns.split(', ').map((column) => `${column} = envelope_before.${column}`)
      await t.tamper(`update envelopes set ${back.join(', ')} from envelope_before where id = $1`, [envelope.id])
      await t.tamper('drop table envelope_before')
    }
    expect((await t.checked(documentIdOf(envelope))).verdict).toBe('CONSISTENT')
  })
})

describe('what the request says', () => {
  it('fills what the envelope leaves open, and cannot make it laxer', async () => {
    const strict = { requiredClass: 'law_recognised', declarations: { documentKind: 'will', contraryIntention: 'ink_required' } }
    const { documentId } = await t.sealed(undefined, strict)
    const lax = {
      requiredClass: 'party_agreed',
      declarations: { documentKind: 'lease', contraryIntention: 'none', consumer: false },
    } as const
    const found = await t.checked(documentId, lax)
    expect(found).toMatchObject({ verdict: 'INCONSISTENT', requiredClass: 'law_recognised', requiredClassFrom: 'envelope' })
    for (const id of ['ETA-16-EXCLUDED', 'ETA-20-CLASS', 'ETA-20-CONTRARY']) expect([id, resultOf(found, id)]).toEqual([id, 'FAIL'])
    const said = found.declarations.map(({ name, value, saidBy, isContradicted }) => [name, value, saidBy, isContradicted])
    expect(said).toHaveLength(5)
    expect(said).toEqual(
      expect.arrayContaining([
        ['consumer', false, 'request', false],
        ['contraryIntention', 'ink_required', 'envelope', true],
        ['contraryIntention', 'none', 'request', true],
        ['documentKind', 'lease', 'request', true],
        ['documentKind', 'will', 'envelope', true],
      ]),
    )
  })

  it('leaves open what it says otherwise', async () => {
    const { documentId } = await t.sealed(undefined, { declarations: { documentKind: 'agreement' } })
    expect((await t.checked(documentId)).verdict).toBe('CONSISTENT')
    const found = await t.checked(documentId, { declarations: { documentKind: 'lease' } })
    expect([found.verdict, found.verdictReasons]).toEqual(['INDETERMINATE', ['ETA-16-EXCLUDED']])
  })
})

describe('the evidence bundle', () => {
  it('that cannot be made now is left out, and nothing of that is remembered', async () => {
    const { documentId } = await t.sealed()
    const { id } = await t.ask(documentId)
    const evidenceSigner = { ...t.worker.evidenceSigner, sign: () => Promise.reject(new Error('read fault')) }
    expect(await retryOf(t.evaluate(id, { evidenceSigner }))).toBe('failed_Error')
    await t.evaluate(id, { evidenceSigner }, { tries: 3 })
    const found = await t.check(id)
    expect([found.verdict, resultOf(found, 'ETA-22-PRODUCE')]).toEqual(['INDETERMINATE', 'INDETERMINATE'])
    expect((await t.checked(documentId)).verdict).toBe('CONSISTENT')
  })

  it('needs the certificate as it was printed, also when it was verified before', async () => {
    const { documentId, seal } = await t.sealed()
    expect((await t.checked(documentId)).verdict).toBe('CONSISTENT')
    const key = seal?.certificateKey ?? ''
    const whole = await t.bytesOf(key)
    await t.deps.blobs.write(key, Buffer.alloc(whole.length, '%'))
    expect(resultOf(await t.checked(documentId), 'ETA-22-PRODUCE')).toBe('FAIL')
    await t.deps.blobs.write(key, whole)
    expect((await t.checked(documentId)).verdict).toBe('CONSISTENT')
  })
})

describe('the audit trail', () => {
  it('that was edited makes it INCONSISTENT, and its evidence cannot be produced', async () => {
    const { id, documentId } = await t.sealed()
    expect(resultOf(await t.checked(documentId), 'ETA-25-CHAIN')).toBe('PASS')
    const edit = (from: string, to: string) =>
      t.tamper(`update audit_entries set data = replace(data::text, $2, $3)::json where subject = $1 and action = 'envelope.signed'`, [
        id,
        from,
        to,
      ])
    const restore = () => edit('"signer":"9"', '"signer":"1"')
    await edit('"signer":"1"', '"signer":"9"')
    const found = await t.checked(documentId)
    expect([found.verdict, found.verdictReasons]).toEqual(['INCONSISTENT', ['ETA-22-PRODUCE', 'ETA-25-CHAIN']])
    await restore()
    expect((await t.checked(documentId)).verdict).toBe('CONSISTENT')
  })

  it('that has not caught up is waited for, for a minute; then the rule is open', async () => {
    const { id } = await t.signed()
    await t.run(id)
    const { documentId } = await t.read(id)
    const asked = await t.ask(documentId)
    expect(await retryOf(t.evaluate(asked.id))).toBe('trail_behind')
    await t.evaluate(asked.id, later(MINUTE_MS))
    const found = await t.check(asked.id)
    expect([resultOf(found, 'ETA-25-CHAIN'), found.verdict]).toEqual(['INDETERMINATE', 'INDETERMINATE'])
    await t.drain()
    expect(resultOf(await t.checked(documentId), 'ETA-25-CHAIN')).toBe('PASS')
  })
})

describe('a document without an envelope', () => {
  const upload = async (bytes: Buffer) => {
    const { id } = await t.upload(bytes)
    await t.tellTrail(id)
    return id
  }
  const signed = (name: string, stampedMs?: number): Buffer => {
    const authority = createSigner('Authority', { usages: [timestampUsage()] })
    const message = stampedMs === undefined ? {} : { timestamp: (value: Buffer) => createToken(authority, [value], stampedMs) }
    return signDocument(createDocument(), createSigner(name), { message, contentsBytes: 9_000 })
  }

  it('signed by a self-issued certificate passes the rules of integrity and fails the chain', async () => {
    const found = await t.checked(await upload(signed('Ada Elsewhere')), { requiredClass: 'law_recognised' })
    for (const id of ['ETA-21-INTEGRITY', 'SIG-COVERAGE', 'SIG-INTACT', 'SIG-CHANGES'])
      expect([id, resultOf(found, id)]).toEqual([id, 'PASS'])
    expect(resultOf(found, 'RES-CHAIN')).toBe('FAIL')
    expect([found.verdict, found.reachedClass]).toEqual(['INCONSISTENT', 'BASIC'])
    expect(JSON.stringify(found)).not.toContain('Elsewhere')
  })

  it('signed in 2025 is asked nothing of section 20', async () => {
    const found = await t.checked(await upload(signed('Ben Elsewhere', Date.UTC(2025, 4, 5))))
    const ofSection20 = found.rules.filter(({ id }) => /^(?:ETA-20|RES)-/.test(id))
    expect(ofSection20.map(({ result }) => result)).toEqual(ofSection20.map(() => 'NOT_IN_FORCE'))
    expect(found.verdict).not.toBe('CONSISTENT')
  })

  it('whose signature claims a time after the file was received has none', async () => {
    const documentId = await upload(signed('Cyd Elsewhere'))
    await t.pool.query(`update documents set created_at = '2026-11-01' where id = $1`, [documentId])
    const found = await t.checked(documentId)
    expect(found.signatures).toMatchObject([{ signedAt: null, timeSource: 'none' }])
    expect(resultOf(found, 'RES-CHAIN')).toBe('FAIL')
    expect(resultOf(found, 'ETA-20-CONTRARY')).toBe('INDETERMINATE')
  })

  it('that brings its examiner down twice cannot be read, which is believed for an hour', async () => {
    const documentId = await upload(createDocument())
    let times = 0
    const examiner: ComplianceWorkDeps['examiner'] = {
      version: 'bomb',
      examine: async () => {
        times++
        return { kind: 'crashed', signal: 'SIGSEGV' }
      },
    }
    const run = async (more: Partial<ComplianceWorkDeps> = {}): Promise<ComplianceCheck> => {
      const { id } = await t.ask(documentId)
      await t.evaluate(id, { examiner, ...more })
      return t.check(id)
    }
    expect(resultOf(await run(later(MINUTE_MS)), 'ETA-17-READABLE')).toBe('FAIL')
    expect(times).toBe(2)
    expect(await run(later(2 * MINUTE_MS))).toMatchObject({ cached: true, verdict: 'INCONSISTENT' })
    expect(times).toBe(2)
    await run(later(2 * HOUR_MS))
    expect(times).toBe(4)
  })
})

describe('what stands in the way', () => {
  const away = () => Promise.reject(new Error('connection refused'))

  it('a store that is away is waited for; after five minutes what lies there is out of reach', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const blobs = replacing(t.deps.blobs, { sizeOf: away, read: away })
    expect(await retryOf(t.evaluate(id, { blobs }))).toBe('storage_away')
    await t.evaluate(id, { blobs, ...later(5 * MINUTE_MS) })
    const found = await t.check(id)
    expect(found).toMatchObject({ verdict: 'INDETERMINATE', contentSha256: null })
    for (const rule of ['ETA-17-READABLE', 'ETA-19-ACCESS', 'ETA-21-INTEGRITY', 'ETA-24-FORMAT'])
      expect(resultOf(found, rule)).toBe('INDETERMINATE')
  })

  it('bytes that change while they are examined are looked at again', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const key = envelope.seal?.sealedKey ?? ''
    const whole = await t.bytesOf(key)
    const examiner: ComplianceWorkDeps['examiner'] = {
      version: 'slow',
      examine: async (path, options, signal) => {
        await t.deps.blobs.write(key, Buffer.concat([whole, Buffer.from('%')]))
        return t.worker.examiner.examine(path, options, signal)
      },
    }
    expect(await retryOf(t.evaluate(id, { examiner }))).toBe('bytes_changed')
    await t.deps.blobs.write(key, whole)
    expect(await t.evaluate(id)).toBe('consistent')
  })

  it('Postgres that is away at the end changes nothing, and the next run ends it with one report', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const checks = replacing(t.worker.checks, { settle: () => Promise.reject(new AppError('service_degraded')) })
    expect(await retryOf(t.evaluate(id, { checks }))).toBe('failed_service_degraded')
    expect((await getCheck(t.checks, sender, id)).status).toBe('evaluating')
    expect(await t.evaluate(id)).toBe('consistent')
    expect(await t.deps.blobs.keysIn(`checks/${id}`)).toHaveLength(1)
    expect(await t.evaluate(id)).toBe('final_before')
  })

  it('a run that another one overtook changes nothing and leaves no report', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const printer: ComplianceWorkDeps['printer'] = {
      print: async (document) => {
        await t.evaluate(id)
        return t.worker.printer.print(document)
      },
    }
    expect(await t.evaluate(id, { printer })).toBe('stale')
    const ended = await rowsOf(`select event_id from event_outbox where subject = $1 and type = 'check.finished'`, [id])
    expect(ended).toHaveLength(1)
    expect(await t.deps.blobs.keysIn(`checks/${id}`)).toHaveLength(1)
    expect(await t.evaluate(id, {}, { fence: { jobMs: 0, starts: 1 } })).toBe('final_before')
  })

  it('a check is not evaluated before it is due, and the queue may lose its job', async () => {
    const { id, dueAtMs } = await t.ask(documentIdOf(envelope), { delay: 3_600 })
    expect(dueAtMs).toBe(t.clock.nowMs() + HOUR_MS)
    expect(await retryOf(t.evaluate(id))).toBe('early')
    const owedAt = async (ms: number) => (await t.worker.checks.owed(100, t.clock.nowMs() + ms, 30_000)).map(({ payload }) => payload)
    expect(await owedAt(0)).not.toContainEqual({ checkId: id })
    expect(await owedAt(HOUR_MS + MINUTE_MS)).toContainEqual({ checkId: id })
    expect(await owedAt(HOUR_MS + MINUTE_MS)).not.toContainEqual({ checkId: id })
    expect(await t.evaluate(id, later(HOUR_MS))).toBe('consistent')
    expect(await owedAt(DAY_MS)).not.toContainEqual({ checkId: id })
  })

  it('what is in the way for a day ends it without an answer', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const integrity = { latest: away, lookAt: away }
    expect(await retryOf(t.evaluate(id, { integrity }))).toBe('failed_Error')
    expect(await t.evaluate(id, { integrity, ...later(DAY_MS) })).toBe('indeterminate')
    const found = await t.check(id)
    expect(new Set(found.rules.map(({ result }) => result))).toEqual(new Set(['INDETERMINATE']))
  })

  it('a first sweep that was not made yet is waited for', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    const integrity = { latest: async () => null, lookAt: async () => null }
    expect(await retryOf(t.evaluate(id, { integrity }))).toBe('sweep_missing')
    await t.evaluate(id, { integrity, ...later(MINUTE_MS) })
    expect(resultOf(await t.check(id), 'ETA-25-SYSTEM')).toBe('INDETERMINATE')
  })
})

describe('asking for a check', () => {
  const context = { requestId: 'r' }
  const request = { ruleset: 'eta-2019' } as const
  const refused = async (work: Promise<unknown>) =>
    work.then(
      () => null,
      (error: unknown) => (error instanceof AppError ? error.code : error),
    )

  it('is for those whose document it is, and so is reading it', async () => {
    const { id } = await t.ask(documentIdOf(envelope))
    expect(await refused(startCheck(t.checks, stranger, envelope.documentId, request, context))).toBe('document_not_found')
    expect(await refused(getCheck(t.checks, stranger, id))).toBe('check_not_found')
    expect(await refused(listChecks(t.checks, stranger, envelope.documentId, { first: 5 }))).toBe('document_not_found')
    expect(await refused(getReport(t.checks, sender, id))).toBe('check_not_ready')
    expect(await refused(getCheck(t.checks, sender, 'chk_nonsense'))).toBe('check_not_found')
    await t.evaluate(id)
  })

  it('twice with the same key is once', async () => {
    const keyed = { ...context, idempotencyKey: 'again' }
    const first = await startCheck(t.checks, sender, envelope.documentId, request, keyed)
    const second = await startCheck(t.checks, sender, envelope.documentId, request, keyed)
    expect([second.record.id, second.replayed]).toEqual([first.record.id, true])
    await t.evaluate(first.record.id)
  })

  it('waits for a document that is still being processed', async () => {
    const { id } = await t.document(sender, { status: 'processing' })
    await t.pool.query('update documents set ended_at = null where id = $1', [id])
    expect(await refused(startCheck(t.checks, sender, id, request, context))).toBe('document_not_ready')
  })

  it('declares what the envelope did not, and that decides', async () => {
    const will = await t.checked(documentIdOf(envelope), { declarations: { documentKind: 'will' } })
    expect([will.verdict, will.verdictReasons]).toEqual(['INCONSISTENT', ['ETA-16-EXCLUDED']])
    const ink = await t.checked(documentIdOf(envelope), { declarations: { contraryIntention: 'ink_required' } })
    expect(ink.verdictReasons).toEqual(['ETA-20-CONTRARY'])
  })
})

it('nothing personal is in any row of checks, in what was examined, or in a report', async () => {
  const dump = JSON.stringify(await rowsOf('select * from compliance_checks')) + JSON.stringify(await rowsOf('select * from examinations'))
  expect(dump.includes(envelope.id)).toBe(true)
  expect(dump.match(/@example|Shikongo|Müller|Elsewhere|Lease of House|user:/)).toBeNull()
})

// The last one: the trail has a gap for good behind it.
it('an audit trail from which everything of it was taken out makes it INCONSISTENT', async () => {
  const { id, documentId } = await t.sealed()
  await t.tellTrail(documentId)
  await t.tamper('delete from audit_entries where subject = $1', [id])
  const asked = await t.ask(documentId)
  await t.evaluate(asked.id, later(MINUTE_MS))
  const found = await t.check(asked.id)
  expect([found.verdict, resultOf(found, 'ETA-25-CHAIN')]).toEqual(['INCONSISTENT', 'FAIL'])
})

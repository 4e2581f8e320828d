// The job that seals an envelope: one sealed copy and one end, whatever happens between any two of its steps.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError, RetryLater } from '../../src/errors.ts'
import { DAY_MS } from '../../src/lib/durations.ts'
import { signatureReport } from '../../src/contracts/signature.ts'
import type { SealDeps } from '../../src/domain/envelopes/seal-deps.ts'
import type { SealPreparer } from '../../src/domain/seal-ports.ts'
import { createDocument, signDocument } from '../sandbox/pdf-writer.ts'
import { createSigner } from '../sandbox/signer.ts'
import { createTestSealing, sha256Of, type TestSealing } from '../support/sealing.ts'
import { textPdf } from '../support/pdf-files.ts'

let t: TestSealing
beforeAll(async () => {
  t = await createTestSealing()
})
const folder = mkdtempSync(join(tmpdir(), 'sallyport-sealed-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const judged = async (bytes: Buffer) => {
  const path = join(folder, sha256Of(bytes))
  writeFileSync(path, bytes)
  const found = await t.seal.sandbox.signatures(path, t.clock.nowMs(), new AbortController().signal)
  return signatureReport.parse(found.kind === 'ok' ? found.value : null).signatures
}
const pagesOf = async (bytes: Buffer): Promise<string[]> => {
  const path = join(folder, sha256Of(bytes))
  writeFileSync(path, bytes)
  const found = await t.seal.sandbox.text(path, new AbortController().signal)
  return found.kind === 'ok' ? found.value.pages.map(({ text }) => text) : []
}
/** The one copy of an envelope that is over, with everything that must hold of it. */
async function expectSealed(id: string): Promise<Buffer> {
  const record = await t.read(id)
  expect(record).toMatchObject({ status: 'completed', seal: { step: 'verified' } })
  expect(record.seal?.assembledKey).toBeUndefined()
  const acts = await t.acts(id)
  expect(acts.map(({ type }) => type).filter((type) => /sealed|completed|seal_failed/.test(type))).toEqual([
    'envelope.sealed',
    'envelope.completed',
  ])
  expect(await t.blobsOf(id)).toEqual(['certificate', 'sealed'])
  const copy = await t.bytesOf(record.seal?.sealedKey)
  expect([sha256Of(copy), copy.length]).toEqual([record.seal?.sha256, record.seal?.bytes])
  const original = await t.bytesOf(record.documentKey)
  expect(copy.subarray(0, original.length).equals(original)).toBe(true)
  return copy
}

describe('sealing', () => {
  it('appends certificate and signature to the document, and ends the envelope with everything that follows', async () => {
    const { id } = await t.signed()
    expect(await t.run(id)).toBe('completed')
    const copy = await expectSealed(id)
    const record = await t.read(id)
    const [seal, ...others] = await judged(copy)
    expect(others).toEqual([])
    expect(seal).toMatchObject({ integrity: 'intact', coversWholeFile: true, laterChanges: 'none', signer: 'Sallyport development seal' })
    expect(seal?.signedAt).toBe(new Date(Math.floor(t.clock.nowMs() / 1_000) * 1_000).toISOString())
    const pages = await pagesOf(copy)
    expect(pages.length).toBeGreaterThan(2)
    const certificate = pages.slice(2).join('\n')
    for (const text of [id, record.documentSha256, 'Ada Shikongo', 'Ben Müller', 'Lease of House 7', 'not legal advice'])
      expect(certificate).toContain(text)
    expect(certificate).not.toMatch(/ada-\d+@/)
    expect(certificate).toContain((await t.acts(id)).find(({ type }) => type === 'envelope.sealing')?.hash)
    const sealed = (await t.acts(id)).find(({ type }) => type === 'envelope.sealed')
    expect(sealed?.facts).toMatchObject({
      sha256: sha256Of(copy),
      bytes: copy.length,
      signaturesBefore: 0,
      certificateSha256: seal?.certificate?.sha256,
      certificateFileSha256: sha256Of(await t.bytesOf(record.seal?.certificateKey)),
      certificateFileBytes: record.seal?.certificateFileBytes,
      sealedAt: new Date(record.seal?.sealedAtMs ?? 0).toISOString(),
    })
    const mails = await t.deps.notices.ofEnvelope(id)
    const told = mails.filter(({ kind }) => kind === 'envelope_completed').map(({ signer }) => signer)
    expect([told.length, new Set(told)]).toEqual([3, new Set([1, 2, null])])
    expect((await t.pool.query('select class from retention where subject = $1', [id])).rows).toEqual([{ class: 'standard' }])
    expect((await t.pool.query('select outcome from integrity_looks where subject = $1', [id])).rows).toEqual([
      { outcome: 'intact' },
      { outcome: 'intact' },
    ])
    expect(await t.run(id)).toBe('done_before')
    await expectSealed(id)
  })

  it('leaves earlier signatures as they were, and then appends no page', async () => {
    const ada = createSigner('Ada')
    const once = signDocument(createDocument(), ada)
    const document = await t.upload(once)
    const { id, isSigned } = await t.signed(document)
    expect(isSigned).toBe(true)
    expect(await t.run(id)).toBe('completed')
    const copy = await expectSealed(id)
    expect(
      (await judged(copy)).map(({ fields, integrity, laterChanges, coversWholeFile }) => [
        fields,
        integrity,
        laterChanges,
        coversWholeFile,
      ]),
    ).toEqual([
      [['Signature1'], 'intact', 'form_fill', false],
      [['Seal1'], 'intact', 'none', true],
    ])
    expect(await pagesOf(copy)).toHaveLength(1)
    const certificate = await pagesOf(await t.bytesOf((await t.read(id)).seal?.certificateKey))
    expect(certificate.join('\n')).toContain('Certificate of signing')
    expect((await t.acts(id)).find(({ type }) => type === 'envelope.sealed')?.facts).toMatchObject({ signaturesBefore: 1 })
  })

  it.runIf(existsSync('/usr/bin/pdfsig'))('is a signature over the whole file for poppler too', async () => {
    const { id } = await t.signed()
    await t.run(id)
    const path = join(folder, 'poppler.pdf')
    writeFileSync(path, await expectSealed(id))
    const { stdout } = spawnSync('pdfsig', ['-nocert', path], { encoding: 'utf8' })
    expect(stdout).toContain('Signature Validation: Signature is Valid.')
    expect(stdout).toContain('Total document signed')
    expect(stdout).toContain('ETSI.CAdES.detached')
  })
})

/** A run's parts, which die with it: at the n-th effect on the outside, before or after it is done, nothing works any more. */
function mortal(seal: SealDeps, effects: number, when: 'before' | 'after'): { parts: Partial<SealDeps>; died: () => boolean } {
  let left = effects
  let isDead = false
  const effect = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (isDead) throw new Error('dead')
    const isLast = left-- === 1
    if (isLast && when === 'before') isDead = true
    if (isDead) throw new Error('dead')
    const value = await work()
    if (isLast) isDead = true
    if (isDead) throw new Error('dead')
    return value
  }
  const { blobs, envelopes, integrity } = seal
  return {
    died: () => isDead,
    parts: {
      blobs: {
        ...blobs,
        read: (key, range) => blobs.read(key, range),
        keysIn: (place) => effect(() => blobs.keysIn(place)),
        write: (key, content) => effect(() => blobs.write(key, content)),
        remove: (key) => effect(() => blobs.remove(key)),
      },
      envelopes: { ...envelopes, change: (id, decide) => effect(() => envelopes.change(id, decide)) },
      integrity: { note: (look) => effect(() => integrity.note(look)) },
    },
  }
}

describe('a worker that dies', () => {
  it.each(['before', 'after'] as const)(
    '%s any step leaves one sealed copy and one end to the next one',
    async (when) => {
      let deaths = 0
      for (let effects = 1; ; effects++) {
        const { id } = await t.signed()
        const { parts, died } = mortal(t.seal, effects, when)
        await t.run(id, parts).catch(() => {})
        if (!died()) break
        deaths++
        expect(['completed', 'done_before']).toContain(await t.run(id))
        await expectSealed(id)
      }
      // Blobs, steps, the look, the end, and what is cleared away.
      expect(deaths).toBeGreaterThan(10)
    },
    120_000,
  )

  it('and one that only seemed to be dead make one copy between them', async () => {
    const { id } = await t.signed()
    const outcomes = await Promise.all([t.run(id), t.run(id), t.run(id)])
    expect(outcomes.filter((outcome) => outcome === 'completed')).toHaveLength(1)
    await t.run(id)
    await expectSealed(id)
  })
})

/** How a run fails that is to be run again. */
const retryOf = async (run: Promise<string>): Promise<string> => {
  const error = await run.then(
    (outcome) => new Error(`it ended: ${outcome}`),
    (failure: unknown) => failure,
  )
  if (!(error instanceof RetryLater)) throw error
  return error.message
}
async function expectFailed(id: string, reason: string): Promise<void> {
  expect(await t.read(id)).toMatchObject({ status: 'seal_failed', reason, seal: { reason } })
  expect((await t.acts(id)).at(-1)).toMatchObject({ type: 'envelope.seal_failed', facts: { reason } })
  expect(await t.blobsOf(id)).toEqual([])
  const mails = (await t.deps.notices.ofEnvelope(id)).filter(({ kind }) => kind === 'envelope_seal_failed')
  expect(mails.map(({ signer }) => signer)).toEqual([null])
  expect(await t.run(id)).toBe('done_before')
}
const away = () => Promise.reject(new AppError('service_degraded'))

describe('what is away', () => {
  it('is waited for, visibly, and then the sealing goes on', async () => {
    const { id } = await t.signed()
    const { blobs } = t.seal
    expect(await retryOf(t.run(id, { blobs: { ...blobs, write: away } }))).toBe('failed_service_degraded')
    expect((await t.read(id)).seal).toMatchObject({ step: 'requested', tries: 1, reason: 'failed_service_degraded' })
    expect(await retryOf(t.run(id, { blobs: { ...blobs, read: away } }))).toBe('failed_service_degraded')
    expect((await t.read(id)).seal).toMatchObject({ step: 'assembled', tries: 2 })
    expect(await retryOf(t.run(id, { envelopes: { ...t.seal.envelopes, change: away } }))).toBe('failed_service_degraded')
    expect(await retryOf(t.run(id, { envelopes: { ...t.seal.envelopes, read: away } }))).toBe('postgres_away')
    expect(await t.run(id)).toBe('completed')
    expect((await t.read(id)).seal?.reason).toBeUndefined()
    await expectSealed(id)
  })

  it('is waited for when it is the key, too', async () => {
    const { id } = await t.signed()
    const sealingKey = { ...t.seal.sealingKey, standing: () => ({ ready: false as const, reason: 'expired' }) }
    expect(await retryOf(t.run(id, { sealingKey }))).toBe('sealing_key_expired')
    expect((await t.read(id)).seal).toMatchObject({ step: 'assembled', reason: 'sealing_key_expired' })
    expect(await t.run(id)).toBe('completed')
  })

  it('is given up after a week', async () => {
    const { id } = await t.signed()
    t.clock.advance(8 * DAY_MS)
    expect(await t.run(id, { blobs: { ...t.seal.blobs, write: away } })).toBe('seal_failed')
    await expectFailed(id, 'failed_service_degraded')
  })

  it('says nothing about the document when the worker is to stop', async () => {
    const { id } = await t.signed()
    expect(await retryOf(t.run(id, {}, { signal: AbortSignal.abort() }))).toBe('aborted')
    expect((await t.read(id)).seal).toMatchObject({ tries: 0 })
  })
})

/** Answers what the real one does, changed. */
const preparerThat = (
  change: (prepared: Awaited<ReturnType<SealPreparer['prepare']>>) => Awaited<ReturnType<SealPreparer['prepare']>>,
): SealPreparer => ({
  prepare: async (...asked) => change(await t.seal.sealPreparer.prepare(...asked)),
})

describe('what no repetition mends', () => {
  it('is a document that is no longer what was sent', async () => {
    const bytes = textPdf(['one', 'two'])
    const document = await t.upload(bytes)
    const { id } = await t.signed(document)
    bytes[bytes.indexOf('/Count') + 7] = 0x39
    await t.deps.blobs.write(document.storageKey, bytes)
    expect(await t.run(id)).toBe('seal_failed')
    await expectFailed(id, 'document_altered')
  })

  it('is a document that the sandbox does not take', async () => {
    const { id } = await t.signed()
    const sealPreparer: SealPreparer = { prepare: async () => ({ kind: 'rejected', reason: 'damaged_structure' }) }
    expect(await t.run(id, { sealPreparer })).toBe('seal_failed')
    await expectFailed(id, 'document_damaged_structure')
  })

  it('is one that brings its process down twice; once is forgiven', async () => {
    const sealPreparer: SealPreparer = { prepare: async () => ({ kind: 'memory' }) }
    const forgiven = await t.signed()
    expect(await retryOf(t.run(forgiven.id, { sealPreparer }))).toBe('killed_memory')
    expect(await t.run(forgiven.id)).toBe('completed')
    const { id } = await t.signed()
    expect(await retryOf(t.run(id, { sealPreparer }))).toBe('killed_memory')
    expect(await t.run(id, { sealPreparer })).toBe('seal_failed')
    await expectFailed(id, 'killed_memory')
  })

  it('is a chain of acts that somebody edited', async () => {
    const { id } = await t.signed()
    await t.pool.query(
      `update envelope_acts set facts = facts || '{"intentVersion":"other"}' where envelope_id = $1 and type = 'envelope.signed'`,
      [id],
    )
    expect(await t.run(id)).toBe('seal_failed')
    await expectFailed(id, 'acts_altered')
  })

  it('is an earlier signature that would suffer', async () => {
    const lock = '/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>]'
    const certified = await t.upload(signDocument(createDocument(), createSigner('Certifier'), { dict: lock }))
    // As if it had been sent before the judge knew of certifications.
    const report = {
      outcome: 'ok',
      signatures: (await judged(signDocument(createDocument(), createSigner('Ada')))).slice(0, 1),
      findings: [],
    }
    await t.deps.documentResults.write(
      { sha256: certified.sha256, version: certified.version, stage: 'signatures' },
      { kind: 'ok', value: report },
      t.clock.nowMs(),
    )
    const { id } = await t.signed(certified)
    expect(await t.run(id)).toBe('seal_failed')
    await expectFailed(id, 'earlier_signature')
  })
})

describe('nothing is believed', () => {
  it.each([
    ['a range that leaves out more', ([from, first, second, rest]: number[]) => [from, (first ?? 0) - 1, second, rest]],
    ['a range that ends before the file', ([from, first, second, rest]: number[]) => [from, first, second, (rest ?? 0) - 1]],
    ['a range in the old bytes', ([from, , , rest]: number[]) => [from, 10, 20, rest]],
  ])('of what the sandbox says of its work: %s', async (_what, change) => {
    const { id } = await t.signed()
    const sealPreparer = preparerThat((prepared) =>
      prepared.kind === 'ok'
        ? { kind: 'ok', value: { ...prepared.value, byteRange: change(prepared.value.byteRange) as [0, number, number, number] } }
        : prepared,
    )
    expect(await retryOf(t.run(id, { sealPreparer }))).toBe('killed_layout')
    expect(await t.run(id, { sealPreparer })).toBe('seal_failed')
    await expectFailed(id, 'killed_layout')
  })

  it('of an increment whose signature is not empty', async () => {
    const { id } = await t.signed()
    const sealPreparer = preparerThat((prepared) => {
      if (prepared.kind !== 'ok') return prepared
      const increment = Buffer.from(prepared.value.increment, 'base64')
      increment.write('1', increment.indexOf('/Contents <') + 20, 'latin1')
      return { kind: 'ok', value: { ...prepared.value, increment: increment.toString('base64') } }
    })
    expect(await retryOf(t.run(id, { sealPreparer }))).toBe('killed_layout')
  })

  it('of an increment that the judge does not follow: it is signed, looked at, and not handed out', async () => {
    const { id } = await t.signed()
    const sealPreparer = preparerThat((prepared) => {
      if (prepared.kind !== 'ok') return prepared
      const increment = Buffer.from(prepared.value.increment, 'base64')
      const at = increment.lastIndexOf('startxref') + 10
      increment.write(increment[at] === 0x31 ? '2' : '1', at, 'latin1')
      return { kind: 'ok', value: { ...prepared.value, increment: increment.toString('base64') } }
    })
    expect(await t.run(id, { sealPreparer })).toBe('seal_failed')
    expect(await t.read(id)).toMatchObject({ status: 'seal_failed' })
    expect(await t.blobsOf(id)).toEqual([])
  })

  it('of storage: a copy that reads back as something else is written anew, once', async () => {
    const { id } = await t.signed()
    const { blobs } = t.seal
    let spoiled = 0
    const spoiling: SealDeps['blobs'] = {
      ...blobs,
      write: async (key, content) => {
        await blobs.write(key, content)
        if (!key.includes('/sealed-')) return
        spoiled++
        const bytes = await t.bytesOf(key)
        bytes[100] = (bytes[100] ?? 0) ^ 1
        await blobs.write(key, bytes)
      },
    }
    expect(await retryOf(t.run(id, { blobs: spoiling }))).toBe('killed_read_back')
    expect((await t.read(id)).seal).toMatchObject({ step: 'signed' })
    expect(await t.run(id)).toBe('completed')
    await expectSealed(id)
    const again = await t.signed()
    await retryOf(t.run(again.id, { blobs: spoiling }))
    expect(await t.run(again.id, { blobs: spoiling })).toBe('seal_failed')
    await expectFailed(again.id, 'killed_read_back')
    expect(spoiled).toBe(3)
  })

  it('of storage: a certificate that reads back as something else is printed anew, once', async () => {
    const { id } = await t.signed()
    const { blobs } = t.seal
    const spoiling: SealDeps['blobs'] = {
      ...blobs,
      write: async (key, content) => blobs.write(key, key.includes('/certificate-') ? Buffer.from('%PDF-1.7') : content),
    }
    expect(await retryOf(t.run(id, { blobs: spoiling }))).toBe('killed_certificate_read_back')
    expect((await t.read(id)).seal).toMatchObject({ step: 'requested' })
    expect(await t.run(id)).toBe('completed')
    await expectSealed(id)
    const again = await t.signed()
    await retryOf(t.run(again.id, { blobs: spoiling }))
    expect(await t.run(again.id, { blobs: spoiling })).toBe('seal_failed')
    await expectFailed(again.id, 'killed_certificate_read_back')
  })
})

it('a document of 60 MiB is sealed with every process below its limit', async () => {
  const filler = Buffer.alloc(60 * 1_048_576, 'x')
  const small = textPdf(['large']).toString('latin1')
  const at = small.indexOf('xref')
  const stream = Buffer.concat([
    Buffer.from(`9 0 obj\n<< /Length ${filler.length} >>\nstream\n`),
    filler,
    Buffer.from('\nendstream\nendobj\n'),
  ])
  const head = Buffer.from(small.slice(0, at), 'latin1')
  const tail = small.slice(at).replace(/startxref\n\d+/, `startxref\n${at + stream.length}`)
  const document = await t.upload(Buffer.concat([head, stream, Buffer.from(tail, 'latin1')]))
  const { id } = await t.signed(document)
  t.measures.length = 0
  expect(await t.run(id)).toBe('completed')
  await expectSealed(id)
  expect(Math.max(...t.measures.map(({ peakBytes }) => peakBytes))).toBeLessThan(512 * 1_048_576)
}, 60_000)

it('nothing of the signers stands in clear in a blob’s name, a row or an event', async () => {
  const { id } = await t.signed()
  await t.run(id)
  for (const table of ['envelopes', 'envelope_acts', 'event_outbox']) {
    const { rows } = await t.pool.query<{ row: string }>(`select row_to_json(x)::text as row from ${table} x`)
    for (const { row } of rows) expect(row).not.toMatch(/Shikongo|Müller|House 7|example\.com/)
  }
})

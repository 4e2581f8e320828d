// Evidence bundles of completed envelopes: they verify by themselves, offline, and name whatever is not as it was.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import type { EnvelopeRecord } from '../../../src/domain/envelope-ports.ts'
import { hashOfAct } from '../../../src/domain/envelopes/acts.ts'
import { buildDocumentEvidence } from '../../../src/domain/envelopes/evidence-document.ts'
import { finishBundle, loadEvidence } from '../../../src/domain/envelopes/evidence-bundle.ts'
import { exportEvidence } from '../../../src/domain/envelopes/evidence-export.ts'
import { verifyEvidence } from '../../../src/domain/envelopes/evidence-verify.ts'
import { getEnvelopeActs } from '../../../src/domain/envelopes/read.ts'
import { createEventLog } from '../../../src/stores/redis/event-log.ts'
import { refusal } from '../../support/domain.ts'
import { sender } from '../../support/envelopes.ts'
import { createTestEvidence, type TestEvidence } from '../../support/evidence.ts'
import { createTestSealing } from '../../support/sealing.ts'

const run = promisify(execFile)

let it: TestEvidence
let record: EnvelopeRecord
let bundle: Map<string, Buffer>

beforeAll(async () => {
  it = await createTestEvidence()
  await it.noise(3)
  record = await it.complete()
  await it.noise(2)
  bundle = await it.bundle(record)
})

/** What `node verify.ts` says of a bundle in a folder of its own. */
async function verifyInFolder(
  files: ReadonlyMap<string, Buffer>,
  change: (folder: string) => void = () => {},
): Promise<{ code: number; output: string; errors: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'))
  try {
    for (const [name, content] of files) writeFileSync(join(folder, name), content)
    change(folder)
    const { stdout, stderr } = await run(process.execPath, ['verify.ts'], { cwd: folder, env: {} })
    return { code: 0, output: stdout, errors: stderr }
  } catch (error) {
    const { code = -1, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string }
    return { code, output: stdout, errors: stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const faults = (files: ReadonlyMap<string, Buffer>): string[] =>
  verifyEvidence(files)
    .looks.filter(({ ok }) => ok === false)
    .map(({ file }) => file)

const jsonOf = (name: string): unknown => JSON.parse(bundle.get(name)?.toString() ?? '')

describe('a bundle', () => {
  test('verifies by itself with nothing but Node', async () => {
    const { code, output } = await verifyInFolder(bundle)
    expect(output).not.toContain('FAIL')
    expect(output).toContain('The bundle is whole')
    expect(code).toBe(0)
  })

  test('holds every file that its notes name, and no other', () => {
    expect([...bundle.keys()].sort()).toEqual(
      [
        'README.txt',
        'acts.json',
        'audit.ndjson',
        'certificate.pdf',
        'certificates.pem',
        'checkpoint.jws',
        'envelope.json',
        'jwks.json',
        'manifest.json',
        'manifest.jws',
        'original.pdf',
        'retention.json',
        'sealed.pdf',
        'signatures.json',
        'verify.ts',
      ].sort(),
    )
    const notes = bundle.get('README.txt')?.toString() ?? ''
    for (const name of bundle.keys()) if (name !== 'README.txt') expect(notes).toContain(name)
  })

  test('shows the owner who signed, and nothing internal', () => {
    const facts = jsonOf('envelope.json') as { signers: { name: string; email: string }[] }
    expect(facts.signers.map(({ name }) => name)).toEqual(['Ada Shikongo', 'Ben Müller'])
    const all = [...bundle].filter(([name]) => !name.endsWith('.pdf')).map(([, content]) => content.toString())
    for (const text of all)
      for (const secret of [record.documentKey, record.seal?.sealedKey ?? '?', record.sealed]) expect(text).not.toContain(secret)
  })

  test('has the entries of other people only by place and hash: their ids are keys', () => {
    const lines = (bundle.get('audit.ndjson')?.toString() ?? '').trim().split('\n')
    expect(lines.join('\n')).not.toContain('secret-id')
    expect(lines.length).toBeGreaterThan(record.sequence)
    for (const line of lines) {
      const value = JSON.parse(line) as { subject?: string }
      if (value.subject !== undefined) expect([record.id, `retention:${record.id}`]).toContain(value.subject)
      else expect(Object.keys(value)).toEqual(['sequence', 'previousHash', 'hash'])
    }
  })

  test.for([
    'README.txt',
    'acts.json',
    'audit.ndjson',
    'certificate.pdf',
    'certificates.pem',
    'checkpoint.jws',
    'envelope.json',
    'jwks.json',
    'manifest.json',
    'manifest.jws',
    'original.pdf',
    'retention.json',
    'sealed.pdf',
    'signatures.json',
    'verify.ts',
  ])('names %s when it was altered, and when it is gone', (name) => {
    const content = Buffer.from(bundle.get(name) ?? '')
    content[Math.floor(content.length / 2)] = (content[Math.floor(content.length / 2)] ?? 0) ^ 1
    const isSignature = name === 'manifest.json'
    expect(faults(new Map([...bundle, [name, content]]))).toContain(isSignature ? 'manifest.jws' : name)
    const without = new Map(bundle)
    without.delete(name)
    expect(faults(without)).toContain(isSignature ? 'manifest.jws' : name)
  })

  test('ends the command with 1 and the name of what was altered', async () => {
    const content = Buffer.from(bundle.get('sealed.pdf') ?? '')
    content[20] = (content[20] ?? 0) ^ 1
    const { code, output } = await verifyInFolder(new Map([...bundle, ['sealed.pdf', content]]))
    expect(code).toBe(1)
    expect(output).toMatch(/FAIL {2}sealed\.pdf/)
    expect(output).toContain('NOT whole')
  })

  test('names a file that somebody put beside the others', () => {
    expect(faults(new Map([...bundle, ['extra.txt', Buffer.from('x')]]))).toEqual(['extra.txt'])
  })

  test('names folders and links that somebody put beside the files', async () => {
    const { code, output } = await verifyInFolder(bundle, (folder) => {
      mkdirSync(join(folder, 'more'))
      symlinkSync('sealed.pdf', join(folder, 'sealed-again.pdf'))
    })
    expect(code).toBe(1)
    expect(output).toMatch(/FAIL {2}more .*the manifest lists files alone/)
    expect(output).toMatch(/FAIL {2}sealed-again\.pdf /)
  })

  test('takes no link for a file that the manifest lists', async () => {
    const { code, output } = await verifyInFolder(bundle, (folder) => {
      renameSync(join(folder, 'sealed.pdf'), join(folder, 'manifest.old'))
      symlinkSync('manifest.old', join(folder, 'sealed.pdf'))
    })
    expect(code).toBe(1)
    expect(output).toMatch(/FAIL {2}sealed\.pdf/)
  })

  test('tells its reader where the key is published, since a forger would bring a key along', () => {
    expect(bundle.get('README.txt')?.toString()).toContain('https://sallyport.test/.well-known/jwks.json')
  })
})

describe('an envelope.json that the acts do not bear out is named, though it was signed with the bundle', () => {
  type Facts = Record<string, unknown> & { signers: Record<string, unknown>[]; seal: Record<string, unknown>; document: object }
  test.for<[string, (facts: Facts) => Facts, string]>([
    ['another class', (facts) => ({ ...facts, requiredClass: 'law_recognised' }), 'the required class'],
    ['other declarations', (facts) => ({ ...facts, declarations: {} }), 'what was declared'],
    ['another order', (facts) => ({ ...facts, order: 'none' }), 'the order'],
    ['fewer signers', (facts) => ({ ...facts, signers: facts.signers.slice(0, 1) }), 'how many signers there are, who acted'],
    ['another status', (facts) => ({ ...facts, status: 'seal_failed' }), 'its status'],
    ['another end', (facts) => ({ ...facts, endedAt: '2020-01-01T00:00:00.000Z' }), 'when it ended'],
    ['another document', (facts) => ({ ...facts, document: { ...facts.document, id: 'doc_x' } }), 'the document'],
    ['a name that nobody typed', (facts) => withSigner(facts, { signedName: 'Eve' }), 'the name that signer 1 typed'],
    ['a time at which nobody consented', (facts) => withSigner(facts, { consentedAt: null }), 'when signer 1 was consented'],
    ['a signer who has not signed', (facts) => withSigner(facts, { status: 'verified' }), 'whether signer 1 signed'],
    ['another range', (facts) => ({ ...facts, seal: { ...facts.seal, byteRange: [0, 1, 2, 3] } }), 'what the seal covers'],
    [
      'another certificate of completion',
      (facts) => ({ ...facts, seal: { ...facts.seal, certificateFileSha256: '0'.repeat(64) } }),
      'the certificate of completion',
    ],
  ])('%s', async ([, change, what]) => {
    const changed = Buffer.from(JSON.stringify(change(jsonOf('envelope.json') as Facts)))
    const own = ['jwks.json', 'verify.ts', 'README.txt', 'manifest.json', 'manifest.jws']
    const parts = [...bundle].filter(([name]) => !own.includes(name)).map(([name, content]) => ({ name, content }))
    const told = parts.map((part) => (part.name === 'envelope.json' ? { ...part, content: changed } : part))
    const files = await loadEvidence(it.deps.blobs, await finishBundle(it.evidence, 'envelope', record.id, told))
    const looks = verifyEvidence(files ?? new Map()).looks.filter(({ ok }) => ok === false)
    expect(looks.map(({ file, detail }) => `${file}: ${detail}`)).toContain(`envelope.json: the acts say something else of ${what}`)
  })

  const withSigner = (facts: Facts, change: object): Facts => ({
    ...facts,
    signers: facts.signers.map((signer, index) => (index === 0 ? { ...signer, ...change } : signer)),
  })
})

describe('what was tampered with before the bundle was made is named', () => {
  const tampered = async (sql: string, values: readonly unknown[]): Promise<string[]> => {
    const it = await createTestEvidence()
    const other = await it.complete()
    // So that a checkpoint speaks for it: a broken trail gets no new one.
    await it.bundle(other)
    await it.tamper(sql, [other.id, ...values])
    const looks = verifyEvidence(await it.bundle(other)).looks.filter(({ ok }) => ok === false)
    return looks.map(({ file, what, detail }) => `${file}: ${what}: ${detail}`)
  }

  test('an entry of the audit trail whose data was edited', async () => {
    const sql = `update audit_entries set data = '{"hash":"00"}' where subject = $1 and action = 'envelope.sent'`
    const found = await tampered(sql, [])
    expect(found.join('\n')).toMatch(/audit\.ndjson: each entry is what was hashed.*: entry \d+ was edited/)
    expect(found.join('\n')).toMatch(/the entry of act 1 has another hash/)
  })

  test('an act whose facts were edited', async () => {
    const found = await tampered(`update envelope_acts set facts = '{}' where envelope_id = $1 and type = 'envelope.signed'`, [])
    expect(found.join('\n')).toMatch(/acts\.json: .*: act \d+ was edited/)
  })

  test('an act that was removed', async () => {
    const found = await tampered(`delete from envelope_acts where envelope_id = $1 and type = 'envelope.consented' and signer = 2`, [])
    expect(found.join('\n')).toMatch(/acts\.json: .*missing or out of its place/)
  })
})

describe('there is no bundle of a row that its acts do not bear out', () => {
  test.for([
    ['fewer signers', `signers = jsonb_build_array(signers -> 0)`, 'number of signers'],
    ['another class', `required_class = 'law_unspecified'`, 'requiredClass'],
    ['other declarations', `declarations = '{}'`, 'declarations'],
    ['another end', `status = 'seal_failed'`, 'status'],
  ] as const)('%s', async ([, set, what]) => {
    const other = await it.complete()
    await it.tamper(`update envelopes set ${set} where id = $1`, [other.id])
    await expect(it.bundle(await it.read(other.id))).rejects.toThrow(`the envelope is not what its acts say: ${what}`)
  })
})

test('an act that was edited and called erased is told, though an act of a purge was put behind the last one', async () => {
  const other = await it.complete()
  const last = (await it.acts(other.id)).at(-1)
  expect(await getEnvelopeActs(it.deps, sender, other.id)).toMatchObject({ ok: true, fault: null })
  await it.tamper(`update envelope_acts set facts = '{}', erased = true where envelope_id = $1 and sequence = 1`, [other.id])
  const body = {
    envelopeId: other.id,
    sequence: other.sequence + 1,
    type: 'envelope.purged' as const,
    signer: null,
    at: last?.at ?? '',
    facts: {},
    personal: {},
    previousHash: other.actsHead,
  }
  await it.tamper(
    `insert into envelope_acts (envelope_id, sequence, type, signer, at, facts, personal, previous_hash, hash)
     values ($1, $2, $3, null, $4, '{}', null, $5, $6)`,
    [other.id, body.sequence, body.type, body.at, body.previousHash, hashOfAct(body)],
  )
  expect(await getEnvelopeActs(it.deps, sender, other.id)).toMatchObject({ ok: false, fault: { sequence: 1, reason: 'edited' } })
})

test('a certificate that was overwritten is named; of one that is gone or has another length there is no bundle', async () => {
  const other = await it.complete()
  const key = other.seal?.certificateKey ?? ''
  await it.deps.blobs.write(key, Buffer.from('%PDF-1.7 A certificate'))
  expect(faults(await it.bundle(other))).toEqual(['certificate.pdf', 'certificate.pdf'])
  await it.deps.blobs.write(key, Buffer.from('%PDF-1.7'))
  await expect(it.bundle(other)).rejects.toThrow('certificate.pdf is not in the store')
  await it.deps.blobs.remove(key)
  await expect(it.bundle(other)).rejects.toThrow('certificate.pdf is not in the store')
})

test('a bundle waits for the trail; of a trail that was cut it says so', async () => {
  const it = await createTestEvidence()
  const other = await it.complete()
  await it.tamper('delete from audit_entries where subject = $1 and action = $2', [other.id, 'envelope.completed'])
  expect(await refusal(it.bundle(other))).toMatchObject({ code: 'evidence_not_ready', retryAfterMs: 2_000 })
  // What has not come after ten minutes is missing: the bundle is made and says so.
  it.clock.advance(11 * 60_000)
  expect(faults(await it.bundle(other))).toEqual(['checkpoint.jws', 'audit.ndjson'])
})

test('there is no bundle before completion', async () => {
  const open = await it.ready()
  expect(await refusal(it.bundle(open))).toMatchObject({ code: 'evidence_not_ready' })
})

test('a bundle goes to the owner alone, tells the trail, and is refused when a file is not in the store', async () => {
  const events = createEventLog(it.domain.runner)
  const other = await it.complete()
  const get = (who = sender) => exportEvidence({ ...it.evidence, events }, who, other.id, { requestId: 'req-x' })
  expect(await refusal(get({ kind: 'user', subject: 'stranger', roles: [] }))).toMatchObject({ code: 'envelope_not_found' })
  expect((await get()).map(({ name }) => name)).toContain('sealed.pdf')
  await it.drain()
  const { rows } = await it.pool.query('select data from audit_entries where action = $1 and subject = $2', [
    'evidence.exported',
    `evidence:${other.id}`,
  ])
  expect(rows).toEqual([{ data: { manifestSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown } }])
  await it.deps.blobs.remove(other.seal?.sealedKey ?? '')
  await expect(get()).rejects.toThrow('sealed.pdf is not in the store')
})

test('a copy whose seal was altered in the store has a bundle that names it', async () => {
  const other = await it.complete()
  const { sealedKey = '', byteRange = [0, 0, 0, 0] } = other.seal ?? {}
  const content = Buffer.concat((await (await it.deps.blobs.read(sealedKey)).toArray()) as Buffer[])
  content.write('ff', byteRange[1] + 1, 'latin1')
  await it.deps.blobs.write(sealedKey, content)
  expect(faults(await it.bundle(other))).toEqual(['sealed.pdf', 'sealed.pdf', 'sealed.pdf', 'certificates.pem'])
})

test('an envelope that was sealed for real has a bundle that verifies, with our judgement of its seal', async () => {
  const sealing = await createTestSealing()
  const real = await createTestEvidence(sealing)
  const { id } = await sealing.signed()
  expect(await sealing.run(id)).toBe('completed')
  await real.drain()
  const files = await real.bundle(await sealing.read(id))
  expect(verifyEvidence(files).looks.filter(({ ok }) => ok !== true)).toEqual([])
  const { sealed } = JSON.parse(files.get('signatures.json')?.toString() ?? '') as { sealed: { signatures: unknown[] } }
  expect(sealed.signatures).toMatchObject([{ integrity: 'intact', coversWholeFile: true }])
  expect(JSON.parse(files.get('retention.json')?.toString() ?? '')).toMatchObject({ class: 'standard', legalHold: false })
})

test('what is larger than may be held in memory is not loaded', async () => {
  const files = [{ name: 'big.pdf', content: { key: 'a/b/c', bytes: 2_000, sha256: '' } }]
  expect(await loadEvidence(it.deps.blobs, files, 1_999)).toBeNull()
})

test('a document without an envelope has a bundle that verifies as well', async () => {
  const document = await it.document()
  const found = { type: 'document.processed', subject: `document:${document.id}`, sequence: 9 }
  await createEventLog(it.domain.runner).append(0, found, { requestId: 'r', actor: '' }, it.clock.nowMs())
  await it.drain()
  const files = await loadEvidence(it.deps.blobs, await buildDocumentEvidence(it.evidence, document))
  expect(files && verifyEvidence(files)).toMatchObject({ ok: true })
  files?.set('document.pdf', Buffer.from('%PDF'))
  expect(files && faults(files)).toContain('document.pdf')
})

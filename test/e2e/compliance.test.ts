// From a document to its verdict over HTTP, with real processes: an envelope is signed and sealed, checked, tampered with and checked again; signed files of ours and of others likewise.
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verdicts } from '../../bench/corpus-verdicts.ts'
import { createDocument, endedDocument, processPdf, storeUpload } from '../support/documents.ts'
import { envelopeThatIs, openSignerBrowser, sendEnvelope, signerLink } from '../support/envelope-http.ts'
import { until } from '../support/infra.ts'
import { textPdf } from '../support/pdf-files.ts'
import { startSystem, type System } from '../support/system.ts'

type Rule = { id: string; result: string; reason: string; evidence: unknown[]; remedy: string | null; isMandatory: boolean }
type Check = Record<string, unknown> & { id: string; verdict: string; rules: Rule[] }

const folder = mkdtempSync(join(tmpdir(), 'sallyport-compliance-'))
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

let system: System
let alice: Record<string, string>

beforeAll(async () => {
  system = await startSystem({ env: { STORAGE_URL: `file:${join(folder, 'blobs')}`, AUDIT_DIR: join(folder, 'audit') }, workers: 2 })
  alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
})

/** Sends an envelope to two signers, who sign it; its id and its document's once it is complete. */
async function completeEnvelope(more: Record<string, unknown> = {}): Promise<{ id: string; documentId: string }> {
  const mark = Math.random().toString(36).slice(2, 8)
  const signers = [
    { name: 'Ndapewa Shikongo', email: `ndapewa-${mark}@example.com` },
    { name: 'ǃGawaxab Ümit', email: `gawaxab-${mark}@example.com` },
  ]
  const envelope = await sendEnvelope(system, alice, { order: 'sequential', signers, ...more })
  for (const { email, name } of signers) await openSignerBrowser(system, await signerLink(system, email)).sign(email, name)
  await envelopeThatIs(system, alice, envelope.id, ['completed'])
  return { id: envelope.id, documentId: String(envelope['documentId']) }
}

async function check(documentId: string, more: Record<string, unknown> = {}): Promise<Check> {
  const path = `/v1/documents/${documentId}/compliance-checks`
  const asked = await system.call('POST', path, { ruleset: 'eta-2019', ...more }, alice)
  expect(asked.status, asked.text).toBe(202)
  const at = asked.headers.get('location') ?? ''
  const ended = await until(
    async () => {
      const { body } = await system.call('GET', at, undefined, alice)
      return body['status'] === 'final' ? body : null
    },
    { timeoutMs: 120_000 },
  )
  return ended as Check
}

const failing = ({ rules }: Check): string[] => rules.filter(({ result }) => result === 'FAIL').map(({ id }) => id)
const resultOf = ({ rules }: Check, id: string): string | undefined => rules.find((rule) => rule.id === id)?.result
const mandatoryNotPassed = ({ rules }: Check) =>
  rules.filter(({ isMandatory, result }) => isMandatory && result !== 'PASS').map(({ id, result, reason }) => `${id} ${result}: ${reason}`)

async function sealedCopy(id: string): Promise<Buffer> {
  const answer = await fetch(`${system.url}/v1/envelopes/${id}/sealed`, { headers: alice })
  expect(answer.status).toBe(200)
  return Buffer.from(await answer.arrayBuffer())
}

/** Every file beneath a folder. */
function filesIn(at: string): string[] {
  return readdirSync(at, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

describe('a completed envelope', () => {
  let agreed: { id: string; documentId: string }
  beforeAll(async () => {
    agreed = await completeEnvelope()
  })

  it('is CONSISTENT where the parties agreed, of class BASIC, with 41 rules that say why', async () => {
    const found = await check(agreed.documentId)
    expect(mandatoryNotPassed(found).filter((line) => !/NOT_APPLICABLE|NOT_IN_FORCE/.test(line))).toEqual([])
    expect(found).toMatchObject({
      verdict: 'CONSISTENT',
      reachedClass: 'BASIC',
      requiredClass: 'party_agreed',
      envelopeId: agreed.id,
      cached: false,
    })
    expect(found.rules).toHaveLength(41)
    expect(JSON.stringify(found)).not.toMatch(/score|percent/i)
    expect(String(found['disclaimer'])).toContain('not legal advice')
    expect(JSON.stringify(found)).not.toMatch(/ndapewa-|Shikongo/)
  })

  it('is INCONSISTENT on ETA-20-CLASS where a law asks for a signature, and the run before stays as it was', async () => {
    const before = await check(agreed.documentId)
    const found = await check(agreed.documentId, { requiredClass: 'law_unspecified' })
    expect(found.verdict).toBe('INCONSISTENT')
    expect(resultOf(found, 'ETA-20-CLASS')).toBe('FAIL')
    expect(found['verdictReasons']).toContain('ETA-20-CLASS')
    expect((await system.call('GET', `/v1/compliance-checks/${before.id}`, undefined, alice)).body).toEqual(before)
  })

  it('is examined once for the same content, and each run is an entry in the audit trail', async () => {
    const [one, other] = [await check(agreed.documentId), await check(agreed.documentId)]
    expect([other['cached'], other.verdict]).toEqual([true, one.verdict])
    expect(other.id).not.toBe(one.id)
    const admin = await system.as({ sub: 'root', roles: ['admin'] })
    for (const { id } of [one, other]) {
      await until(async () => {
        const { body } = await system.call('GET', `/v1/audit?subject=${id}`, undefined, admin)
        return (body['nodes'] as { action: string }[]).some(({ action }) => action === 'check.finished')
      })
    }
  })

  it('has a readable report', async () => {
    const { id } = await check(agreed.documentId)
    const answer = await fetch(`${system.url}/v1/compliance-checks/${id}?format=pdf`, { headers: alice })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/pdf'])
    expect(
      Buffer.from(await answer.arrayBuffer())
        .subarray(0, 5)
        .toString(),
    ).toBe('%PDF-')
  })

  it('is checked later when that is asked, also when the queue was lost in between', async () => {
    const path = `/v1/documents/${agreed.documentId}/compliance-checks`
    const asked = await system.call('POST', path, { ruleset: 'eta-2019', delay: 2 }, alice)
    expect(asked.body['status']).toBe('queued')
    const at = asked.headers.get('location') ?? ''
    const ended = await until(
      async () => {
        const { body } = await system.call('GET', at, undefined, alice)
        return body['status'] === 'final' ? body : null
      },
      { timeoutMs: 60_000 },
    )
    expect(Date.parse(String(ended['evaluatedAt']))).toBeGreaterThanOrEqual(Date.parse(String(ended['dueAt'])))
  })

  it('is found out when one byte of the stored sealed copy was changed', async () => {
    const { id, documentId } = await completeEnvelope()
    const sealed = await sealedCopy(id)
    const path = filesIn(join(folder, 'blobs', 'objects')).find((file) => existsSync(file) && readFileSync(file).equals(sealed)) ?? ''
    const bytes = Buffer.from(sealed)
    const at = bytes.length - 40
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(path, bytes)
    const found = await check(documentId)
    expect(found.verdict).toBe('INCONSISTENT')
    expect(failing(found)).toContain('ETA-21-INTEGRITY')
    expect(found['verdictReasons']).toContain('ETA-21-INTEGRITY')
  })

  it('is found out when it comes back with one byte changed', async () => {
    const bytes = await sealedCopy(agreed.id)
    const at = bytes.indexOf('/Type /Page') > 0 ? bytes.indexOf('/MediaBox') + 12 : 300
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    const document = await processPdf(system, alice, bytes)
    const found = await check(String(document['id']))
    expect(found.verdict).toBe('INCONSISTENT')
    expect(failing(found).some((rule) => rule === 'ETA-21-INTEGRITY' || rule.startsWith('SIG-'))).toBe(true)
  })

  it('is found out when an entry of its audit trail was edited', async () => {
    const { id, documentId } = await completeEnvelope()
    expect(resultOf(await check(documentId), 'ETA-25-CHAIN')).toBe('PASS')
    const client = new Client({ connectionString: system.env['DATABASE_URL'] })
    await client.connect()
    await client.query('alter table audit_entries disable trigger all')
    const edited = await client.query(`update audit_entries set actor = 'nobody' where subject like $1 and action = 'envelope.signed'`, [
      `%${id}`,
    ])
    await client.query('alter table audit_entries enable trigger all')
    await client.end()
    expect(edited.rowCount).toBeGreaterThan(0)
    const found = await check(documentId)
    expect([found.verdict, resultOf(found, 'ETA-25-CHAIN')]).toEqual(['INCONSISTENT', 'FAIL'])
  })

  it.runIf(existsSync('/usr/bin/pdfsig'))('is judged by pdfsig as by us', async () => {
    const path = join(folder, 'sealed.pdf')
    writeFileSync(path, await sealedCopy(agreed.id))
    const { stdout } = await promisify(execFile)('/usr/bin/pdfsig', ['-nocert', path])
    expect(stdout).toContain('Signature is Valid')
    expect(stdout).toContain('Total document signed')
  })
})

describe('an unsigned document without an envelope', () => {
  it('is neither consistent nor inconsistent', async () => {
    const document = await processPdf(system, alice, textPdf(['A letter']))
    const found = await check(String(document['id']))
    expect(found.verdict).toBe('INDETERMINATE')
    expect(resultOf(found, 'ETA-20-CLASS')).toBe('INDETERMINATE')
    expect(resultOf(found, 'CON-34-INFO')).toBe('NOT_IN_FORCE')
  })
})

const corpus = process.env['CORPUS_DIR']
describe.runIf(corpus !== undefined)('the signed files of others', () => {
  const named = (verdict: string): string[] => [...verdicts].filter(([, other]) => other === verdict).map(([name]) => name)
  const checked = async (name: string): Promise<Check> => {
    const bytes = readFileSync(join(corpus ?? '', 'signed', `${name}.pdf`))
    const path = await createDocument(system, alice, await storeUpload(system, alice, bytes))
    const document = await endedDocument(system, alice, path)
    return check(String(document['id']))
  }
  const isFoundOut = (found: Check): boolean => failing(found).some((rule) => rule === 'ETA-21-INTEGRITY' || rule.startsWith('SIG-'))

  it.each(named('manipulated'))('%s is found out', async (name) => {
    const found = await checked(name)
    expect(found.verdict).not.toBe('CONSISTENT')
    expect(isFoundOut(found)).toBe(true)
  })

  it.each(named('intact'))('%s has nothing of the kind against it', async (name) => {
    const found = await checked(name)
    expect(failing(found).filter((rule) => ['ETA-21-INTEGRITY', 'SIG-COVERAGE', 'SIG-INTACT', 'SIG-CHANGES'].includes(rule))).toEqual([])
    for (const { id, result } of found.rules) if (/^(?:ETA-20|RES)-/.test(id)) expect([id, result]).toEqual([id, 'NOT_IN_FORCE'])
  })
})

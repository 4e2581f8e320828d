// Sealing with real processes: the copy as it is handed out, workers that are killed on the way, and a key that is of no use.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSealingKey } from '../../src/standins/dev-sealing-key.ts'
import { envelopeThatIs, openSignerBrowser, sendEnvelope, signerLink } from '../support/envelope-http.ts'
import { processPdf } from '../support/documents.ts'
import { textPdf } from '../support/pdf-files.ts'
import { spawnNode } from '../support/processes.ts'
import { startSystem, type System } from '../support/system.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-sealing-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let people = 0
/** Sends an envelope to one person; what makes that person sign. */
async function readyToSign(system: System, who: Record<string, string>, documentId?: unknown) {
  const signer = { name: `Person ${++people}`, email: `sealing-${people}@example.com` }
  const { id } = await sendEnvelope(system, who, { signers: [signer], ...(documentId === undefined ? {} : { documentId }) })
  const browser = openSignerBrowser(system, await signerLink(system, signer.email))
  return { id, signer, sign: () => browser.sign(signer.email, signer.name) }
}
const storedOf = (root: string, id: string): string[] =>
  readdirSync(join(root, 'objects', 'envelopes', id))
    .map((name) => name.split('-')[0] ?? '')
    .toSorted()

describe('the sealed copy', { timeout: 120_000 }, () => {
  let system: System
  let alice: Record<string, string>
  const original = textPdf(['An agreement to be sealed.', 'Second page.'])
  beforeAll(async () => {
    system = await startSystem({ env: { STORAGE_URL: `file:${folder}/copy` } })
    alice = await system.as({ sub: 'alice', email: 'alice@example.com' })
  }, 60_000)

  it('is there once all have signed: whole, in parts, or not again for who has it, and only for those whom it concerns', async () => {
    const documentId = (await processPdf(system, alice, original))['id']
    const { id, signer, sign } = await readyToSign(system, alice, documentId)
    const path = `/v1/envelopes/${id}/sealed`
    const early = await system.call('GET', path, undefined, alice)
    expect([early.status, early.body['code']]).toEqual([409, 'envelope_not_sealed'])
    await sign()
    const envelope = await envelopeThatIs(system, alice, id, ['completed', 'seal_failed'])
    const sha256 = (envelope['seal'] as { sha256: string }).sha256
    expect(envelope).toMatchObject({ status: 'completed', seal: { step: 'verified', reason: null } })

    const whole = await fetch(`${system.url}${path}`, { headers: alice })
    const bytes = Buffer.from(await whole.arrayBuffer())
    expect([whole.status, whole.headers.get('content-type'), whole.headers.get('etag')]).toEqual([200, 'application/pdf', `"${sha256}"`])
    expect(whole.headers.get('content-disposition')).toMatch(/^attachment; filename="A title \(sealed\)\.pdf"/)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
    expect(bytes.subarray(0, original.length).equals(original)).toBe(true)
    const part = await fetch(`${system.url}${path}`, { headers: { ...alice, range: 'bytes=10-19' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true)
    expect((await system.call('GET', path, undefined, { ...alice, range: 'bytes=99999999-' })).status).toBe(416)
    expect((await system.call('GET', path, undefined, { ...alice, 'if-none-match': `"${sha256}"` })).status).toBe(304)
    expect((await system.call('GET', path)).status).toBe(401)
    expect((await system.call('GET', path, undefined, await system.as({ sub: 'bob' }))).status).toBe(404)
    expect((await system.call('GET', path, undefined, await system.as({ sub: 'root', roles: ['admin'] }))).status).toBe(200)
    expect((await system.call('GET', path, undefined, await system.as({ sub: 'x', email: signer.email }))).status).toBe(200)
    expect((await system.call('GET', '/v1/envelopes/env_nothing/sealed', undefined, alice)).status).toBe(404)
    expect(storedOf(join(folder, 'copy'), id)).toEqual(['certificate', 'sealed'])
  })
})

describe('workers that are killed while they seal', { timeout: 240_000 }, () => {
  it('leave one sealed copy and one end of each envelope', async () => {
    const root = join(folder, 'killed')
    const system = await startSystem({ workers: 2, env: { STORAGE_URL: `file:${root}` } })
    const alice = await system.as({ sub: 'alice' })
    const documentId = (await processPdf(system, alice, textPdf(['An agreement.'])))['id']
    const ready = await Promise.all(Array.from({ length: 8 }, () => readyToSign(system, alice, documentId)))
    // Each kill comes at another moment of somebody's sealing.
    for (const [at, { sign }] of ready.entries()) {
      await sign()
      if (at % 2 === 1) continue
      await system.workers.at(-1)?.kill()
      await system.startWorker()
    }
    for (const { id } of ready) {
      expect(await envelopeThatIs(system, alice, id, ['completed', 'seal_failed'], 90_000)).toMatchObject({ status: 'completed' })
      const { body } = await system.call('GET', `/v1/envelopes/${id}/acts`, undefined, alice)
      const types = (body['nodes'] as { type: string }[]).map(({ type }) => type)
      expect([body['ok'], types.slice(-3)]).toEqual([true, ['envelope.sealing', 'envelope.sealed', 'envelope.completed']])
      expect(storedOf(root, id).filter((name) => name === 'sealed')).toHaveLength(1)
    }
  })
})

describe('a sealing key that is of no use', { timeout: 60_000 }, () => {
  const expired = createSealingKey(Date.UTC(2010, 0, 1)).toString('base64')

  it('is found when a process starts: production ends, elsewhere nothing can be sent', async () => {
    const system = await startSystem({ env: { STORAGE_URL: `file:${folder}/bad`, SEALING_KEY_P12: expired } })
    expect(system.apis[0]?.lines.join('\n')).toContain('The sealing key cannot be used (expired)')
    expect(system.workers[0]?.lines.join('\n')).toContain('The sealing key cannot be used (expired)')
    const alice = await system.as({ sub: 'alice' })
    const documentId = (await processPdf(system, alice, textPdf(['An agreement.'])))['id']
    const refused = await system.call(
      'POST',
      '/v1/envelopes',
      { documentId, requiredClass: 'party_agreed', order: 'parallel', signers: [{ name: 'A', email: 'a@example.com' }] },
      alice,
    )
    expect([refused.status, refused.body['code']]).toEqual([503, 'sealing_unavailable'])
    expect(refused.text).toContain('expired')
    const production = { ...system.env, NODE_ENV: 'production', PUBLIC_URL: 'https://example.com', OUTBOX_URL: '' }
    for (const file of ['src/bin/api.ts', 'src/bin/worker.ts']) {
      const started = await spawnNode(file, production)
      await started.line(/The sealing key cannot be used \(expired\): the certificate has expired/)
      expect(await started.exited).toMatchObject({ code: 78 })
    }
  })
})

// Sealing real files that nobody here wrote (CORPUS_DIR): each is sealed with its bytes and its earlier signatures as they were, or refused with a word.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { preparedSeal } from '../../../src/contracts/seal.ts'
import { createPrinter } from '../../../src/providers/print/printer.ts'
import { loadSealingKey } from '../../../src/providers/sealing/sealing-key.ts'
import { memorySource } from '../../../src/sandbox/byte-source.ts'
import { prepareSeal } from '../../../src/sandbox/seal/seal.ts'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'
import { sealObstacle } from '../../../src/domain/envelopes/seal-judge.ts'
import { createSealingKey } from '../../../src/standins/dev-sealing-key.ts'

const corpus = process.env['CORPUS_DIR'] ?? ''
const nowMs = Date.now()
const { key } = loadSealingKey(createSealingKey(nowMs), '', nowMs)
const refusals = new Set([
  'not_a_pdf',
  'damaged',
  'too_complex',
  'too_large',
  'encrypted',
  'damaged_structure',
  'irregular_updates',
  'unusual_structure',
])
/** Its certification permits no further change: that is found when the copy is judged. */
const certified = 'dss-pkcs7-no-message-digest.pdf'

describe.runIf(existsSync(join(corpus, 'signed')))('the corpus', () => {
  let certificate: string
  beforeAll(async () => {
    const printed = await createPrinter().print({ title: 'Certificate', language: 'en', atMs: nowMs, footer: '', blocks: [] })
    certificate = printed.toString('base64')
  })

  /** How a file ends. */
  async function outcomeOf(name: string, file: Buffer): Promise<string> {
    const before = judgeSignatures(file, { nowMs })
    const options = {
      certificate: before.signatures.length > 0 ? null : certificate,
      name: 'Sallyport',
      reason: 'Sealed',
      date: 'D:20261120120000Z',
    }
    const reply = prepareSeal(memorySource(file), options)
    if (reply.kind !== 'ok') return reply.kind === 'rejected' ? reply.reason : reply.kind
    const { increment, byteRange } = preparedSeal.parse(reply.value)
    const copy = Buffer.concat([file, Buffer.from(increment, 'base64')])
    const [, first, second, rest] = byteRange
    const digest = createHash('sha256')
      .update(copy.subarray(0, first))
      .update(copy.subarray(second, second + rest))
      .digest()
    copy.write((await key.sign(digest, nowMs)).toString('hex'), first + 1, 'latin1')
    const standing = key.standing(nowMs)
    const obstacle = sealObstacle(judgeSignatures(copy, { nowMs }), before, standing.ready ? standing.certificate.sha256 : '')
    return obstacle === null ? 'sealed' : `${name}: ${obstacle}`
  }

  it.each([
    ['plain', 5, 5],
    ['signed', 42, 48],
    ['malformed', 30, 200],
  ])('%s', { timeout: 240_000 }, async (folder, least, most) => {
    const outcomes = new Map<string, number>()
    for (const name of readdirSync(join(corpus, folder)).filter((file) => file.endsWith('.pdf'))) {
      const outcome = await outcomeOf(name, readFileSync(join(corpus, folder, name)))
      if (outcome !== 'sealed' && outcome !== `${certified}: earlier_signature`) expect([...refusals]).toContain(outcome)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    expect(outcomes.get('sealed')).toBeGreaterThanOrEqual(least)
    expect(outcomes.get('sealed')).toBeLessThanOrEqual(most)
  })
})

// Public files that nobody here wrote, where CORPUS_DIR names a folder with them: honest, manipulated and broken ones.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { agrees, isConsistent, verdicts } from '../../../bench/corpus-verdicts.ts'
import { judgeSignatures } from '../../../src/sandbox/signatures/judge.ts'

const corpus = process.env['CORPUS_DIR']
const maxMs = 3_000
const maxRssBytes = 512 * 1024 * 1024

function list(folder: string): string[] {
  return corpus === undefined ? [] : readdirSync(join(corpus, folder)).filter((file) => file.endsWith('.pdf'))
}

function judge(file: string) {
  return judgeSignatures(readFileSync(join(corpus ?? '', 'signed', `${file}.pdf`)), { nowMs: Date.now() }).signatures
}

describe.runIf(corpus !== undefined)('the signed files of others', () => {
  const named = (verdict: string): string[] => [...verdicts].filter(([, other]) => other === verdict).map(([name]) => name)

  it.each(named('manipulated'))('%s is found out', (name) => {
    const signatures = judge(name)
    expect(signatures.every((signature) => isConsistent(signature))).toBe(false)
    expect(signatures.map((signature) => signature.indication)).not.toContain('TOTAL_PASSED')
  })

  // The base of the coverage files holds zeros in place of a signature: there is nothing that could be intact.
  it.each(named('intact').filter((name) => name !== 'pyhanko-coverage-anomalies_base'))('%s is intact', (name) => {
    expect(judge(name).map((signature) => signature.integrity)).not.toContain('altered')
    expect(agrees('intact', judge(name))).toBe(true)
  })

  it('agree with us in nine of ten cases', () => {
    const agreed = [...verdicts].filter(([name, verdict]) => agrees(verdict, judge(name)))
    expect(agreed.length / verdicts.size).toBeGreaterThanOrEqual(0.9)
  })
})

describe.runIf(corpus !== undefined)('broken files', () => {
  it.concurrent.each(['malformed', 'plain', 'signed'].flatMap((folder) => list(folder).map((file) => join(folder, file))))(
    '%s ends in time',
    async (file) => {
      const script = join(import.meta.dirname, '../judge-file.ts')
      const { stdout } = await promisify(execFile)(process.execPath, [script, join(corpus ?? '', file)])
      const cost = JSON.parse(stdout) as { outcome: string; ms: number; maxRssBytes: number }
      expect(cost.ms).toBeLessThan(maxMs)
      expect(cost.maxRssBytes).toBeLessThan(maxRssBytes)
    },
  )
})

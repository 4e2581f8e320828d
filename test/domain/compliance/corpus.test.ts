// Public signed and broken files that nobody here wrote, where CORPUS_DIR names a folder with them: examined in child processes, then asked by the rules. All that is
// not in the file is as good as can be, so that only the file decides.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { verdicts, type Verdict as Oracle } from '../../../bench/corpus-verdicts.ts'
import { requiredClasses } from '../../../src/contracts/envelope.ts'
import type { RuleOutcome } from '../../../src/contracts/compliance.ts'
import type { CheckFacts } from '../../../src/domain/compliance/facts.ts'
import type { Examined } from '../../../src/domain/compliance/gather-examination.ts'
import { examinationFacts, signatureFacts } from '../../../src/domain/compliance/gather-signatures.ts'
import { evaluateRules } from '../../../src/domain/compliance/evaluate.ts'
import { verdictOf } from '../../../src/domain/compliance/verdict.ts'
import { createExaminer } from '../../../src/providers/examiner.ts'
import { createInspector, type InspectionMeasure } from '../../../src/providers/inspector.ts'
import { envelopeFacts, ruleSet } from '../../support/compliance.ts'

const corpus = process.env['CORPUS_DIR']
const nowMs = Date.UTC(2026, 10, 20)
const measures: InspectionMeasure[] = []
const examiner = createExaminer(createInspector({ observe: (measure) => void measures.push(measure) }))
const never = new AbortController().signal

/** The rules that speak of what is in the file and whether it is what was signed. */
const integrityRules = ['ETA-21-INTEGRITY', 'SIG-COVERAGE', 'SIG-INTACT', 'SIG-CHANGES']
/** It holds zeros in place of a signature: there is nothing that could have been signed. */
const unsigned = 'pyhanko-coverage-anomalies_base'
/** Not intact to others; to us of a format that is not taken at all, so that nothing is said of it. */
const unsupported = new Set(['dss-DSS-1683'])

async function examineFile(folder: string, name: string): Promise<Examined> {
  const path = join(corpus ?? '', folder, `${name}.pdf`)
  const found = await examiner.examine(path, { trustedCertificates: [], nowMs }, never)
  switch (found.kind) {
    case 'ok':
      return { kind: 'ok', examination: found.value }
    case 'partial':
      return { kind: 'partial', examination: found.value, reason: found.reason }
    case 'rejected':
      return { kind: 'rejected', reason: found.reason }
    default:
      return { kind: 'killed', reason: found.kind, atMs: nowMs }
  }
}

/** Nothing else is wrong, over this file without an envelope. */
function factsOf(examined: Examined): CheckFacts {
  const facts = { ...envelopeFacts(), envelope: null }
  const around = { people: null, sealCertificateSha256: null, platformCertificates: [], trustList: null, receivedAtMs: nowMs }
  return {
    ...facts,
    subject: { ...facts.subject, what: 'document' },
    examination: examinationFacts(examined),
    signatures: signatureFacts(examined, around),
  }
}

async function check(folder: string, name: string) {
  const examined = await examineFile(folder, name)
  const facts = factsOf(examined)
  const rules = evaluateRules(facts, ruleSet)
  return { examined, rules, verdict: verdictOf(rules, facts.requiredClass).verdict, facts }
}

function failedOf(rules: readonly RuleOutcome[]): string[] {
  return rules.filter(({ id, result }) => result === 'FAIL' && integrityRules.includes(id)).map(({ id }) => id)
}

const named = (...wanted: Oracle[]): string[] => [...verdicts].filter(([, verdict]) => wanted.includes(verdict)).map(([name]) => name)

describe.runIf(corpus !== undefined)('the signed files of others', () => {
  it.each(
    named('manipulated', 'not intact', 'copied time-stamp', 'one of five not valid', 'ends').filter((name) => !unsupported.has(name)),
  )('%s does not pass as what was signed, whatever is asked for', async (name) => {
    const { rules, facts } = await check('signed', name)
    expect(failedOf(rules)).not.toEqual([])
    for (const requiredClass of [...requiredClasses, null])
      expect(verdictOf(evaluateRules({ ...facts, requiredClass }, ruleSet), requiredClass).verdict).toBe('INCONSISTENT')
  })

  it.each(named('intact', 'permitted changes', 'valid time-stamp').filter((name) => name !== unsigned))(
    '%s passes as what was signed',
    async (name) => {
      expect(failedOf((await check('signed', name)).rules)).toEqual([])
    },
  )

  it.each([...named('refused', 'no usable signature'), ...unsupported])('%s is never called consistent', async (name) => {
    expect((await check('signed', name)).verdict).not.toBe('CONSISTENT')
  })
})

describe.runIf(corpus !== undefined)('broken and plain files', () => {
  const files = ['malformed', 'plain'].flatMap((folder) =>
    corpus === undefined ? [] : readdirSync(join(corpus, folder)).map((file) => [folder, file.replace(/\.pdf$/, '')] as const),
  )

  it.each(files)('%s/%s ends in an answer, within its limits', async (folder, name) => {
    measures.length = 0
    const { examined } = await check(folder, name)
    expect(['ok', 'partial', 'rejected']).toContain(examined.kind)
    expect(measures[0]?.peakBytes).toBeLessThan(512 * 1_048_576)
  })
})

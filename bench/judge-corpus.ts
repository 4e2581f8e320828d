// Holds the judge of signatures against public files: `CORPUS_DIR=… node bench/judge-corpus.ts`. Prints what we say beside what others say.
// Files that the table does not know are judged and shown as well. Exits with 1 below 90 % agreement or when a manipulated file passes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Signature } from '../src/contracts/signature.ts'
import { judgeSignatures } from '../src/sandbox/signatures/judge.ts'
import { agrees, verdicts } from './corpus-verdicts.ts'

const MIN_AGREEMENT = 0.9

function describe(signature: Signature): string {
  const cover = signature.coversWholeFile ? 'whole file' : 'a part'
  return `${signature.integrity}, ${cover}, ${signature.laterChanges}, ${signature.indication}${signature.subIndication === undefined ? '' : ` ${signature.subIndication}`}`
}

function judgeFolder(folder: string): void {
  const rows = readdirSync(folder)
    .filter((file) => file.endsWith('.pdf'))
    .toSorted()
    .map((file) => judgeFile(folder, file))
  const known = rows.filter((row) => row.agrees !== undefined)
  const agreed = known.filter((row) => row.agrees === true)
  const unsafe = rows.filter((row) => row.isUnsafe)
  for (const row of rows) {
    console.log(
      `${row.agrees === undefined ? '?' : row.agrees ? '=' : '≠'} ${row.name.padEnd(74)} ${row.verdict.padEnd(22)} ${row.ms.toFixed(0).padStart(5)} ms`,
    )
    for (const line of row.lines) console.log(`      ${line}`)
  }
  const share = known.length === 0 ? 0 : agreed.length / known.length
  console.log(`\n${agreed.length} of ${known.length} agree (${(share * 100).toFixed(0)} %), ${unsafe.length} manipulated files pass`)
  if (share < MIN_AGREEMENT || unsafe.length > 0) process.exitCode = 1
}

function judgeFile(folder: string, file: string) {
  const name = file.slice(0, -4)
  const startMs = performance.now()
  const report = judgeSignatures(readFileSync(join(folder, file)), { nowMs: Date.now() })
  const verdict = verdicts.get(name)
  const agreement = verdict === undefined ? undefined : agrees(verdict, report.signatures)
  return {
    name,
    verdict: verdict ?? '-',
    ms: performance.now() - startMs,
    agrees: agreement,
    isUnsafe: verdict === 'manipulated' && agreement === false,
    lines: report.outcome === 'rejected' ? [`rejected: ${report.reason}`] : report.signatures.map((signature) => describe(signature)),
  }
}

const corpus = process.env['CORPUS_DIR']
if (corpus === undefined) {
  console.error('Set CORPUS_DIR to a folder that holds signed/*.pdf.')
  process.exitCode = 2
} else judgeFolder(join(corpus, 'signed'))

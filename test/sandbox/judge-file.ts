// Judges one file in a process of its own and prints what that cost: `node test/sandbox/judge-file.ts FILE`; the corpus tests run it.
import { readFileSync } from 'node:fs'
import { judgeSignatures } from '../../src/sandbox/signatures/judge.ts'

const startMs = performance.now()
const report = judgeSignatures(readFileSync(process.argv[2] ?? ''), { nowMs: Date.now() })
console.log(
  JSON.stringify({ outcome: report.outcome, ms: performance.now() - startMs, maxRssBytes: process.resourceUsage().maxRSS * 1024 }),
)

// Examines bytes in this process, for tests: what a child process would answer, without one.
import { loadPdfium } from '../../../src/sandbox/pdfium/library.ts'
import { memorySource } from '../../../src/sandbox/byte-source.ts'
import { examine } from '../../../src/sandbox/examination/examine.ts'
import { examination, type Examination } from '../../../src/contracts/examination.ts'
import type { InspectionReply } from '../../../src/contracts/inspection.ts'
import { nowMs } from '../signer.ts'

const library = await loadPdfium()

/** The answer as it would be sent. */
export async function answerOf(file: Buffer, trusted: readonly Buffer[] = []): Promise<InspectionReply> {
  const options = { nowMs, trustedCertificates: trusted.map((der) => der.toString('base64')) }
  return JSON.parse(JSON.stringify(await examine(library, memorySource(file), options))) as InspectionReply
}

/** What was found, held against the contract. Throws for a file that is rejected. */
export async function examineBytes(file: Buffer, trusted: readonly Buffer[] = []): Promise<Examination> {
  const answer = await answerOf(file, trusted)
  if (answer.kind === 'rejected') throw new Error(`rejected: ${answer.reason}`)
  return examination.parse(answer.value)
}

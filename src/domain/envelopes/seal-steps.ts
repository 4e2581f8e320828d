// The steps of sealing. Each goes from what the one before left, and gives what is to be recorded; nothing else may rest on it before it is. What a step
// writes has a name of its own, so that a run that was overtaken harms nobody's.
import { createHash } from 'node:crypto'
import { randomBytes } from '../../lib/random.ts'
import { analyserVersion, judgementKeptMs } from '../documents/policy.ts'
import type { EnvelopeRecord, SealState, SealStep } from '../envelope-ports.ts'
import type { Run } from '../verification/deliver.ts'
import { verifyActs } from './acts.ts'
import { certificateOf } from './certificate.ts'
import type { SealDeps } from './seal-deps.ts'
import { SealingFailed, SealingUpset } from './seal-fault.ts'
import { requireReport, requireValue, sealObstacle } from './seal-judge.ts'
import { digestCovered, documentContent, fillGap, readBlob, requireLayout } from './seal-layout.ts'

/** `written`: keys of the blobs that the step made. */
export type StepResult = { seal: SealState; written: readonly string[] }
type Sealing = EnvelopeRecord & { seal: SealState }
type Step = (deps: SealDeps, record: Sealing, run: Run) => Promise<StepResult>

/** What comes behind each step; behind the last one the envelope is completed. */
export const nextStep: Readonly<Record<Exclude<SealStep, 'verified'>, Step>> = {
  requested: assemble,
  assembled: sign,
  signed: store,
  stored: verify,
}

/** The certificate reads back as something else: what was assembled is made anew, for another copy would not mend it. */
export const certificateUpset = 'certificate_read_back'

/** The folder in which an envelope's blobs lie. */
export function envelopeFolder(id: string): string {
  return `envelopes/${id}`
}

function newKey(id: string, what: string): string {
  return `${envelopeFolder(id)}/${what}-${randomBytes(16).toString('hex')}`
}

/** Prints the certificate and has the document prepared: its pages, if none signed before, and an empty signature. */
async function assemble(deps: SealDeps, record: Sealing, run: Run): Promise<StepResult> {
  const { id, seal, isSigned, documentKey, documentBytes } = record
  const certificate = await printCertificate(deps, record)
  const atMs = deps.clock.nowMs()
  const request = { certificate: isSigned ? null : certificate, name: deps.policy.brand, reason: `Sealed envelope ${id}`, atMs }
  const prepared = requireValue(
    await deps.documentFiles.withStored(documentKey, run.signal, (path) => deps.sealPreparer.prepare(path, request, run.signal)),
  )
  run.signal.throwIfAborted()
  const increment = Buffer.from(prepared.increment, 'base64')
  requireLayout(increment, documentBytes, prepared.byteRange)
  if (prepared.pages > 0 === isSigned) throw new SealingUpset('pages')
  const [certificateKey, assembledKey] = [newKey(id, 'certificate'), newKey(id, 'assembled')]
  await deps.blobs.write(certificateKey, certificate)
  await deps.blobs.write(assembledKey, increment)
  const certificateFile = { certificateKey, certificateFileSha256: sha256Of(certificate), certificateFileBytes: certificate.length }
  const { byteRange } = prepared
  return { seal: { ...seal, step: 'assembled', ...certificateFile, assembledKey, byteRange }, written: [certificateKey, assembledKey] }
}

async function printCertificate(deps: SealDeps, record: Sealing): Promise<Buffer> {
  const acts = await deps.envelopes.acts(record.id)
  if (verifyActs(acts, record) !== null) throw new SealingFailed('acts_altered')
  const document = certificateOf(deps.keyring, record, acts, deps.policy.brand)
  if (!document) throw new SealingFailed('key_unknown')
  return deps.printer.print(document)
}

/** The one place where the key is used. */
async function sign(deps: SealDeps, record: Sealing): Promise<StepResult> {
  const { id, seal, documentBytes } = record
  const { assembledKey, byteRange } = recorded(seal, 'assembledKey', 'byteRange')
  const standing = deps.sealingKey.standing(deps.clock.nowMs())
  if (!standing.ready) throw new Error(`sealing_key_${standing.reason}`)
  const increment = await readBlob(deps.blobs, assembledKey)
  requireLayout(increment, documentBytes, byteRange)
  const digest = await digestCovered(documentContent(deps.blobs, record), increment, documentBytes, byteRange)
  const signature = await deps.sealingKey.sign(digest, deps.clock.nowMs())
  const signedKey = newKey(id, 'signed')
  await deps.blobs.write(signedKey, fillGap(increment, documentBytes, byteRange, signature))
  const { sha256: certificateSha256 } = standing.certificate
  return { seal: { ...seal, step: 'signed', assembledKey: signedKey, certificateSha256 }, written: [signedKey] }
}

/** Writes the sealed copy: the document and what is appended, in one piece. */
async function store(deps: SealDeps, record: Sealing): Promise<StepResult> {
  const { seal } = record
  const increment = await readBlob(deps.blobs, recorded(seal, 'assembledKey').assembledKey)
  const hash = createHash('sha256')
  let bytes = 0
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const chunk of documentContent(deps.blobs, record)) yield counted(chunk)
    yield counted(increment)
  }
  const counted = (chunk: Uint8Array): Uint8Array => {
    hash.update(chunk)
    bytes += chunk.byteLength
    return chunk
  }
  const sealedKey = newKey(record.id, 'sealed')
  await deps.blobs.write(sealedKey, content())
  return { seal: { ...seal, step: 'stored', sealedKey, sha256: hash.digest('hex'), bytes }, written: [sealedKey] }
}

/** Reads the copy and the certificate back, compares and judges the copy, and the document that it was made of. */
async function verify(deps: SealDeps, record: Sealing, run: Run): Promise<StepResult> {
  const { seal, documentKey } = record
  const { sealedKey, sha256, certificateSha256 } = recorded(seal, 'sealedKey', 'sha256', 'certificateSha256')
  const hash = createHash('sha256')
  for await (const chunk of (await deps.blobs.read(sealedKey)) as AsyncIterable<Buffer>) hash.update(chunk)
  if (hash.digest('hex') !== sha256) throw new SealingUpset('read_back')
  const { certificateKey, certificateFileSha256 } = recorded(seal, 'certificateKey', 'certificateFileSha256')
  if (sha256Of(await readBlob(deps.blobs, certificateKey)) !== certificateFileSha256) throw new SealingUpset(certificateUpset)
  const nowMs = deps.clock.nowMs()
  const judge = async (key: string) =>
    requireReport(await deps.documentFiles.withStored(key, run.signal, (path) => deps.sandbox.signatures(path, nowMs, run.signal)))
  const before = await judge(documentKey)
  const copy = await judge(sealedKey)
  const obstacle = sealObstacle(copy, before, certificateSha256)
  run.signal.throwIfAborted()
  if (obstacle !== null) throw new SealingFailed(obstacle)
  // For the evidence bundle.
  await deps.documentResults.write(
    { sha256, stage: 'signatures', version: analyserVersion },
    { kind: 'ok', value: copy },
    nowMs,
    judgementKeptMs,
  )
  for (const key of [sealedKey, certificateKey]) await deps.integrity.note({ subject: record.id, key, atMs: nowMs, outcome: 'intact' })
  return { seal: { ...seal, step: 'verified', signaturesBefore: before.signatures.length, sealedAtMs: nowMs }, written: [] }
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What earlier steps recorded; that it is not there is a fault of ours. */
function recorded<Key extends keyof SealState>(seal: SealState, ...keys: readonly Key[]): Required<Pick<SealState, Key>> {
  for (const key of keys) if (seal[key] === undefined) throw new Error(`seal without ${key}`)
  return seal as SealState & Required<Pick<SealState, Key>>
}

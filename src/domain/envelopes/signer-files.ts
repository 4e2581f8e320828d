// What a verified signer reads of the document: its pages as pictures, and the file itself.
import type { Readable } from 'node:stream'
import { AppError } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { EnvelopeDeps } from './deps.ts'
import { pageImage } from './pages.ts'
import { openEnvelope } from './personal.ts'
import { isVerified, maySee, notVerified, requireSigner, type FoundSigner } from './signer.ts'

/** The picture of a page, from 1 (image/webp). Throws `token_invalid`, `step_not_open` before the browser is verified, and `not_found`. */
export async function signerPageImage(deps: EnvelopeDeps, token: string, cookie: string | undefined, page: number): Promise<Buffer> {
  const { record } = await requireVisible(deps, token, cookie)
  const webp = await durably(() => pageImage(deps, record, page))
  if (!webp) throw new AppError('not_found', { detail: 'This page has no picture.' })
  return webp
}

/** The document as it stands: the sealed copy once there is one, else as it was sent. */
export type SignerDocument = { content: Readable; bytes: number; sha256: string; filename: string; isSealed: boolean }

/** A stream that the caller reads to its end or destroys. Throws as `signerPageImage` does. */
export async function signerDocument(deps: EnvelopeDeps, token: string, cookie: string | undefined): Promise<SignerDocument> {
  const { record } = await requireVisible(deps, token, cookie)
  const { sealedKey, sha256, bytes } = record.status === 'completed' && record.seal ? record.seal : {}
  const isSealed = sealedKey !== undefined && sha256 !== undefined && bytes !== undefined
  const file = isSealed
    ? { key: sealedKey, sha256, bytes }
    : { key: record.documentKey, sha256: record.documentSha256, bytes: record.documentBytes }
  const title = openEnvelope(deps.keyring, record.id, record.sealed)?.title ?? ''
  const content = await deps.blobs.read(file.key)
  return { content, bytes: file.bytes, sha256: file.sha256, filename: `${title === '' ? record.id : title}.pdf`, isSealed }
}

async function requireVisible(deps: EnvelopeDeps, token: string, cookie: string | undefined): Promise<FoundSigner> {
  const found = await requireSigner(deps, token)
  const nowMs = deps.clock.nowMs()
  if (!isVerified(deps.keyring, found, cookie, nowMs)) throw notVerified()
  if (!maySee(found, nowMs)) throw new AppError('not_found', { detail: 'The document is no longer to be seen here.' })
  return found
}

async function durably<Value>(read: () => Promise<Value>): Promise<Value> {
  try {
    return await read()
  } catch (cause) {
    throw new AppError('service_degraded', { retryAfterMs: SECOND_MS }, { cause })
  }
}

// Time-stamp tokens (RFC 3161): is the token itself right, and is it of this very data? A copied one is of something else.
import type { SignatureTimestamp } from '../../contracts/signature.ts'
import { digestOf } from './algorithms.ts'
import { isUniversal, readWholeAsn1, timeOf } from './asn1.ts'
import { subjectName } from './certificate.ts'
import { readCms } from './cms.ts'
import type { MessageVerdict } from './signed-message.ts'
import { judgeMessage } from './signed-message.ts'
import { computeDigest } from './verify-signature.ts'

const TST_INFO = '1.2.840.113549.1.9.16.1.4'

/** `atMs`: the time it states, undefined if it cannot be read. `verdict.integrity` speaks of the token and of its imprint together. */
export type TokenVerdict = { verdict: MessageVerdict; atMs: number | undefined }

/** Judges a token over these parts of data; `problem` says why it is no token. */
export function judgeToken(token: Buffer, parts: readonly Buffer[]): TokenVerdict | { problem: string } {
  const read = readCms(token)
  if ('problem' in read) return read
  const { message } = read
  const info = message.contentType === TST_INFO && message.content !== undefined ? readWholeAsn1(message.content) : undefined
  const [, , imprint, , time] = info?.children ?? []
  const atMs = timeOf(time)
  if (!isUniversal(imprint, 16) || message.content === undefined || atMs === undefined)
    return { problem: 'the time-stamp token is malformed' }
  const verdict = judgeMessage(message, [message.content])
  if (verdict.integrity !== 'intact') return { verdict, atMs }
  if (verdict.certificate?.mayTimestamp !== true)
    return { verdict: failed(verdict, 'unsupported', 'no_timestamp_usage', 'The certificate is not for time-stamping.'), atMs }
  const [algorithm, hash] = imprint.children
  const digest = digestOf(algorithm)
  const computed = digest === undefined ? undefined : computeDigest(digest, parts)
  if (computed === undefined)
    return { verdict: failed(verdict, 'unsupported', 'unknown_algorithm', 'The digest of the time-stamp is not understood.'), atMs }
  if (!isUniversal(hash, 4) || !hash.content.equals(computed)) {
    return { verdict: failed(verdict, 'altered', 'imprint_mismatch', 'The time-stamp is of other data.'), atMs }
  }
  return { verdict: { ...verdict, weak: verdict.weak || digest?.weak === true }, atMs }
}

function failed(verdict: MessageVerdict, integrity: 'altered' | 'unsupported', code: string, text: string): MessageVerdict {
  const subIndication =
    integrity === 'altered' ? 'HASH_FAILURE' : code === 'unknown_algorithm' ? 'CRYPTO_CONSTRAINTS_FAILURE' : 'CHAIN_CONSTRAINTS_FAILURE'
  return { ...verdict, integrity, failure: { subIndication, code, text } }
}

/** What the contract shows of a token. */
export function describeToken(token: TokenVerdict): SignatureTimestamp | undefined {
  if (token.atMs === undefined) return undefined
  const { certificate, integrity } = token.verdict
  return { at: new Date(token.atMs).toISOString(), integrity, authority: certificate === undefined ? null : subjectName(certificate) }
}

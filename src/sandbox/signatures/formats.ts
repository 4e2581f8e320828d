// The signature formats of PDF (/SubFilter): how the value in /Contents is read, and over what. One verdict for all of them.
import type { SubIndication } from '../../contracts/signature.ts'
import type { PdfDict } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import { digestNamed } from './algorithms.ts'
import { isUniversal, readAsn1 } from './asn1.ts'
import type { ByteRange } from './byte-range.ts'
import { readCertificate } from './certificate.ts'
import type { SignedMessage } from './cms.ts'
import { readCms } from './cms.ts'
import type { MessageVerdict } from './signed-message.ts'
import { judgeMessage } from './signed-message.ts'
import type { TokenVerdict } from './timestamp-token.ts'
import { judgeToken } from './timestamp-token.ts'
import { computeDigest, describeScheme, verifyValue } from './verify-signature.ts'

const DATA = '1.2.840.113549.1.7.1'
const SIGNATURE_TIMESTAMP = '1.2.840.113549.1.9.16.2.14'
const MAX_TOKENS = 8

/** `tokens`: time-stamps of this signature (for a document time-stamp: itself). `mustBind`: the format demands that the certificate is signed too. */
export type FormatVerdict = { verdict: MessageVerdict; tokens: TokenVerdict[]; mustBind: boolean }

/** Judges the value of a signature over its signed bytes. */
export function judgeFormat(dict: PdfDict, range: ByteRange): FormatVerdict {
  if (range.contents.every((byte) => byte === 0))
    return refuseFormat('FORMAT_FAILURE', 'empty', 'The signature was prepared but never made.')
  const format = nameOf(dict.entries.get('SubFilter'))
  switch (format) {
    case 'adbe.pkcs7.detached':
    case 'ETSI.CAdES.detached':
      return judgeDetached(range, format === 'ETSI.CAdES.detached')
    case 'adbe.pkcs7.sha1':
      return judgeSha1Content(range)
    case 'adbe.x509.rsa_sha1':
      return judgeBareRsa(dict, range)
    case 'ETSI.RFC3161':
      return judgeDocumentTimestamp(range)
    default:
      return refuseFormat('SIG_CONSTRAINTS_FAILURE', 'unknown_format', 'The format of the signature is not understood.')
  }
}

function judgeDetached(range: ByteRange, isCades: boolean): FormatVerdict {
  const read = readCms(range.contents)
  if ('problem' in read) return refuseFormat('FORMAT_FAILURE', 'malformed', `Malformed: ${read.problem}.`)
  const { message } = read
  if (message.content !== undefined)
    return refuseFormat('FORMAT_FAILURE', 'not_detached', 'A detached signature carries content of its own.')
  if (message.contentType !== DATA) return refuseFormat('FORMAT_FAILURE', 'content_type', 'The signature is over another type of content.')
  return { verdict: judgeMessage(message, range.parts, isCades ? 'der' : 'any'), tokens: judgeTokens(message), mustBind: isCades }
}

function judgeSha1Content(range: ByteRange): FormatVerdict {
  const read = readCms(range.contents)
  if ('problem' in read) return refuseFormat('FORMAT_FAILURE', 'malformed', `Malformed: ${read.problem}.`)
  const { message } = read
  const sha1 = digestNamed('SHA-1')
  const computed = sha1 === undefined ? undefined : computeDigest(sha1, range.parts)
  if (message.content === undefined || computed === undefined)
    return refuseFormat('FORMAT_FAILURE', 'no_content', 'The signature lacks its content.')
  const verdict = { ...judgeMessage(message, [message.content]), digestName: 'SHA-1', weak: true }
  const tokens = judgeTokens(message)
  if (verdict.integrity !== 'intact' || message.content.equals(computed)) return { verdict, tokens, mustBind: false }
  const failure = {
    subIndication: 'HASH_FAILURE',
    code: 'digest_mismatch',
    text: 'The signed bytes are not those that were signed.',
  } as const
  return { verdict: { ...verdict, integrity: 'altered', failure }, tokens, mustBind: false }
}

// The value is a bare PKCS #1 signature in an OCTET STRING, the certificate stands in the dictionary.
function judgeBareRsa(dict: PdfDict, range: ByteRange): FormatVerdict {
  const cert = dict.entries.get('Cert')
  const first = isKind(cert, 'array') ? cert.items[0] : cert
  const certificate = isKind(first, 'string') ? readCertificate(first.bytes) : undefined
  const value = readAsn1(range.contents)
  const sha1 = digestNamed('SHA-1')
  if (sha1 === undefined || !isUniversal(value?.element, 4))
    return refuseFormat('FORMAT_FAILURE', 'malformed', 'The signature value is malformed.')
  if (certificate?.key === undefined)
    return refuseFormat('NO_SIGNING_CERTIFICATE_FOUND', 'no_certificate', 'The certificate of the signer is not in the signature.')
  const scheme = { kind: 'rsa', digest: sha1 } as const
  const isRight = verifyValue(scheme, sha1, certificate.key, Buffer.concat(range.parts), value?.element.content ?? Buffer.alloc(0))
  const facts = {
    certificate,
    certificates: [certificate],
    algorithm: describeScheme(scheme, sha1, certificate.key),
    digestName: 'SHA-1',
    weak: true,
    reference: 'absent' as const,
  }
  if (range.contents.subarray(value?.length).some((byte) => byte !== 0)) {
    const failure = { subIndication: 'FORMAT_FAILURE', code: 'trailing_bytes', text: 'There are bytes after the signature value.' } as const
    return { verdict: { ...facts, integrity: 'altered', failure }, tokens: [], mustBind: false }
  }
  if (isRight === true) return { verdict: { ...facts, integrity: 'intact' }, tokens: [], mustBind: false }
  const failure = {
    subIndication: 'SIG_CRYPTO_FAILURE',
    code: 'signature_value',
    text: 'The signature value does not fit bytes and certificate.',
  } as const
  return { verdict: { ...facts, integrity: isRight === false ? 'altered' : 'unsupported', failure }, tokens: [], mustBind: false }
}

function judgeDocumentTimestamp(range: ByteRange): FormatVerdict {
  const token = judgeToken(range.contents, range.parts)
  if ('problem' in token) return refuseFormat('FORMAT_FAILURE', 'malformed', `Malformed: ${token.problem}.`)
  return { verdict: token.verdict, tokens: [token], mustBind: false }
}

function judgeTokens(message: SignedMessage): TokenVerdict[] {
  const tokens = message.unsignedAttributes.values.get(SIGNATURE_TIMESTAMP) ?? []
  return tokens.slice(0, MAX_TOKENS).map((token) => {
    const judged = judgeToken(token.raw, [message.value])
    if (!('problem' in judged)) return judged
    // A token that was damaged is not the same as none.
    return { verdict: refuseFormat('FORMAT_FAILURE', 'malformed', `Malformed: ${judged.problem}.`).verdict, atMs: undefined }
  })
}

/** The verdict on a value that cannot be judged. */
export function refuseFormat(subIndication: SubIndication, code: string, text: string): FormatVerdict {
  const failure = { subIndication, code, text }
  return {
    verdict: { integrity: 'unsupported', failure, certificates: [], algorithm: null, digestName: null, weak: false, reference: 'unknown' },
    tokens: [],
    mustBind: false,
  }
}

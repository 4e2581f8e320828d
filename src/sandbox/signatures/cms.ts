// Reads a CMS SignedData (RFC 5652) with one signer into the pieces that a verdict needs, each with its exact bytes.
// Whether they fit each other is judged in signed-message.ts.
import type { Digest, SignatureScheme } from './algorithms.ts'
import { digestOf, nameDigest, schemeOf } from './algorithms.ts'
import type { Asn1 } from './asn1.ts'
import { isContext, isUniversal, oidOf, readAsn1 } from './asn1.ts'
import { readFrame } from './cms-frame.ts'

const SIGNED_DATA = '1.2.840.113549.1.7.2'

/** `values` by attribute type; a type given twice has the values of both. */
export type Attributes = { values: Map<string, Asn1[]> }
/** How the signer's certificate is named: by issuer and serial number (raw DER of each), or by key identifier. */
export type SignerId = { issuer: Buffer; serial: Buffer } | { keyId: Buffer }

export type SignedMessage = {
  contentType: string
  content: Buffer | undefined
  certificates: Buffer[]
  signerId: SignerId
  digest: Digest | undefined
  /** As the message says, understood or not. */
  digestName: string | null
  scheme: SignatureScheme | undefined
  /** The bytes that are signed when there are signed attributes: their DER as a SET. */
  signedAttributesDer: Buffer | undefined
  /** The same in the order that they came in. Differs from the above only in messages that are not DER. */
  signedAttributesAsSent: Buffer | undefined
  signedAttributes: Attributes
  unsignedAttributes: Attributes
  value: Buffer
  /** Bytes after the message: real files pad with zeros, anything else was put there. */
  trailing: Buffer
}

export type CmsRead = { message: SignedMessage } | { problem: string }

/** Reads a ContentInfo with SignedData and exactly one signer. `problem` says what is wrong with it. */
export function readCms(bytes: Buffer): CmsRead {
  const read = readAsn1(bytes)
  if (read === undefined || !isUniversal(read.element, 16)) return { problem: 'the signature value is not a CMS message' }
  const frame = readFrame(read.element, SIGNED_DATA)
  if ('problem' in frame) return frame
  const { signer, content } = frame
  const contentType = oidOf(frame.contentType)
  if (contentType === undefined) return { problem: 'the signed data names no content type' }
  const certificates = frame.certificates.filter((child) => isUniversal(child, 16)).map((child) => child.raw)
  const fields = readSigner(signer)
  if (fields === undefined) return { problem: 'the signer information is malformed' }
  return { message: { contentType, content: content?.content, certificates, ...fields, trailing: bytes.subarray(read.length) } }
}

type SignerFields = Omit<SignedMessage, 'contentType' | 'content' | 'certificates' | 'trailing'>

function readSigner(signer: Asn1): SignerFields | undefined {
  const [, sid, digestAlgorithm, ...rest] = signer.children
  const signerId = readSignerId(sid)
  const signed = rest.find((field) => isContext(field, 0))
  const [algorithm, value] = rest.filter((field) => field.tagClass === 1)
  if (signerId === undefined || !isUniversal(algorithm, 16) || !isUniversal(value, 4)) return undefined
  return {
    signerId,
    digest: digestOf(digestAlgorithm),
    digestName: nameDigest(digestAlgorithm),
    scheme: schemeOf(algorithm),
    // RFC 5652, 5.4: signed as the DER of a SET OF, not under the tag [0] that it is sent with.
    signedAttributesDer: signed === undefined ? undefined : encodeSetOf(signed.children.map((child) => child.raw)),
    signedAttributesAsSent: signed === undefined ? undefined : Buffer.concat([Buffer.from([0x31]), signed.raw.subarray(1)]),
    signedAttributes: readAttributes(signed),
    unsignedAttributes: readAttributes(rest.find((field) => isContext(field, 1))),
    value: value.content,
  }
}

/** The DER of a SET OF: its elements in ascending order of their bytes (X.690, 11.6). */
function encodeSetOf(elements: Buffer[]): Buffer {
  const content = Buffer.concat(elements.toSorted((one, other) => Buffer.compare(one, other)))
  const length: number[] = []
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff)
  const header = content.length < 0x80 ? [0x31, content.length] : [0x31, 0x80 | length.length, ...length]
  return Buffer.concat([Buffer.from(header), content])
}

function readSignerId(sid: Asn1 | undefined): SignerId | undefined {
  if (isContext(sid, 0)) return { keyId: sid.content }
  const [issuer, serial, other] = isUniversal(sid, 16) ? sid.children : []
  if (other !== undefined) return undefined
  return isUniversal(issuer, 16) && isUniversal(serial, 2) ? { issuer: issuer.raw, serial: serial.content } : undefined
}

function readAttributes(set: Asn1 | undefined): Attributes {
  const values = new Map<string, Asn1[]>()
  for (const attribute of set?.children ?? []) {
    const type = oidOf(attribute.children[0])
    if (type === undefined) continue
    values.set(type, [...(values.get(type) ?? []), ...(attribute.children[1]?.children ?? [])])
  }
  return { values }
}

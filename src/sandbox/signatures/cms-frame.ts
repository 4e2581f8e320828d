// The outer form of a CMS message (RFC 5652): what no signature covers, and where a byte could be another without anybody noticing.
// What stands in the fields is read in cms.ts.
import type { Asn1 } from './asn1.ts'
import { isContext, isUniversal, oidOf } from './asn1.ts'

const messageVersions = [1, 3, 4, 5]

/** The parts of a SignedData of one signer, each of the right tag and none besides. */
export type CmsFrame = { contentType: Asn1; content: Asn1 | undefined; certificates: readonly Asn1[]; signer: Asn1 }

/** Takes a ContentInfo with SignedData apart; `problem` says what is wrong with it. */
export function readFrame(element: Asn1, signedDataOid: string): CmsFrame | { problem: string } {
  const [type, wrapper, ...others] = element.children
  const [signedData, ...more] = isContext(wrapper, 0) ? wrapper.children : []
  if (oidOf(type) !== signedDataOid || !isUniversal(signedData, 16)) return { problem: 'the CMS message holds no signed data' }
  if (others.length + more.length > 0 || ![element, wrapper, signedData].every(isFilled))
    return { problem: 'the CMS message is not filled' }
  const [version, digests, encapsulated, ...rest] = signedData.children
  const signers = rest.pop()
  const [certificates, lists, ...unknown] = rest[0] !== undefined && isContext(rest[0], 1) ? [undefined, ...rest] : rest
  const isInOrder = [certificates, lists].every((field, tag) => field === undefined || (isContext(field, tag) && isFilled(field)))
  const [contentType, content, ...surplus] = encapsulated?.children ?? []
  const isWhole =
    isInteger(version, messageVersions) &&
    isUniversal(encapsulated, 16) &&
    isFilled(encapsulated) &&
    isUniversal(signers, 17) &&
    isFilled(signers)
  if (!isWhole || !isInOrder || unknown.length + surplus.length > 0 || (content !== undefined && !isContext(content, 0)))
    return { problem: 'the signed data is malformed' }
  const [signer, other] = signers?.children ?? []
  if (!isUniversal(signer, 16) || other !== undefined) return { problem: 'the signed data has not exactly one signer' }
  if (!isSignerWhole(signer) || !listsDigest(digests, signer.children[2]) || !contentType)
    return { problem: 'the signer information is malformed' }
  return { contentType, content: content?.children[0], certificates: certificates?.children ?? [], signer }
}

// version, sid, digestAlgorithm, [0] signed attributes, signatureAlgorithm, signature, [1] unsigned attributes
function isSignerWhole(signer: Asn1): boolean {
  const [version, signerId, digest, ...rest] = signer.children
  const [algorithm, value, ...others] = isContext(rest[0], 0) ? rest.slice(1) : rest
  const unsigned = others[0]
  return (
    isFilled(signer) &&
    // 5.3: by issuer and serial number, or by key identifier.
    isInteger(version, [isContext(signerId, 0) ? 3 : 1]) &&
    isPlainAlgorithm(digest) &&
    (isPlainAlgorithm(algorithm) || hasParameters(algorithm)) &&
    isUniversal(value, 4) &&
    others.length <= 1 &&
    (unsigned === undefined || (isContext(unsigned, 1) && isFilled(unsigned)))
  )
}

// RFC 5652, 5.1: the set lists the digests that the signers use. With one signer there is one.
function listsDigest(digests: Asn1 | undefined, used: Asn1 | undefined): boolean {
  return (
    isUniversal(digests, 17) &&
    isFilled(digests) &&
    digests.children.every(isPlainAlgorithm) &&
    digests.children.some((digest) => oidOf(digest.children[0]) === oidOf(used?.children[0]))
  )
}

// RSASSA-PSS says more of itself, and some name a curve.
function hasParameters(algorithm: Asn1 | undefined): boolean {
  const [, parameters, ...others] = algorithm?.children ?? []
  const isKnown = isUniversal(parameters, 16) || oidOf(parameters) !== undefined
  return isUniversal(algorithm, 16) && isFilled(algorithm) && isKnown && others.length === 0
}

// Digests, and most signature algorithms, have no parameters, or NULL for none.
function isPlainAlgorithm(algorithm: Asn1 | undefined): boolean {
  const [oid, parameters, ...others] = algorithm?.children ?? []
  const isPlain = parameters === undefined || (isUniversal(parameters, 5) && parameters.content.length === 0)
  return isUniversal(algorithm, 16) && isFilled(algorithm) && oidOf(oid) !== undefined && isPlain && others.length === 0
}

function isInteger(element: Asn1 | undefined, allowed: readonly number[]): boolean {
  return isUniversal(element, 2) && element.content.length === 1 && allowed.includes(element.content[0] ?? -1)
}

/** Whether the children of an element are all that it holds. Of an indefinite length the two zeros that end it belong to it. */
function isFilled(element: Asn1 | undefined): boolean {
  if (element === undefined || !element.constructed) return false
  const heldBytes = element.children.reduce((sum, child) => sum + child.raw.length, 0)
  return element.content.length - heldBytes === (element.raw[1] === 0x80 ? 2 : 0)
}

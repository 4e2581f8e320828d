// What makes an advanced signature a recognised one: a provider on the regulator's list, and a certificate as the regulations want it.
import { combine, fail, note, pass, unsure, type Evaluator } from '../finding.ts'
import type { ProviderFacts } from '../facts.ts'
import { signersSignatures } from '../signing-time.ts'
import { certificateNotes, noOwnCertificate } from './advanced.ts'
import type { SignatureRule } from './signatures.ts'

const noCertificate = 'A signature names no certificate.'
const enciphering = new Set(['keyEncipherment', 'dataEncipherment', 'keyAgreement', 'encipherOnly', 'decipherOnly'])
const signing = new Set(['digitalSignature', 'nonRepudiation', 'contentCommitment'])

export const chainOf: SignatureRule = (signature, { trustList }) => {
  const { path, certificate, signedAt } = signature
  const list = trustList ? [note('fact', trustList.version, 'trust list')] : []
  const evidence = [...certificateNotes(signature), ...list]
  if (path.end === 'self' || certificate?.isSelfSigned)
    return fail('The path ends at the certificate itself: it was issued by its own holder.', evidence)
  if (!trustList) return unsure('No list of accredited providers is configured.', evidence)
  if (trustList.isStale) return unsure('The list of accredited providers is out of date.', evidence)
  if (path.end === 'other' || !certificate) return fail('The path ends at a certificate that is not on the list.', evidence)
  if (signedAt === null) return unsure('Whether the certificate was valid when it signed is not known.', evidence)
  const isValid = Date.parse(certificate.notBefore) <= Date.parse(signedAt) && Date.parse(signedAt) <= Date.parse(certificate.notAfter)
  const anchor = note('certificate', path.anchorSha256 ?? 'unknown', 'on the list')
  return isValid
    ? pass('The path ends at a provider on the list.', [...evidence, anchor])
    : fail('The certificate was not valid when it signed.', [...evidence, anchor])
}

export const accreditationOf: SignatureRule = (signature, { trustList }) => {
  const { provider, certificate, signedAt } = signature
  if (!trustList) return unsure('No list of accredited providers is configured.', certificateNotes(signature))
  if (!provider || !certificate) return unsure('No provider on the list stands behind the certificate.', certificateNotes(signature))
  const evidence = [...certificateNotes(signature), note('fact', provider.name, `provider, by list ${trustList.version}`)]
  if (signedAt === null) return unsure('When it signed is not known.', evidence)
  const standings = [standingAt(provider, certificate.notBefore), standingAt(provider, signedAt)]
  const lost = standings.find((standing) => standing !== null && standing !== 'accredited')
  if (lost !== undefined && lost !== null) return fail(`The provider’s standing was: ${lost}.`, evidence)
  if (standings.includes(null)) return unsure('The list does not say how the provider stood at that time.', evidence)
  return pass('The provider was on the list at issue and at signing.', evidence)
}

export const contentOf: SignatureRule = (signature) => {
  const { certificate, key } = signature
  if (!certificate) return fail(noCertificate)
  const evidence = certificateNotes(signature)
  const missing = (parts: readonly (readonly [string, boolean])[]) =>
    parts.filter(([, isThere]) => !isThere).map(([name]) => note('fact', name, 'is missing'))
  const essential = missing([
    ['serial number', certificate.serialNumber !== ''],
    ['subject', certificate.hasName],
    ['key', key !== null],
    ['validity', certificate.notBefore !== '' && certificate.notAfter !== ''],
    ['issuer', certificate.hasIssuer],
  ])
  if (essential.length > 0) return fail('The certificate lacks particulars that every certificate has.', [...evidence, ...essential])
  const local = missing([
    ['identifier of the subscriber', certificate.hasIdentifier],
    ['registry code of the issuer', certificate.hasRegistryCode],
    ['limits of use', certificate.relianceLimit !== null],
    ['qualifying mark', certificate.qualifying],
  ])
  return local.length > 0
    ? unsure('The certificate lacks particulars that only the draft regulations ask for.', [...evidence, ...local])
    : pass('The certificate has all particulars.', evidence)
}

export const keyUseOf: SignatureRule = (signature) => {
  const { certificate } = signature
  if (!certificate) return unsure(noCertificate)
  const evidence = [...certificateNotes(signature), note('fact', certificate.keyUsage?.join(', ') ?? 'none', 'key usage')]
  if (certificate.keyUsage === null) return unsure('The certificate does not say what its key is for.', evidence)
  if (certificate.keyUsage.some((use) => enciphering.has(use))) return fail('The key may also encipher.', evidence)
  return certificate.keyUsage.every((use) => signing.has(use))
    ? pass('The key is for signing only.', evidence)
    : unsure('The key has uses besides signing.', evidence)
}

export const revocationOf: SignatureRule = (signature) =>
  unsure('Whether the certificate was revoked is not looked up (offline).', certificateNotes(signature))

export const limitsOf: SignatureRule = (signature, { declarations: { value } }) => {
  const limit = signature.certificate?.relianceLimit
  const evidence = [...certificateNotes(signature), ...(limit ? [note('fact', `${limit.amount} ${limit.currency}`, 'reliance limit')] : [])]
  if (!limit) return unsure('The certificate states no limit that can be read by a machine.', evidence)
  if (!value) return unsure('What the document is worth is not declared.', evidence)
  const worth = note('fact', `${value.amount} ${value.currency}`, 'declared value')
  if (limit.currency !== value.currency) return unsure('Limit and value are in different currencies.', [...evidence, worth])
  return value.amount <= limit.amount
    ? pass('The value is within the reliance limit.', [...evidence, worth])
    : fail('The value is over the reliance limit.', [...evidence, worth])
}

const home = 'NA'

export const foreignnessOf: SignatureRule = (signature, { declarations }) => {
  const country = signature.provider?.country ?? signature.certificate?.country ?? null
  const evidence = [...certificateNotes(signature), note('fact', country ?? 'unknown', 'country of the issuer')]
  if (country === home) return pass('The issuer is of this country.', evidence)
  if (declarations.foreignSignatures === 'excluded')
    return fail('The parties excluded foreign certificates.', [...evidence, note('fact', 'excluded', 'declared')])
  if (declarations.foreignSignatures === 'agreed')
    return pass('The parties agreed on foreign certificates.', [...evidence, note('fact', 'agreed', 'declared')])
  if (signature.provider?.isEquivalentForeign) return pass('The provider is on the list of equivalent foreign ones.', evidence)
  return unsure(
    country === null ? 'Where the issuer is from is not known.' : 'The issuer is on no list of equivalent foreign ones.',
    evidence,
  )
}

export const chain = ofSigners(chainOf)
export const accreditation = ofSigners(accreditationOf)
export const content = ofSigners(contentOf)
export const keyUse = ofSigners(keyUseOf)
export const revocation = ofSigners(revocationOf)
export const limits = ofSigners(limitsOf)
export const foreignness = ofSigners(foreignnessOf)

function ofSigners(ruleOf: SignatureRule): Evaluator {
  return (facts, set) =>
    combine(
      signersSignatures(facts).map((signature) => ruleOf(signature, facts, set)),
      noOwnCertificate,
    )
}

/** Null when the list says nothing of that time. */
function standingAt({ intervals }: ProviderFacts, at: string): ProviderFacts['intervals'][number]['status'] | null {
  const atMs = Date.parse(at)
  return intervals.find(({ fromMs, untilMs }) => fromMs <= atMs && (untilMs === null || atMs < untilMs))?.status ?? null
}

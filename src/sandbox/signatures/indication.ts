// From facts to the words of ETSI EN 319 102-1. Each line is a reason not to pass; a signature passes when none applies.
import type { Indication, SignatureReason, SubIndication } from '../../contracts/signature.ts'
import type { Certificate } from './certificate.ts'
import type { ChainResult } from './chain.ts'
import { judgeChain } from './chain.ts'
import type { FormatVerdict } from './formats.ts'
import type { LaterChanges } from './later-changes.ts'

/** `fields`: how many form fields hold the signature. `later`: undefined when the integrity is not intact. Moments are milliseconds. */
export type Facts = {
  format: FormatVerdict
  later: LaterChanges | undefined
  fields: number
  isDocumentTimestamp: boolean
  trusted: readonly Certificate[]
  nowMs: number
}

export type Verdict = { indication: Indication; subIndication?: SubIndication; reasons: SignatureReason[] }
type Objection = SignatureReason & { subIndication: SubIndication }

/** Sub-indications that mean a failure; the others leave the matter open. */
const failing = new Set<SubIndication>(['FORMAT_FAILURE', 'HASH_FAILURE', 'SIG_CRYPTO_FAILURE'])

const chainObjections: Record<Exclude<ChainResult, 'trusted'>, Objection> = {
  unknown: {
    subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    code: 'chain_unknown',
    text: 'No chain leads from the certificate to a trusted one.',
  },
  expired: {
    subIndication: 'OUT_OF_BOUNDS_NO_POE',
    code: 'expired',
    text: 'The certificate has expired, and no trusted time-stamp shows an earlier signature.',
  },
  not_yet_valid: { subIndication: 'NOT_YET_VALID', code: 'not_yet_valid', text: 'The certificate was not yet valid.' },
  revocation_unknown: {
    subIndication: 'TRY_LATER',
    code: 'revocation_unknown',
    text: 'Whether the certificate was revoked is not known here.',
  },
}

/** The verdict on a signature. The first objection names the sub-indication, all of them are reasons. */
export function decide(facts: Facts): Verdict {
  const objections = [...findObjections(facts)]
  const [first] = objections
  const reasons = [...objections.map(({ code, text }) => ({ code, text: text.slice(0, 300) })), ...remarks(facts)]
  if (first === undefined) return { indication: 'TOTAL_PASSED', reasons }
  return { indication: failing.has(first.subIndication) ? 'TOTAL_FAILED' : 'INDETERMINATE', subIndication: first.subIndication, reasons }
}

/** What is no objection, but whoever means to add to the document has to know. */
function remarks({ later }: Facts): SignatureReason[] {
  const { level, locks = [] } = later?.permissions ?? {}
  // No field can have an empty name: a lock that takes it in takes in every field to come.
  const isClosed = level === 1 || locks.some((isLocked) => isLocked(''))
  return isClosed ? [{ code: 'no_changes_permitted', text: 'The signature permits no further signature after it.' }] : []
}

function* findObjections(facts: Facts): Generator<Objection> {
  const { verdict } = facts.format
  if (verdict.failure !== undefined) yield verdict.failure
  yield* changeObjections(facts.later)
  if (facts.fields === 0)
    yield { subIndication: 'SIG_CONSTRAINTS_FAILURE', code: 'no_field', text: 'No form field of the document holds this signature.' }
  if (facts.fields > 1)
    yield { subIndication: 'SIG_CONSTRAINTS_FAILURE', code: 'several_fields', text: 'Several form fields hold this signature.' }
  if (verdict.weak) yield { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE', code: 'weak_digest', text: 'The digest can be forged by now.' }
  if (facts.format.mustBind && verdict.reference !== 'bound' && verdict.integrity === 'intact') {
    yield {
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
      code: 'certificate_not_signed',
      text: 'The format demands that the certificate is named in what is signed.',
    }
  }
  for (const token of facts.isDocumentTimestamp ? [] : facts.format.tokens) {
    const { failure } = token.verdict
    if (failure !== undefined)
      yield { subIndication: 'SIG_CONSTRAINTS_FAILURE', code: `timestamp_${failure.code}`.slice(0, 64), text: failure.text }
  }
  yield* certificateObjections(facts)
}

function* changeObjections(later: LaterChanges | undefined): Generator<Objection> {
  if (later === undefined) return
  const isRestricted = later.permissions?.level !== undefined || (later.permissions?.locks.length ?? 0) > 0
  for (const text of later.objections) {
    yield { subIndication: isRestricted ? 'FORMAT_FAILURE' : 'SIG_CONSTRAINTS_FAILURE', code: 'later_change', text }
  }
  if (later.kind === 'annotation') {
    yield {
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
      code: 'annotated',
      text: 'Remarks were added later; whether they cover what was signed is for a person to see.',
    }
  }
}

function* certificateObjections(facts: Facts): Generator<Objection> {
  const { certificate, certificates } = facts.format.verdict
  if (certificate === undefined) return
  if (!facts.isDocumentTimestamp && !certificate.maySign) {
    yield { subIndication: 'CHAIN_CONSTRAINTS_FAILURE', code: 'key_usage', text: 'The certificate is not for signing documents.' }
  }
  const chain = judgeChain(certificate, certificates, facts.trusted, provenAtMs(facts) ?? facts.nowMs)
  if (chain !== 'trusted') yield chainObjections[chain]
}

// A time-stamp proves a time only if its own certificate is trusted.
function provenAtMs(facts: Facts): number | undefined {
  const times = facts.format.tokens.flatMap(({ verdict, atMs }) => {
    if (verdict.integrity !== 'intact' || verdict.certificate === undefined || atMs === undefined) return []
    return judgeChain(verdict.certificate, verdict.certificates, facts.trusted, facts.nowMs) === 'trusted' ? [atMs] : []
  })
  return times.length === 0 ? undefined : Math.min(...times)
}

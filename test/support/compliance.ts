// Facts for the rules of compliance checks: whole ones to begin with, and each test says what is different.
import { join } from 'node:path'
import type { CheckFacts, EnvelopeFacts, SignatureFacts } from '../../src/domain/compliance/facts.ts'
import type { ActFacts } from '../../src/domain/compliance/facts.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { readRuleSet } from '../../src/providers/rule-set.ts'

export const ruleSet = readRuleSet(join(projectRoot, 'rulesets', 'eta-2019.v1.json'))

export const sha = (letter: string): string => letter.repeat(64)
const evaluatedAt = '2026-11-20T12:00:00.000Z'

/** What one signer of an envelope does, in order. */
export function actsOf(signer: number, first: number, at = '2026-11-19T10:00:00.000Z'): ActFacts[] {
  const act = (offset: number, type: ActFacts['type'], facts: ActFacts['facts'] = {}): ActFacts => ({
    sequence: first + offset,
    type,
    signer,
    at,
    isErased: false,
    event: `evt_${first + offset}`,
    facts,
  })
  const verificationId = `ver_${signer}`
  return [
    act(0, 'envelope.invited'),
    act(1, 'envelope.viewed'),
    act(2, 'envelope.verified', { verificationId, channel: 'email' }),
    act(3, 'envelope.reviewed', { documentSha256: sha('a'), pages: 1 }),
    act(4, 'envelope.consented', { textVersion: 'en-1', textSha256: sha('c') }),
    act(5, 'envelope.signed', { documentSha256: sha('a'), intentVersion: 'en-1', intentSha256: sha('d'), method: 'typed', verificationId }),
  ]
}

const system = (sequence: number, type: ActFacts['type']): ActFacts => ({
  sequence,
  type,
  signer: null,
  at: '2026-11-19T09:00:00.000Z',
  isErased: false,
  event: `evt_${sequence}`,
  facts: {},
})

/** Completed, with one signer. */
export function envelope(change: Partial<EnvelopeFacts> = {}): EnvelopeFacts {
  return {
    id: 'env_1',
    status: 'completed',
    sequence: 11,
    signers: [{ number: 1, status: 'signed', requests: { sent: 1, failed: 0, unknown: 0 } }],
    acts: [
      system(1, 'envelope.sent'),
      system(2, 'envelope.prepared'),
      ...actsOf(1, 3),
      system(9, 'envelope.sealing'),
      system(10, 'envelope.sealed'),
      system(11, 'envelope.completed'),
    ],
    actsFault: null,
    isOpen: true,
    isPurged: false,
    sealCertificateSha256: sha('e'),
    ...change,
  }
}

/** Without the acts of a type. */
export function without(facts: EnvelopeFacts, type: ActFacts['type']): EnvelopeFacts {
  return { ...facts, acts: facts.acts.filter((act) => act.type !== type) }
}

/** With other facts in the acts of a type. */
export function changing(facts: EnvelopeFacts, type: ActFacts['type'], change: Partial<ActFacts>): EnvelopeFacts {
  return { ...facts, acts: facts.acts.map((act) => (act.type === type ? { ...act, ...change } : act)) }
}

export type CertificateChange = Partial<NonNullable<SignatureFacts['certificate']>>

export function certificate(change: CertificateChange = {}): NonNullable<SignatureFacts['certificate']> {
  return {
    sha256: sha('f'),
    serialNumber: '01',
    notBefore: '2026-07-01T00:00:00.000Z',
    notAfter: '2028-07-01T00:00:00.000Z',
    isSelfSigned: false,
    keyUsage: ['nonRepudiation'],
    policies: ['1.2.3'],
    qualifying: true,
    relianceLimit: { currency: 'NAD', amount: 10_000 },
    hasName: true,
    hasIdentifier: true,
    isPseudonym: false,
    hasIssuer: true,
    hasRegistryCode: true,
    country: 'NA',
    ...change,
  }
}

/** A person's signature by a certificate of a listed provider, about which everything is known but revocation. */
export function signature(change: Partial<SignatureFacts> = {}): SignatureFacts {
  return {
    index: 0,
    role: 'signer',
    indication: 'INDETERMINATE',
    subIndication: 'NO_CERTIFICATE_CHAIN_FOUND',
    reasons: ['chain_unknown'],
    integrity: 'intact',
    laterChanges: 'none',
    coversWholeFile: true,
    isExamined: true,
    coverage: 'exact',
    coverageReason: null,
    digest: 'SHA-256',
    isWeakDigest: false,
    key: { kind: 'rsa', bits: 3_072, curve: null },
    certificateReference: 'bound',
    path: { end: 'listed', anchorSha256: sha('9') },
    object: '12 0',
    certificate: certificate(),
    holder: 'nobody',
    isPlatformKey: false,
    activation: '6',
    factors: null,
    provider: {
      name: 'Ministry',
      country: 'NA',
      intervals: [{ fromMs: Date.parse('2026-06-15'), untilMs: null, status: 'accredited' }],
      isEquivalentForeign: false,
      identification: 'face_to_face',
    },
    timestamp: { at: '2026-11-01T10:00:00.000Z', integrity: 'intact' },
    signedAt: '2026-11-01T10:00:00.000Z',
    timeSource: 'timestamp',
    ...change,
  }
}

/** Made by its own holder's software: nobody stands behind it. */
export function selfIssued(change: Partial<SignatureFacts> = {}): SignatureFacts {
  return signature({
    certificate: certificate({ isSelfSigned: true }),
    path: { end: 'self', anchorSha256: null },
    provider: null,
    activation: null,
    ...change,
  })
}

export const seal = (change: Partial<SignatureFacts> = {}): SignatureFacts =>
  selfIssued({ role: 'seal', isPlatformKey: true, certificate: certificate({ sha256: sha('e'), isSelfSigned: true }), ...change })

type Whole = Extract<CheckFacts['examination'], { pages: number }>

export function examination(change: Partial<Whole> = {}): Whole {
  return {
    state: 'whole',
    reason: null,
    isEncrypted: false,
    pages: 2,
    isRegular: true,
    active: [],
    layers: { total: 0, hiddenByDefault: 0 },
    external: [],
    fonts: { embedded: 1, notEmbedded: [] },
    overlays: [],
    rendering: { pages: 2, failedPages: [], isCapped: false, changedPages: [] },
    ...change,
  }
}

const shared = {
  evaluatedAt,
  document: { id: 'doc_1', status: 'processed', reason: null, receivedAt: '2026-11-19T08:00:00.000Z' },
  examination: examination(),
  trail: {
    state: 'whole',
    detail: null,
    first: { sequence: 4, event: 'evt_1' },
    last: { sequence: 20, event: 'evt_11' },
    entries: 40,
    checkpointed: 30,
  },
  bundle: { state: 'verified', detail: null, files: 12 },
  retention: {
    class: 'standard',
    isKnownClass: true,
    endsAt: '2031-11-19T10:00:00.000Z',
    minimumEndsAt: '2031-11-18T10:00:00.000Z',
    isHeld: false,
    purgedAt: null,
  },
  system: {
    software: 'sallyport/1',
    sweep: {
      id: 'isw_1',
      endedAt: '2026-11-20T11:00:00.000Z',
      objects: 10,
      failed: 0,
      clockOffsetMs: 3,
      software: 'sallyport/1',
    },
    look: { at: '2026-11-20T11:00:00.000Z', outcome: 'intact' },
  },
  text: { isRead: true, inkClauses: [], kindHints: [] },
  trustList: { version: 'list-1', isStale: false },
  claims: { texts: 40, hits: [], hasDisclaimer: true },
  hasResponsiblePerson: true,
} as const satisfies Partial<CheckFacts>

const stored = (letter: string) => ({ state: 'stored', recordedSha256: sha(letter), sha256: sha(letter) }) as const

/** An envelope with a typed name, identified by a code, with consent and an intact trail; the parties agreed on it. */
export function envelopeFacts(change: Partial<CheckFacts> = {}): CheckFacts {
  return {
    ...shared,
    requiredClass: 'party_agreed',
    requiredClassFrom: 'envelope',
    requestedClass: null,
    declarations: { documentKind: 'agreement' },
    declaredBy: { documentKind: 'default' },
    contradictions: [],
    documentKindFrom: 'default',
    subject: { ...stored('b'), what: 'sealed' },
    original: stored('a'),
    signatures: [seal()],
    envelope: envelope(),
    ...change,
  }
}

/** An imported file with one person's signature. */
export function importedFacts(change: Partial<CheckFacts> = {}): CheckFacts {
  return {
    ...shared,
    requiredClass: null,
    requiredClassFrom: 'nowhere',
    requestedClass: null,
    declarations: {},
    declaredBy: {},
    contradictions: [],
    documentKindFrom: 'nowhere',
    subject: { ...stored('a'), what: 'document' },
    original: stored('a'),
    signatures: [signature()],
    envelope: null,
    ...change,
  }
}

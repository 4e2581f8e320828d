// What the API and the workers hand to the domain of compliance.
import type { RuleSet } from '../../contracts/rule-set.ts'
import type { CheckStore, ExaminationCache, Examiner, TrustList } from '../compliance-ports.ts'
import type { DocumentDeps, DocumentWorkDeps } from '../documents/deps.ts'
import type { SealingKey } from '../envelope-ports.ts'
import type { EvidenceDeps } from '../envelopes/evidence-deps.ts'
import type { NoticeStore } from '../notice-ports.ts'
import type { AcceptDeps } from '../ports.ts'
import type { Printer } from '../print-ports.ts'
import type { IntegrityStore } from '../retention-ports.ts'
import type { BlobStore } from '../upload-ports.ts'

export type ComplianceDeps = AcceptDeps & DocumentDeps & { checks: CheckStore; ruleSet: RuleSet }

/**
 * A worker's half. `trustList`: null when none is configured. `ownTexts`: by name, everything that we say to people. `sealingKey` tells a seal of ours from a person's
 * signature.
 */
export type ComplianceWorkDeps = DocumentWorkDeps &
  EvidenceDeps & {
    checks: CheckStore
    ruleSet: RuleSet
    examinations: ExaminationCache
    examiner: Examiner
    trustList: TrustList | null
    notices: Pick<NoticeStore, 'ofEnvelope'>
    integrity: Pick<IntegrityStore, 'latest' | 'lookAt'>
    blobs: Pick<BlobStore, 'read' | 'sizeOf' | 'write' | 'remove' | 'keysIn'>
    sealingKey: Pick<SealingKey, 'standing'>
    printer: Printer
    ownTexts: Readonly<Record<string, string>>
    hasResponsiblePerson: boolean
  }

// What the API and the workers hand to the domain of envelopes.
import type { DocumentDeps, DocumentWorkDeps } from '../documents/deps.ts'
import type { EnvelopeStore, SealingKey } from '../envelope-ports.ts'
import type { NoticeStore } from '../notice-ports.ts'
import type { AcceptDeps } from '../ports.ts'

type Common = { envelopes: EnvelopeStore }

/** The API's half. Of the sealing key only whether it may seal: what it signs is a worker's business. */
export type EnvelopeDeps = AcceptDeps &
  DocumentDeps &
  Common & { notices: Pick<NoticeStore, 'ofEnvelope'>; sealingKey: Pick<SealingKey, 'standing'> }

/** A worker's half. */
export type EnvelopeWorkDeps = DocumentWorkDeps & Common

// Makes an envelope ready and asks its first signers. What that takes is the domain's to say.
import { prepareEnvelope } from '../domain/envelopes/prepare.ts'
import type { Processor } from './processor.ts'

export const processEnvelopePrepare: Processor<'envelope.prepare'> = (deps, { envelopeId }, run) => prepareEnvelope(deps, envelopeId, run)

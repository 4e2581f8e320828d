// Seals an envelope, or what is left of it to be done. How is the domain's to say.
import { sealSignedEnvelope } from '../domain/envelopes/seal.ts'
import type { Processor } from './processor.ts'

export const processEnvelopeSeal: Processor<'envelope.seal'> = (deps, { envelopeId }, run) => sealSignedEnvelope(deps, envelopeId, run)

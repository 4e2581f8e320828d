// Ends an envelope whose time is over. Whether it is so is the domain's to say.
import { expireEnvelope } from '../domain/envelopes/expire.ts'
import type { Processor } from './processor.ts'

export const processEnvelopeExpire: Processor<'envelope.expire'> = (deps, { envelopeId }) => expireEnvelope(deps, envelopeId)

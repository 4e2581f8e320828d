// Hands one submission over. What that means, and whether it is due, is the domain's to say.
import { handOver } from '../domain/flows/hand-over.ts'
import type { Processor } from './processor.ts'

export const processFlowCompleted: Processor<'flow.completed'> = async (deps, { submissionId }) => ({
  outcome: await handOver(deps, submissionId),
})

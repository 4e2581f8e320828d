// Evaluates a compliance check. What is looked at and what follows from it is the domain's to say.
import { runCheck } from '../domain/compliance/run-check.ts'
import type { Processor } from './processor.ts'

export const processCheckEvaluate: Processor<'check.evaluate'> = (deps, { checkId }, run) => runCheck(deps, checkId, run)

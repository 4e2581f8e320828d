// Reads a rule set and refuses one that is not whole: a rule without source, confidence or date is as bad as one without its evaluator.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { ruleSet, type RuleSet } from '../contracts/rule-set.ts'

/** What is wrong with a file in rulesets/; one line for each fault. */
export class RuleSetError extends Error {}

/** The rule set in a file `ID.vN.json`. Throws RuleSetError that names every fault. */
export function readRuleSet(path: string): RuleSet {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new RuleSetError(`${path}: ${cause instanceof Error ? cause.message : 'cannot be read'}`, { cause })
  }
  return parseRuleSet(basename(path), value)
}

/** The same for what is in a file of that name. */
export function parseRuleSet(name: string, value: unknown): RuleSet {
  const parsed = ruleSet.safeParse(value)
  if (!parsed.success)
    throw new RuleSetError(
      parsed.error.issues.map(({ path, message }) => `${name}: ${path.join('.') || 'the file'}: ${message}`).join('\n'),
    )
  const { id, version } = parsed.data
  if (name !== `${id}.v${version}.json`)
    throw new RuleSetError(`${name}: id and version must give the file its name: ${id}.v${version}.json`)
  return parsed.data
}

// The rule sets from the command line: whether each file is whole, and what it says.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../../domain/compliance/evaluate.ts'
import { evaluators } from '../../domain/compliance/rules/evaluators.ts'
import { projectRoot } from '../../lib/run-file.ts'
import { readRuleSet } from '../../providers/rule-set.ts'

/** Prints every rule with its confidence and date; fails, naming each fault, for a file that is not whole or a rule that nothing evaluates. */
export async function runRules(args: string[]): Promise<void> {
  const folder = join(projectRoot, 'rulesets')
  const isQuiet = args.includes('--check')
  for (const name of readdirSync(folder).sort()) {
    const set = readRuleSet(join(folder, name))
    const orphan = set.rules.find(({ id }) => !Object.hasOwn(evaluators, id))
    if (orphan) throw new Error(`${name}: nothing evaluates ${orphan.id}`)
    if (!isQuiet)
      for (const { id, basis, confidence, level, verifiedOn } of set.rules)
        console.log(`${id.padEnd(18)}${confidence.padEnd(4)}${level.padEnd(13)}${verifiedOn}  ${basis}`)
    console.log(`${name}: ${set.rules.length} rules, ${digestOf(set)}`)
  }
  await Promise.resolve()
}

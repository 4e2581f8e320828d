// Sign-in attempts in Redis: what a person failed, and what a network failed, each in its own slot.
import type { LoginAttemptStore, LoginPlace, LoginReading, LoginRules } from '../../domain/session-ports.ts'
import type { Trace } from '../../domain/state-ports.ts'
import { randomBytes } from '../../lib/random.ts'
import { partitionOf } from '../../lib/partition.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { networkLoginLua, personLoginLua } from './scripts/login-attempts.ts'

const scripts = { person: script(personLoginLua), network: script(networkLoginLua) }

export function createLoginAttemptStore(runner: ScriptRunner, partitions: number): LoginAttemptStore {
  const askPerson = async (place: LoginPlace, rules: LoginRules, argument: object): Promise<LoginReading> => {
    const { identifier } = place
    const keys = keysOf(partitionOf(identifier, partitions))
    const names = [keys.loginKnown(identifier), keys.loginFailures(identifier), keys.loginSequence(identifier), keys.events]
    const places = [
      ...(place.device === undefined ? [] : [`d.${place.device}`]),
      ...(place.network === undefined ? [] : [`n.${place.network}`]),
    ]
    const { knownForMs, maxKnown, person } = rules
    const reply = await runner.run(scripts.person, names, {
      ...argument,
      identifier,
      places,
      knownForMs,
      maxKnown,
      rule: person,
      base: keys.base,
    })
    const [failures = 0, waitMs = 0, isKnown, isBurst] = (reply as unknown[]).map(Number)
    return { failures, waitMs, isKnown: isKnown === 1, unusual: isBurst === 1 ? ['failure_burst'] : [] }
  }

  const askNetwork = async (
    network: string | undefined,
    rules: LoginRules,
    argument: object,
  ): Promise<{ failures: number; waitMs: number }> => {
    if (network === undefined) return { failures: 0, waitMs: 0 }
    const keys = keysOf(partitionOf(network, partitions))
    const reply = await runner.run(scripts.network, [keys.networkFailures(network)], { ...argument, rule: rules.network, base: keys.base })
    const [failures = 0, waitMs = 0] = (reply as unknown[]).map(Number)
    return { failures, waitMs }
  }

  const ask = async (
    place: LoginPlace,
    outcome: string,
    rules: LoginRules,
    trace: Trace | undefined,
    nowMs: number,
  ): Promise<LoginReading> => {
    const argument = { outcome, use: randomBytes(9).toString('base64url'), ...trace, nowMs }
    const [person, network] = await Promise.all([askPerson(place, rules, argument), askNetwork(place.network, rules, argument)])
    // A place this person is known from answers for itself alone.
    if (person.isKnown || network.waitMs <= person.waitMs) return person
    return { ...person, ...network }
  }

  return {
    read: (place, rules, nowMs) => ask(place, '', rules, undefined, nowMs),
    record: (place, outcome, rules, trace, nowMs) => ask(place, outcome, rules, trace, nowMs),
  }
}

// The numbers of temporary state: counted by the scripts of state as things happen, in one hash an hour, never by looking through the records.
import type { StateNumbers, StateStatistics, StateTally } from '../../domain/state-ports.ts'
import { HOUR_MS, MINUTE_MS } from '../../lib/durations.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { sizeOfIndexesLua, stateNumbersLua } from './scripts/state.ts'
import { fieldsOf } from './verification-fields.ts'

const stateNumbers = script(stateNumbersLua)
const sizeOfIndexes = script(sizeOfIndexesLua)
const hoursShown = 24
/** Records that are looked at for "expiring soon" in each partition; with more of them the number stays there. */
const mostDue = 10_000
const soonMs = 5 * MINUTE_MS
/** Tallies shown for an hour; those that counted least are added up as the last one. Each partition keeps as many (scripts/state.ts). */
const mostTallies = 200
const otherTally = 'other'

/** Reads the kinds whose records are listed under `all`. */
export function createStateStatistics(runner: ScriptRunner, partitions: number, prefix = ''): StateStatistics {
  const all = Array.from({ length: partitions }, (_, partition) => keysOf(partition, prefix))
  return {
    async read(kind, nowMs) {
      const hours = Array.from({ length: hoursShown }, (_, back) => Math.floor(nowMs / HOUR_MS) - back)
      const shares = await Promise.all(
        all.map(async (keys) => {
          const shared = { kind, nowMs, base: keys.base, mostDue, facts: {} }
          const size = async (name: string) => Number(await runner.run(sizeOfIndexes, [keys.stateIndex(kind, name)], shared))
          const [total, consumed, numbers] = await Promise.all([
            size('all'),
            size('consumed'),
            runner.run(stateNumbers, [keys.stateDue], { ...shared, hours, soonMs }),
          ])
          const [expiringSoon, words] = numbers as [number, unknown[]]
          return { total, active: total - consumed, expiringSoon, words: words.map(fieldsOf) }
        }),
      )
      return mergeShares(shares, hours)
    },
  }
}

type Share = { total: number; active: number; expiringSoon: number; words: Record<string, string>[] }

function mergeShares(shares: readonly Share[], hours: readonly number[]): StateNumbers {
  const sum = (pick: (share: Share) => number): number => shares.reduce((total, share) => total + pick(share), 0)
  const word = (name: string): number => sum(({ words }) => words.reduce((total, fields) => total + Number(fields[name] ?? 0), 0))
  return {
    total: Math.max(
      0,
      sum(({ total }) => total),
    ),
    active: Math.max(
      0,
      sum(({ active }) => active),
    ),
    expiringSoon: sum(({ expiringSoon }) => expiringSoon),
    hours: hours.map((hour, at) => ({ startMs: hour * HOUR_MS, tallies: talliesOf(shares.map(({ words }) => words[at] ?? {})) })),
    found: word('found'),
    missing: word('missing'),
    failed: word('failed'),
  }
}

function talliesOf(partitions: readonly Record<string, string>[]): Map<string, StateTally> {
  const tallies = new Map<string, StateTally>()
  for (const [word, count] of partitions.flatMap((fields) => Object.entries(fields))) {
    const at = word.indexOf(':')
    const verb = word.slice(0, at)
    if (verb !== 'created' && verb !== 'consumed' && verb !== 'expired') continue
    const name = word.slice(at + 1)
    const tally = tallies.get(name) ?? { created: 0, consumed: 0, expired: 0 }
    tallies.set(name, { ...tally, [verb]: tally[verb] + Number(count) })
  }
  return largest(tallies)
}

function largest(tallies: Map<string, StateTally>): Map<string, StateTally> {
  if (tallies.size <= mostTallies) return tallies
  const sizeOf = ({ created, consumed, expired }: StateTally): number => created + consumed + expired
  const sorted = [...tallies].toSorted(([, a], [, b]) => sizeOf(b) - sizeOf(a))
  const shown = new Map(sorted.filter(([name]) => name !== otherTally).slice(0, mostTallies))
  const rest = sorted.filter(([name]) => !shown.has(name)).map(([, tally]) => tally)
  const sum = (verb: keyof StateTally): number => rest.reduce((total, tally) => total + tally[verb], 0)
  return shown.set(otherTally, { created: sum('created'), consumed: sum('consumed'), expired: sum('expired') })
}

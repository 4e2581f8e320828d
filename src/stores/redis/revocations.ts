// What is refused although its signature is good: single tokens, tokens of ended sessions, everything of a user until a moment.
import type { RevocationStore, SessionRules, Standing, StandingQuery } from '../../domain/session-ports.ts'
import { partitionOf } from '../../lib/partition.ts'
import { partitionOfUuid } from '../../lib/partitioned-uuid.ts'
import { keysOf } from './keys.ts'
import { script, type ScriptRunner } from './run-script.ts'
import { revokeTokenLua, standingLua } from './scripts/sessions.ts'
import { unusualOf } from './sessions.ts'
import { wordOf } from './verification-fields.ts'

const scripts = { standing: script(standingLua), revoke: script(revokeTokenLua) }

export function createRevocationStore(runner: ScriptRunner, partitions: number): RevocationStore {
  /** What one partition knows of a token: its accounts there, and the session if it lives there. */
  const askOne = async (partition: number, query: StandingQuery, rules: SessionRules, nowMs: number): Promise<Standing> => {
    const keys = keysOf(partition)
    const here = query.owners.flatMap((owner, at) =>
      partitionOf(owner, partitions) === partition ? [{ owner, token: query.tokenKeys[at] ?? '' }] : [],
    )
    const isSessionHere = query.sessionId !== undefined && partitionOfUuid(query.sessionId) === partition
    const names = [
      ...here.map(({ owner }) => keys.account(owner)),
      ...here.map(({ token }) => keys.revoked(token)),
      ...(isSessionHere && query.sessionId !== undefined ? [keys.session(query.sessionId)] : []),
    ]
    const { owners, issuedAtMs, sessionId, network } = query
    const argument = { accounts: here.length, owners, issuedAtMs, sessionId, network, rules, nowMs, base: keys.base }
    const [kind, elevatedUntilMs, unusual] = (await runner.run(scripts.standing, names, argument)) as [string, string | undefined, unknown]
    if (kind !== 'ok') return { kind: wordOf(['token_revoked', 'session_ended', 'signed_out'], kind) }
    return { kind, unusual: unusualOf(unusual), ...(elevatedUntilMs ? { elevatedUntilMs: Number(elevatedUntilMs) } : {}) }
  }

  return {
    async standing(query, rules, nowMs) {
      const session = query.sessionId === undefined ? null : partitionOfUuid(query.sessionId)
      // One partition, but while master keys are being replaced, or after the number of partitions has changed.
      const places = new Set([...query.owners.map((owner) => partitionOf(owner, partitions)), ...(session === null ? [] : [session])])
      const answers = await Promise.all([...places].map((partition) => askOne(partition, query, rules, nowMs)))
      const refused = answers.find((answer) => answer.kind !== 'ok')
      return (
        refused ??
        answers.find((answer) => answer.kind === 'ok' && (answer.elevatedUntilMs !== undefined || answer.unusual.length > 0)) ??
        answers[0] ?? { kind: 'ok', unusual: [] }
      )
    },

    async revoke({ owner, tokenKey, untilMs }, trace, nowMs) {
      const keys = keysOf(partitionOf(owner, partitions))
      await runner.run(scripts.revoke, [keys.revoked(tokenKey)], { owner, tokenKey, untilMs, ...trace, nowMs, base: keys.base })
    },
  }
}

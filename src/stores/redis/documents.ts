// Documents in Redis: where each stands. Each call is one script or one read in the document's own partition; what was found lies in Postgres.
import { documentStages, type DocumentStage } from '../../contracts/document.ts'
import { stageFollowers, stageWeights, type DocumentRecord, type DocumentStore } from '../../domain/document-ports.ts'
import { DAY_MS, SECOND_MS } from '../../lib/durations.ts'
import { partitionOfId } from '../../lib/ids.ts'
import { documentOf } from './document-fields.ts'
import { keysOf } from './keys.ts'
import { script, type Script, type ScriptRunner } from './run-script.ts'
import * as lua from './scripts/documents.ts'
import { fieldsOf } from './verification-fields.ts'

const scripts = {
  create: script(lua.createDocumentLua),
  claim: script(lua.claimStageLua),
  progress: script(lua.noteProgressLua),
  kill: script(lua.noteKillLua),
  settle: script(lua.settleStageLua),
  abandon: script(lua.abandonStageLua),
  confirm: script(lua.confirmRecordedLua),
}

/** A job whose intent is this old is looked for by the reconciler. */
const inspectAfterMs = 2 * SECOND_MS
/** Postgres has what has ended; here it stays for those who follow it. */
const keptMs = 7 * DAY_MS

export function createDocumentStore(runner: ScriptRunner): DocumentStore {
  const rules = { stages: documentStages, weights: stageWeights, followers: stageFollowers, inspectAfterMs, keptMs }
  const run = (program: Script, id: string, argument: object): Promise<unknown> => {
    const keys = keysOf(partitionOfId(id))
    return runner.run(program, [keys.document(id)], { ...rules, ...argument, id, base: keys.base })
  }

  return {
    async create(document, trace, nowMs) {
      const { id, ...fields } = document
      return required(id, await run(scripts.create, id, { document: fields, ...trace, nowMs }))
    },

    async read(id) {
      const keys = keysOf(partitionOfId(id))
      return documentOf(id, await runner.bounded(() => runner.redis.hgetall(keys.document(id))))
    },

    async claimStage(id, stage, fence, nowMs) {
      const [word, told] = (await run(scripts.claim, id, { stage, fence, nowMs })) as [string, unknown]
      return word === 'go' ? { kind: 'go', record: required(id, told) } : { kind: 'done', word: String(told) }
    },

    async noteProgress(id, stage, fence, percent, nowMs) {
      return (await run(scripts.progress, id, { stage, fence, percent, nowMs })) === 1
    },

    async noteKill(id, stage, fence, nowMs) {
      return Number(await run(scripts.kill, id, { stage, fence, nowMs }))
    },

    async settleStage(id, stage, fence, verdict, nowMs) {
      const [word, ended, next] = (await run(scripts.settle, id, { stage, fence, verdict, nowMs })) as [string, number, string[]]
      if (word !== 'settled') return { kind: 'stale' }
      return {
        kind: 'settled',
        ended: ended === 1,
        next: next.filter((name): name is DocumentStage => documentStages.some((known) => known === name)),
      }
    },

    async abandonStage(id, stage, nowMs) {
      await run(scripts.abandon, id, { stage, nowMs })
    },

    async confirmRecorded(id, nowMs) {
      await run(scripts.confirm, id, { nowMs })
    },
  }
}

function required(id: string, flat: unknown): DocumentRecord {
  const record = documentOf(id, fieldsOf(flat))
  if (!record) throw new TypeError('a script gave no record back')
  return record
}

// What a completion leaves behind at each point where a process may die, and that every such point is made good; with a real Postgres and Redis.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { completeForm, resumeForm, saveForm } from '../../src/domain/flows/forms.ts'
import { createCatalogue } from '../../src/domain/flows/catalogue.ts'
import type { FlowDeps, HandOverDeps } from '../../src/domain/flows/deps.ts'
import { handOver, owedHandOvers } from '../../src/domain/flows/hand-over.ts'
import type { Caller } from '../../src/domain/caller.ts'
import type { SubmissionStore } from '../../src/domain/flow-ports.ts'
import type { JobRequest } from '../../src/domain/ports.ts'
import { AppError } from '../../src/errors.ts'
import { Keyring } from '../../src/lib/keyring.ts'
import { createLog } from '../../src/log.ts'
import { createPool, type Pool } from '../../src/stores/postgres/pool.ts'
import { createSubmissionStore } from '../../src/stores/postgres/submissions.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../src/stores/redis/connections.ts'
import { createEventLog } from '../../src/stores/redis/event-log.ts'
import { ScriptRunner } from '../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../src/stores/redis/states.ts'
import { repairHandOvers } from '../../src/workers/loops/hand-over.ts'
import { processFlowCompleted } from '../../src/workers/flow-completed.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { definitionFile } from '../support/definitions.ts'
import { createTestDatabase, createTestRedis } from '../support/infra.ts'

const form = {
  id: 'contact',
  version: 1,
  kind: 'form',
  title: 'Contact',
  audience: 'anyone',
  order: 'free',
  lifetime: '1h',
  steps: [
    {
      id: 'only',
      title: 'Only',
      schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false },
    },
  ],
}

let redis: RedisConnection
let pool: Pool
let submissions: SubmissionStore
let nowMs = Date.parse('2027-01-01T00:00:00Z')
let jobs: JobRequest[]
let caller: Caller
let deps: FlowDeps & HandOverDeps
const context = { requestId: 'test' }

beforeAll(async () => {
  redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
  pool = createPool(await createTestDatabase(), () => {})
  submissions = createSubmissionStore(pool)
  const runner = new ScriptRunner(redis, 2_000)
  deps = {
    clock: { nowMs: () => nowMs },
    keyring: Keyring.parse(`k1:${randomBytes(32).toString('base64')}`),
    policy: { partitions: 1 } as FlowDeps['policy'],
    idempotency: {} as FlowDeps['idempotency'],
    telemetry: { repaired: () => {} } as unknown as FlowDeps['telemetry'],
    enqueue: async (job) => void jobs.push(job),
    states: new RedisStateStore(runner, 1),
    submissions,
    events: createEventLog(runner),
    catalogue: createCatalogue([definitionFile(form)]),
  }
})

afterAll(async () => {
  closeRedis(redis)
  await pool.end()
})

beforeEach(async () => {
  await redis.flushdb()
  await pool.query('truncate flow_submissions')
  jobs = []
  caller = { kind: 'user', subject: randomBytes(6).toString('hex'), roles: [] }
  await saveForm(deps, caller, 'contact', { step: 1, data: { text: 'hello' } }, context)
})

const complete = (with_: Partial<FlowDeps> = {}) => completeForm({ ...deps, ...with_ }, caller, 'contact', context)
const status = async () => (await resumeForm(deps, caller, 'contact')).message
const died = () => Promise.reject(new AppError('service_degraded'))
const rows = async () => (await pool.query<{ completed_at: Date | null }>('select completed_at from flow_submissions')).rows
const events = async () =>
  (await redis.xrange('{p0}:events', '-', '+'))
    .filter(([, fields]) => fields.includes('flow.completed'))
    .map(([, fields]) => fields[fields.indexOf('subject') + 1])

it('Postgres away: refused, and the draft is as it was', async () => {
  await expect(complete({ submissions: { ...submissions, save: died } })).rejects.toMatchObject({ code: 'service_degraded' })
  expect(await status()).toBe('Every step is done. It can be sent in.')
  await saveForm(deps, caller, 'contact', { step: 1, data: { text: 'changed' } }, context)
  expect(jobs).toEqual([])
  expect(await complete()).toMatchObject({ status: 'accepted' })
})

it('died after the submission was written: nothing counts yet, a later change wins, and it is sent in once', async () => {
  const consume = () => died() as never
  const states = new Proxy(deps.states, {
    get: (target, name) => (name === 'consume' ? consume : (Reflect.get(target, name) as () => void).bind(target)),
  })
  await expect(complete({ states })).rejects.toMatchObject({ code: 'service_degraded' })
  const [row] = await rows()
  expect(row).toEqual({ completed_at: null })
  expect(await owedHandOvers(deps, nowMs + 60_000, 10)).toEqual([])
  await saveForm(deps, caller, 'contact', { step: 1, data: { text: 'changed' } }, context)
  const { submissionId } = await complete()
  expect((await submissions.find(submissionId))?.draftVersion).toBe(2)
  expect((await pool.query('select 1 from flow_submissions where id = $1', [submissionId])).rows).toHaveLength(1)
  expect(await handOver(deps, submissionId)).toBe('handed_over')
})

it('died after the draft was consumed: the next call is told the same, and the loop owes the hand-over', async () => {
  const { submissionId, completedAt } = await complete({ submissions: { ...submissions, complete: died }, enqueue: died })
  expect(jobs).toEqual([])
  expect(await submissions.find(submissionId)).not.toHaveProperty('completedAtMs')
  expect(await owedHandOvers(deps, nowMs + 60_000, 10)).toEqual([{ name: 'flow.completed', payload: { submissionId } }])
  expect(await complete()).toEqual({ submissionId, status: 'accepted', completedAt })
  expect(jobs).toHaveLength(1)
})

it('the job tells the world once and marks the submission; died in between it tells again, and the loop stops owing', async () => {
  const { submissionId } = await complete()
  const unmarked = { ...deps, submissions: { ...submissions, handedOver: died } } as unknown as WorkerDeps
  await expect(processFlowCompleted(unmarked, { submissionId }, {} as never)).rejects.toMatchObject({ code: 'service_degraded' })
  expect(await processFlowCompleted(deps as unknown as WorkerDeps, { submissionId }, {} as never)).toEqual({ outcome: 'handed_over' })
  expect(await processFlowCompleted(deps as unknown as WorkerDeps, { submissionId }, {} as never)).toEqual({ outcome: 'done_before' })
  expect((await events()).filter((subject) => subject === `submission:${submissionId}`)).toHaveLength(2)
  expect(await owedHandOvers(deps, nowMs + 60_000, 10)).not.toContainEqual({ name: 'flow.completed', payload: { submissionId } })
})

it('the loop adds the job that is missing, forgets one that ended too early, and leaves one that is on its way', async () => {
  const { submissionId } = await complete()
  const job = { name: 'flow.completed', payload: { submissionId } }
  const said: string[] = []
  const loop = (presence: 'pending' | 'ended' | 'missing') =>
    repairHandOvers({
      ...deps,
      clock: { nowMs: () => nowMs + 60_000 },
      upkeep: { holdLease: async () => true },
      jobs: { presence: async () => presence, add: async () => void said.push('add'), forget: async () => void said.push('forget') },
      log: createLog('test', 'silent'),
      owner: 'test',
    })
  await loop('pending')
  expect(said).toEqual([])
  await loop('missing')
  expect(said).toEqual(['add'])
  await loop('ended')
  expect(said).toEqual(['add', 'forget', 'add'])
  await handOver(deps, submissionId)
  expect(await owedHandOvers(deps, nowMs + 60_000, 10)).not.toContainEqual(job)
})

it('what was never completed and whose draft is long gone is taken back', async () => {
  const consume = () => died() as never
  const states = new Proxy(deps.states, {
    get: (target, name) => (name === 'consume' ? consume : (Reflect.get(target, name) as () => void).bind(target)),
  })
  await expect(complete({ states })).rejects.toThrow(AppError)
  expect(await rows()).toEqual([{ completed_at: null }])
  nowMs += 40 * 86_400_000
  expect(await owedHandOvers(deps, nowMs, 10)).toEqual([])
  expect(await rows()).toEqual([])
})

it('a draft that nobody came back to is counted as abandoned at its step, and leaves nothing behind', async () => {
  const before = await deps.states.counted('flow:contact')
  nowMs += 3_600_001
  expect(await status()).toBe('Nothing is saved. Begin at step 1.')
  const removed = await deps.states.sweep(0, 1_000, nowMs)
  expect(removed.get('form')).toBeGreaterThanOrEqual(1)
  const after = await deps.states.counted('flow:contact')
  expect((after.get('abandoned:only') ?? 0) - (before.get('abandoned:only') ?? 0)).toBeGreaterThanOrEqual(1)
  expect(await redis.keys('{p0}:state:form:*')).toEqual([])
  expect(await redis.keys('{p0}:index:form:*')).toEqual([])
  expect(await redis.keys('{p0}:state:due')).toEqual([])
})

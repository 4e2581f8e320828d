// What happens to a draft when its flow changes: migrated, or restarted at the first invalid step; in no case is anything lost.
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCatalogue } from '../../../src/domain/flows/catalogue.ts'
import type { FlowDeps } from '../../../src/domain/flows/deps.ts'
import { resumeForm, saveForm } from '../../../src/domain/flows/forms.ts'
import type { Caller } from '../../../src/domain/caller.ts'
import { Keyring } from '../../../src/lib/keyring.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../../src/stores/redis/connections.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../../src/stores/redis/states.ts'
import { definitionFile } from '../../support/definitions.ts'
import { createTestRedis } from '../../support/infra.ts'

const step = (id: string, fields: string[], required: string[] = []) => ({
  id,
  title: id,
  schema: {
    type: 'object',
    properties: Object.fromEntries(fields.map((name) => [name, { type: 'string', minLength: 1 }])),
    required,
    additionalProperties: false,
  },
})
const flow = (version: number, steps: object[], migrations: object = {}) =>
  definitionFile({ id: 'f', version, kind: 'form', title: 'F', audience: 'anyone', order: 'linear', lifetime: '1h', steps, migrations })

const v1 = flow(1, [step('name', ['name'], ['name']), step('contact', ['mail', 'fax'], ['mail'])])
const changed = [step('name', ['fullName', 'title'], ['fullName']), step('contact', ['mail', 'phone'], ['mail', 'phone'])]

let redis: RedisConnection
const caller = (): Caller => ({ kind: 'user', subject: randomBytes(6).toString('hex'), roles: [] })
const keyring = Keyring.parse(`k1:${randomBytes(32).toString('base64')}`)
const context = { requestId: 'test' }

function depsWith(files: ReturnType<typeof flow>[]): FlowDeps {
  const deps = {
    clock: { nowMs: () => Date.now() },
    keyring,
    policy: { partitions: 4 },
    states: new RedisStateStore(new ScriptRunner(redis, 2_000), 4),
    catalogue: createCatalogue(files),
  }
  return deps as unknown as FlowDeps
}

beforeAll(async () => {
  redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
})
afterAll(() => closeRedis(redis))

async function draftOfV1(): Promise<Caller> {
  const who = caller()
  await saveForm(depsWith([v1]), who, 'f', { step: 1, data: { name: 'Ada Lovelace' } }, context)
  await saveForm(depsWith([v1]), who, 'f', { step: 2, data: { mail: 'ada@example.com', fax: '1' } }, context)
  return who
}

it('a draft keeps its version while the file stands', async () => {
  const who = await draftOfV1()
  const deps = depsWith([v1, flow(2, changed)])
  expect(await resumeForm(deps, who, 'f')).toMatchObject({ savedData: { 1: { name: 'Ada Lovelace' } }, completedSteps: [1, 2] })
  const fresh = caller()
  expect((await saveForm(deps, fresh, 'f', { step: 1, data: { fullName: 'Grace' } }, context)).completedSteps).toEqual([1])
})

it('without its file it is migrated by the rules of the newer one', async () => {
  const who = await draftOfV1()
  const rules = [
    { rename: { step: 1, from: 'name', to: 'fullName' } },
    { default: { step: 1, field: 'title', value: 'Dr' } },
    { drop: { step: 2, field: 'fax' } },
  ]
  const deps = depsWith([flow(2, changed, { 1: rules })])
  expect(await resumeForm(deps, who, 'f')).toMatchObject({
    canResume: true,
    startFromStep: 2,
    savedData: { 1: { fullName: 'Ada Lovelace', title: 'Dr' }, 2: { mail: 'ada@example.com' } },
    unplaced: { 2: { fax: '1' } },
    message: 'The form has changed since. Everything you wrote is kept; go on at step 2.',
  })
  const saved = await saveForm(deps, who, 'f', { step: 2, data: { phone: '+264' } }, context)
  expect(saved).toMatchObject({ completedSteps: [1, 2], unplaced: { 2: { fax: '1' } } })
  expect((await resumeForm(deps, who, 'f')).message).toBe('Every step is done. It can be sent in.')
})

it('without rules it restarts at the first invalid step, and what has no place is kept aside', async () => {
  const who = await draftOfV1()
  expect(await resumeForm(depsWith([flow(7, changed)]), who, 'f')).toMatchObject({
    canResume: true,
    startFromStep: 1,
    savedData: { 2: { mail: 'ada@example.com' } },
    unplaced: { 1: { name: 'Ada Lovelace' }, 2: { fax: '1' } },
  })
})

it('a step that is gone is kept aside, steps and fields move where the rules say', async () => {
  const who = await draftOfV1()
  expect(await resumeForm(depsWith([flow(2, [step('name', ['name'], ['name'])])]), who, 'f')).toMatchObject({
    startFromStep: 1,
    savedData: { 1: { name: 'Ada Lovelace' } },
    unplaced: { 2: { mail: 'ada@example.com', fax: '1' } },
  })
  const moved = flow(3, [step('name', ['name', 'mail'], ['name']), step('new', ['x']), step('contact', ['fax'])], {
    1: [{ move: { step: 2, field: 'mail', toStep: 1 } }, { moveStep: { from: 2, to: 3 } }],
  })
  expect(await resumeForm(depsWith([moved]), who, 'f')).toMatchObject({
    savedData: { 1: { name: 'Ada Lovelace', mail: 'ada@example.com' }, 3: { fax: '1' } },
  })
})

it('a version from the future, as after a rollback, loses nothing either', async () => {
  const who = caller()
  await saveForm(depsWith([flow(9, changed)]), who, 'f', { step: 1, data: { fullName: 'Ada' } }, context)
  expect(await resumeForm(depsWith([v1]), who, 'f')).toMatchObject({
    canResume: true,
    startFromStep: 1,
    unplaced: { 1: { fullName: 'Ada' } },
  })
})

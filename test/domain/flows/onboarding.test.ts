// What time does to an onboarding, with a clock of the test's own: the resume window, the end, and how long the rest takes.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Caller } from '../../../src/domain/caller.ts'
import { readAnalytics } from '../../../src/domain/flows/analytics.ts'
import { createCatalogue } from '../../../src/domain/flows/catalogue.ts'
import { completeDraft } from '../../../src/domain/flows/complete.ts'
import type { FlowDeps } from '../../../src/domain/flows/deps.ts'
import { onboardingKey, readOnboarding, saveOnboardingStep, startOnboarding } from '../../../src/domain/flows/onboarding.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../../src/lib/durations.ts'
import { Keyring } from '../../../src/lib/keyring.ts'
import { projectRoot } from '../../../src/lib/run-file.ts'
import { readDefinitionFiles } from '../../../src/providers/flow-definitions.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../../src/stores/redis/connections.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../../src/stores/redis/states.ts'
import { createTestRedis } from '../../support/infra.ts'

let redis: RedisConnection
let deps: FlowDeps
// Ahead of the machine's clock, by which Redis forgets.
let nowMs = Date.now() + 365 * DAY_MS
const context = { requestId: 'test' }
const person = (): Caller => ({ kind: 'user', subject: randomBytes(6).toString('hex'), roles: [] })

beforeAll(async () => {
  redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
  deps = {
    clock: { nowMs: () => nowMs },
    keyring: Keyring.parse(`k1:${randomBytes(32).toString('base64')}`),
    policy: { partitions: 3 },
    states: new RedisStateStore(new ScriptRunner(redis, 2_000), 3),
    catalogue: createCatalogue(readDefinitionFiles(join(projectRoot, 'definitions'))),
  } as unknown as FlowDeps
})
afterAll(() => closeRedis(redis))

it('can be continued for a day, is kept for a week, and can then be begun anew', async () => {
  const ada = person()
  const { progress } = await startOnboarding(deps, ada, 'user', context)
  const save = () => saveOnboardingStep(deps, ada, progress.sessionId, 1, { data: { displayName: 'Ada' } }, context)
  nowMs += 23 * HOUR_MS
  expect(await save()).toMatchObject({ canResume: true })
  nowMs += 24 * HOUR_MS
  expect(await readOnboarding(deps, ada)).toMatchObject({ canResume: false, savedData: { 1: { displayName: 'Ada' } } })
  await expect(save()).rejects.toMatchObject({ code: 'flow_expired' })
  await expect(completeDraft(deps, ada, onboardingKey(progress.sessionId), context)).rejects.toMatchObject({ code: 'flow_expired' })
  nowMs += 6 * DAY_MS - SECOND_MS
  expect(await readOnboarding(deps, ada)).toMatchObject({ canResume: false })
  expect(await startOnboarding(deps, ada, 'user', context)).toMatchObject({ isNew: true, progress: { canResume: true, savedData: {} } })
  nowMs += 7 * DAY_MS
  await expect(readOnboarding(deps, ada)).rejects.toMatchObject({ code: 'not_found' })
})

it('begun twice at the same moment it is one', async () => {
  const ada = person()
  const begun = await Promise.all(Array.from({ length: 20 }, () => startOnboarding(deps, ada, 'expert', context)))
  expect(begun.filter(({ isNew }) => isNew)).toHaveLength(1)
  expect(new Set(begun.map(({ progress }) => progress.sessionId)).size).toBe(1)
})

it('learns from people how long a step takes', async () => {
  const before = (await startOnboarding(deps, person(), 'user', context)).progress.estimatedTimeRemaining
  expect(before).toBe(120)
  for (const seconds of [9, 10, 11, 12, 200]) {
    const one = person()
    const { progress } = await startOnboarding(deps, one, 'user', context)
    nowMs += seconds * SECOND_MS
    await saveOnboardingStep(deps, one, progress.sessionId, 1, { data: { displayName: 'Somebody' }, completed: true }, context)
  }
  const { steps } = await readAnalytics(deps, 'user-onboarding')
  expect(steps[0]?.medianSeconds).toBeGreaterThan(8)
  expect(steps[0]?.medianSeconds).toBeLessThanOrEqual(13)
  const { estimatedTimeRemaining } = (await startOnboarding(deps, person(), 'user', context)).progress
  expect(estimatedTimeRemaining).toBeGreaterThan(75 + 8)
  expect(estimatedTimeRemaining).toBeLessThanOrEqual(75 + 13)
})

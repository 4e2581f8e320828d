// Claiming what a browser began while it is still at work: no acknowledged save is lost, nothing is sent in twice, nothing that was sent in is thrown away.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ClaimResult } from '../../../src/contracts/flow.ts'
import type { Caller } from '../../../src/domain/caller.ts'
import type { Submission, SubmissionStore } from '../../../src/domain/flow-ports.ts'
import { createCatalogue } from '../../../src/domain/flows/catalogue.ts'
import { claimFlows } from '../../../src/domain/flows/claim.ts'
import type { FlowDeps } from '../../../src/domain/flows/deps.ts'
import { completeForm, discardForm, resumeForm, saveForm } from '../../../src/domain/flows/forms.ts'
import { AppError } from '../../../src/errors.ts'
import { Keyring } from '../../../src/lib/keyring.ts'
import { projectRoot } from '../../../src/lib/run-file.ts'
import { readDefinitionFiles } from '../../../src/providers/flow-definitions.ts'
import { closeRedis, openRedis, type RedisConnection } from '../../../src/stores/redis/connections.ts'
import { ScriptRunner } from '../../../src/stores/redis/run-script.ts'
import { RedisStateStore } from '../../../src/stores/redis/states.ts'
import { createTestRedis } from '../../support/infra.ts'

let redis: RedisConnection
let deps: FlowDeps
const kept = new Map<string, Submission>()
const context = { requestId: 'test' }
const rounds = 100
const steps = [
  { firstName: 'Ada', lastName: 'Lovelace', dateOfBirth: '1985-12-10', nationality: 'GB' },
  { street: '12 St James Square', city: 'London', country: 'GB' },
  { documentType: 'passport', documentNumber: 'GB1234567', issuingCountry: 'GB', expiresOn: '2030-01-01' },
  { occupation: 'analyst', source: 'savings', monthlyVolume: 'under_1000', isPoliticallyExposed: false },
  { isTrue: true, mayBeChecked: true },
]

/** Submissions as Postgres keeps them, in memory. */
const submissions: Partial<SubmissionStore> = {
  save: async (submission) => {
    const before = kept.get(submission.id)
    if (before?.completedAtMs === undefined && (before?.draftVersion ?? 0) <= submission.draftVersion) kept.set(submission.id, submission)
  },
  complete: async (id, atMs) => {
    const found = kept.get(id)
    if (found) kept.set(id, { ...found, completedAtMs: found.completedAtMs ?? atMs })
  },
  discard: async (id) => {
    if (kept.get(id)?.completedAtMs === undefined) kept.delete(id)
  },
}

beforeAll(async () => {
  redis = openRedis(await createTestRedis(), 'patient', 'test', () => {})
  deps = {
    clock: { nowMs: () => Date.now() },
    keyring: Keyring.parse(`k1:${randomBytes(32).toString('base64')}`),
    policy: { partitions: 3 },
    states: new RedisStateStore(new ScriptRunner(redis, 2_000), 3),
    catalogue: createCatalogue(readDefinitionFiles(join(projectRoot, 'definitions'))),
    submissions,
    enqueue: async () => {},
    telemetry: { repaired: () => {} },
  } as unknown as FlowDeps
})
afterAll(() => closeRedis(redis))

function people(): { browser: Caller; signedIn: Caller } {
  const binding = randomBytes(24).toString('base64url')
  return {
    browser: { kind: 'anonymous', network: '198.51.100.7', binding },
    signedIn: { kind: 'user', subject: randomBytes(6).toString('hex'), roles: [], binding },
  }
}

const save = (caller: Caller, data: Record<string, unknown>, version?: number) =>
  saveForm(deps, caller, 'kyc', { step: 1, data, ...(version === undefined ? {} : { version }) }, context)
const claim = (caller: Caller) => claimFlows(deps, caller, context)
const savedOf = async (caller: Caller): Promise<Record<string, unknown>> => (await resumeForm(deps, caller, 'kyc')).savedData[1] ?? {}
const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : String(error))

async function fill(caller: Caller): Promise<void> {
  for (const [at, data] of steps.entries()) {
    await saveForm(deps, caller, 'kyc', { step: at + 1, data }, context)
  }
}

/** Some turns of the event loop, so that the rounds meet at other places each time. */
async function turns(amount: number): Promise<void> {
  for (let at = 0; at < amount; at++) await new Promise<void>((resolve) => setImmediate(resolve))
}

it('no save that was acknowledged is lost, whenever the claim comes', async () => {
  let moved = 0
  for (let round = 0; round < rounds; round++) {
    const { browser, signedIn } = people()
    await save(browser, { firstName: 'Ada' })
    const names = ['middleNames', 'lastName', 'dateOfBirth', 'nationality']
    const type = async (): Promise<void> => {
      for (const name of names) await save(browser, { [name]: `v${round}` })
    }
    const [, { claimed }] = await Promise.all([type(), turns(round % 20).then(() => claim(signedIn))])
    moved += claimed.length
    const all = { ...(await savedOf(signedIn)), ...(await savedOf(browser)) }
    expect(all, `round ${round}`).toEqual({ firstName: 'Ada', ...Object.fromEntries(names.map((name) => [name, `v${round}`])) })
  }
  expect(moved).toBeGreaterThan(0)
})

it('what is claimed while it is sent in is either the user’s draft or a submission, and one of the two', async () => {
  const seen = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const { browser, signedIn } = people()
    kept.clear()
    await fill(browser)
    const begun = turns((round * 7) % 40).then(() => completeForm(deps, browser, 'kyc', context))
    const complete = begun.then(
      ({ submissionId }) => submissionId,
      (error: unknown) => {
        expect(codeOf(error)).toBe('not_found')
        return null
      },
    )
    const [submissionId] = await Promise.all([complete, turns(round % 20).then(() => claim(signedIn))])
    const draft = await savedOf(signedIn)
    const sentIn = [...kept.values()].filter(({ completedAtMs }) => completedAtMs !== undefined).map(({ id }) => id)
    expect(sentIn, `round ${round}`).toEqual(submissionId === null ? [] : [submissionId])
    expect(draft, `round ${round}`).toEqual(submissionId === null ? steps[0] : {})
    if (submissionId === null) {
      await completeForm(deps, signedIn, 'kyc', context)
    }
    expect([...kept.values()].filter(({ completedAtMs }) => completedAtMs !== undefined)).toHaveLength(1)
    seen.add(submissionId === null ? 'claimed' : 'sent in')
  }
  expect(seen).toEqual(new Set(['claimed', 'sent in']))
})

it('two claims at once move it once and leave it there', async () => {
  for (let round = 0; round < 20; round++) {
    const { browser, signedIn } = people()
    await save(browser, { firstName: 'Ada' })
    const results: ClaimResult[] = await Promise.all([claim(signedIn), claim(signedIn)])
    expect(results.flatMap(({ keptAside }) => keptAside)).toEqual([])
    expect([await savedOf(signedIn), await savedOf(browser)]).toEqual([{ firstName: 'Ada' }, {}])
  }
})

/** The same parts, with something that happens right after the claim has put its copy down. */
function between(work: () => Promise<unknown>): FlowDeps {
  const states = new Proxy(deps.states, {
    get: (target, name) =>
      name === 'create'
        ? async (...given: Parameters<typeof target.create>) => {
            const isCreated = await target.create(...given)
            await work()
            return isCreated
          }
        : (target[name as keyof typeof target] as (...given: unknown[]) => unknown).bind(target),
  })
  return { ...deps, states }
}

it('a save, a completion and a new draft that come right between the two halves of a claim are seen', async () => {
  const saving = people()
  await save(saving.browser, { firstName: 'Ada' })
  const claimed = await claimFlows(
    between(() => save(saving.browser, { lastName: 'L' })),
    saving.signedIn,
    context,
  )
  expect(claimed).toMatchObject({ claimed: [{ definition: 'kyc' }], keptAside: [] })
  expect(await savedOf(saving.signedIn)).toEqual({ firstName: 'Ada', lastName: 'L' })
  expect(await savedOf(saving.browser)).toEqual({})

  const completing = people()
  await fill(completing.browser)
  const complete = (): Promise<unknown> => completeForm(deps, completing.browser, 'kyc', context)
  expect(await claimFlows(between(complete), completing.signedIn, context)).toEqual({ claimed: [], keptAside: [] })
  expect(await savedOf(completing.signedIn)).toEqual({})

  const anew = people()
  await save(anew.browser, { firstName: 'Ada' })
  const restart = async (): Promise<void> => {
    await discardForm(deps, anew.browser, 'kyc', context)
    await save(anew.browser, { firstName: 'Grace' })
  }
  await claimFlows(between(restart), anew.signedIn, context)
  expect(await savedOf(anew.browser)).toEqual({ firstName: 'Grace' })
})

it('a version of a draft that is gone is a conflict, and begins no new one', async () => {
  const { browser } = people()
  const { version } = await save(browser, { firstName: 'Ada' })
  await discardForm(deps, browser, 'kyc', context)
  const refused = await save(browser, { lastName: 'L' }, version).catch((error: unknown) => error)
  expect(refused).toMatchObject({
    code: 'version_conflict',
    details: { conflict: { version: 0, yours: { 1: { lastName: 'L' } }, theirs: {} } },
  })
  expect(await savedOf(browser)).toEqual({})
  expect((await save(browser, { lastName: 'L' }, 0)).version).toBe(1)
})

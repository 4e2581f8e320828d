// The job that ends what nobody came back to: what it reports, and what it leaves for the next one.
import { expect, it } from 'vitest'
import { generateSessionUuid } from '../../src/domain/sessions/uuids.ts'
import { AppError } from '../../src/errors.ts'
import { DAY_MS } from '../../src/lib/durations.ts'
import type { WorkerDeps } from '../../src/workers/processor.ts'
import { processSessionCleanup } from '../../src/workers/session-cleanup.ts'
import { noSessionFiles } from '../../src/bin/no-session-files.ts'
import { context, createSessions, server } from '../support/sessions.ts'

const parts = await createSessions()
const run = (replace: object = {}) =>
  processSessionCleanup(
    { ...parts, sessionFiles: noSessionFiles, ...replace } as unknown as WorkerDeps,
    { partition: 0, slot: 1 },
    {
      fence: { jobMs: 0, starts: 1 },
      tries: 1,
      backoff: { firstMs: 1, maxMs: 1 },
      signal: new AbortController().signal,
    },
  )

it('says whether there was anything to do, and postpones what needs a Postgres that is away', async () => {
  expect(await run()).toEqual({ outcome: 'nothing_due' })
  await generateSessionUuid(parts, server, context)
  parts.clock.advance(DAY_MS)
  const away = {
    record: () => Promise.reject(new AppError('service_degraded')),
    noteAbandoned: () => Promise.reject(new AppError('service_degraded')),
  }
  expect(await run({ sessionUuidBook: away })).toEqual({ outcome: 'postponed' })
  expect(await run()).toEqual({ outcome: 'cleaned' })
  expect(await run()).toEqual({ outcome: 'nothing_due' })
})

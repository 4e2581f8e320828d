// A judgement of signatures is used again for the same bytes, but only for a day: certificates end.
import { expect, it } from 'vitest'
import { createDocumentDomain } from '../support/document-domain.ts'

it('signatures of the same bytes are judged once a day, and each document keeps showing them', async () => {
  const t = await createDocumentDomain()
  const first = await t.create('signed')
  await t.runAll(first.id)
  const second = await t.create('signed')
  await t.runAll(second.id)
  expect(t.runs.filter((run) => run === 'signatures')).toHaveLength(1)
  t.clock.advance(25 * 3_600_000)
  expect(await t.view(first.id)).toMatchObject({ signatures: [] })
  const third = await t.create('signed')
  await t.runAll(third.id)
  expect(t.runs).toEqual(['preflight', 'text', 'thumbnails', 'signatures', 'analyse', 'signatures'])
})

// The analysis: rules always, a model where there is one. What the model says stands apart, and when it says nothing the rest stays.
import { describe, expect, it } from 'vitest'
import { createDocumentDomain } from '../support/document-domain.ts'

const answer = { summary: 'A greeting.', keyTerms: [{ term: 'Hello', explanation: 'It greets.' }] }

describe('an analysis', () => {
  it('shows what a model said as model output, and asks once for the same bytes', async () => {
    const asked: string[] = []
    const t = await createDocumentDomain({ analyst: { model: 'small', summarise: async (text) => (asked.push(text), answer) } })
    const { id } = await t.create('same')
    expect(await t.runAll(id)).toMatchObject({ status: 'processed', model: 'small' })
    expect(asked).toEqual(['[page 1]\nHello\n[page 2]\nHello'])
    expect(await t.view(id)).toMatchObject({
      analysis: { kind: { name: 'letter' }, model: { label: 'model_output', model: 'small', ...answer } },
    })
    const again = await t.create('same')
    await t.runAll(again.id)
    expect(asked).toHaveLength(1)
    expect(await t.view(again.id)).toMatchObject({ analysis: { model: { summary: 'A greeting.' } } })
  })

  it('goes without a model that does not answer, after some tries, and says so', async () => {
    const t = await createDocumentDomain({ analyst: { model: 'small', summarise: () => Promise.reject(new Error('away')) } })
    const { id } = await t.create()
    await t.run(id, 'preflight')
    for (const stage of ['text', 'thumbnails', 'signatures'] as const) await t.run(id, stage)
    await expect(t.run(id, 'analysis')).rejects.toThrow('model_unavailable')
    expect(await t.run(id, 'analysis', { tries: 3 })).toMatchObject({ outcome: 'partial' })
    expect(await t.read(id)).toMatchObject({ status: 'partial', stages: { analysis: { status: 'partial', reason: 'model_unavailable' } } })
    expect(await t.view(id)).toMatchObject({ analysis: { kind: { name: 'letter' }, model: null } })
  })
})

// Asking for checks over HTTP: what is refused and how, lists, and the report by either way of asking for it.
import { beforeAll, expect, it } from 'vitest'
import { processPdf } from '../support/documents.ts'
import { until } from '../support/infra.ts'
import { textPdf } from '../support/pdf-files.ts'
import { startSystem, type System } from '../support/system.ts'

let system: System
let alice: Record<string, string>
let path: string

beforeAll(async () => {
  system = await startSystem({ workers: 1 })
  alice = await system.as({ sub: 'alice' })
  const document = await processPdf(system, alice, textPdf(['A letter']))
  path = `/v1/documents/${document['id']}/compliance-checks`
})

it('refuses what is no request, with the place of each fault, and makes nothing', async () => {
  const pointers = async (body: unknown) => {
    const answer = await system.call('POST', path, body, alice)
    return [answer.status, answer.body['code'], (answer.body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
  expect(await pointers({})).toEqual([400, 'invalid_request', ['/ruleset']])
  expect(await pointers({ ruleset: 'eta-2020' })).toEqual([400, 'invalid_request', ['/ruleset']])
  expect(await pointers({ ruleset: 'eta-2019', delay: -1, score: true })).toEqual([400, 'invalid_request', ['/delay', '/score']])
  expect(await pointers({ ruleset: 'eta-2019', requiredClass: 'qualified' })).toEqual([400, 'invalid_request', ['/requiredClass']])
  expect(await pointers({ ruleset: 'eta-2019', declarations: { documentKind: 'Not a word' } })).toEqual([
    400,
    'invalid_request',
    ['/declarations/documentKind'],
  ])
  expect((await system.call('GET', path, undefined, alice)).body['totalCount']).toBe(0)
})

it('is not there for others, nor without a credential', async () => {
  const mallory = await system.as({ sub: 'mallory' })
  const body = { ruleset: 'eta-2019' }
  expect((await system.call('POST', path, body, mallory)).body).toMatchObject({ status: 404, code: 'document_not_found' })
  expect((await system.call('GET', path, undefined, mallory)).status).toBe(404)
  expect((await system.call('POST', path, body)).status).toBe(401)
  const asked = await system.call('POST', path, { ...body, delay: 3_600 }, alice)
  const at = asked.headers.get('location') ?? ''
  expect((await system.call('GET', at, undefined, mallory)).body).toMatchObject({ status: 404, code: 'check_not_found' })
  expect((await system.call('GET', `${at}?format=pdf`, undefined, mallory)).status).toBe(404)
  expect((await system.call('GET', `${at}?format=pdf`, undefined, alice)).body).toMatchObject({ status: 409, code: 'check_not_ready' })
  expect((await system.call('GET', `${at}?format=xml`, undefined, alice)).body).toMatchObject({ status: 400, code: 'invalid_request' })
  expect((await system.call('GET', '/v1/compliance-checks/chk_nothing', undefined, alice)).status).toBe(404)
})

it('gives the same check for the same key, a report by Accept, and a list in pages', async () => {
  const keyed = { ...alice, 'idempotency-key': 'once' }
  const first = await system.call('POST', path, { ruleset: 'eta-2019' }, keyed)
  const again = await system.call('POST', path, { ruleset: 'eta-2019' }, keyed)
  expect([first.status, again.body['id'], again.headers.get('idempotent-replayed')]).toEqual([202, first.body['id'], 'true'])
  const other = await system.call('POST', path, { ruleset: 'eta-2019', requiredClass: 'party_agreed' }, keyed)
  expect(other.body).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  const at = first.headers.get('location') ?? ''
  const final = await until(
    async () => {
      const answer = await system.call('GET', at, undefined, alice)
      return answer.body['status'] === 'final' ? answer : null
    },
    { timeoutMs: 25_000 },
  )
  expect(final.headers.get('etag')).toBe('"3"')
  const report = await fetch(system.url + at, { headers: { ...alice, accept: 'application/pdf' } })
  expect([report.status, report.headers.get('content-type'), report.headers.get('vary')]).toEqual([
    200,
    'application/pdf',
    expect.stringContaining('Accept'),
  ])
  expect(Number(report.headers.get('content-length'))).toBe((await report.arrayBuffer()).byteLength)
  expect((await fetch(system.url + at, { headers: { ...alice, accept: 'image/png' } })).status).toBe(406)
  await system.call('POST', path, { ruleset: 'eta-2019', delay: 600 }, alice)
  const page = (await system.call('GET', `${path}?first=2`, undefined, alice)).body as {
    nodes: { id: string; rules?: unknown }[]
    totalCount: number
    pageInfo: { endCursor: string; hasNextPage: boolean }
  }
  expect([page.nodes.length, page.totalCount, page.pageInfo.hasNextPage]).toEqual([2, 3, true])
  expect(page.nodes.every((node) => node.rules === undefined)).toBe(true)
  const rest = (await system.call('GET', `${path}?first=2&after=${page.pageInfo.endCursor}`, undefined, alice)).body['nodes'] as {
    id: string
  }[]
  expect(new Set([...page.nodes, ...rest].map(({ id }) => id)).size).toBe(3)
})

it('ends once, though the worker was killed in the middle', { timeout: 120_000 }, async () => {
  const document = await processPdf(system, alice, textPdf(['Another letter']))
  const asked = await system.call('POST', `/v1/documents/${document['id']}/compliance-checks`, { ruleset: 'eta-2019' }, alice)
  const at = asked.headers.get('location') ?? ''
  const statusOf = async () => (await system.call('GET', at, undefined, alice)).body['status']
  await until(async () => (await statusOf()) === 'evaluating', { timeoutMs: 20_000 })
  await Promise.all(system.workers.splice(0).map((worker) => worker.kill()))
  expect(await statusOf()).toBe('evaluating')
  await system.startWorker()
  await until(async () => (await statusOf()) === 'final', { timeoutMs: 90_000 })
  const admin = await system.as({ sub: 'root', roles: ['admin'] })
  const entries = await until(async () => {
    const { body } = await system.call('GET', `/v1/audit?subject=${asked.body['id']}`, undefined, admin)
    const actions = (body['nodes'] as { action: string }[]).map(({ action }) => action)
    return actions.includes('check.finished') ? actions : null
  })
  expect(entries.toSorted()).toEqual(['check.finished', 'check.requested'])
})

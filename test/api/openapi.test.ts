import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRoutes } from '../../src/api/app.ts'
import type { OpenApiDocument } from '../../src/api/openapi.ts'
import { startApi, type Harness } from './harness.ts'

let api: Harness
let document: OpenApiDocument
beforeAll(async () => {
  api = await startApi()
  document = (await (await api.fetch('/openapi.json')).json()) as OpenApiDocument
})
afterAll(() => api.close())

describe('the generated document', () => {
  it('lists every route of /v1', () => {
    const routes = createRoutes(api.deps).filter((route) => route.path.startsWith('/v1/'))
    expect(routes.length).toBeGreaterThan(9)
    for (const route of routes) expect(document.paths[route.path]?.[route.method]?.operationId, route.path).toBeTruthy()
  })

  it('names every operation once and describes every parameter of its address', () => {
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    )
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { path, operation } of operations) {
      const named = operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => `{${parameter.name}}`)
      expect(path.match(/\{\w+\}/g) ?? []).toEqual(named)
      expect(Object.keys(operation.responses).length).toBeGreaterThan(0)
    }
  })

  it('refers only to schemas that it holds', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] ?? '')
    expect(refs.length).toBeGreaterThan(10)
    for (const name of refs) expect(Object.keys(document.components.schemas)).toContain(name)
    expect(JSON.stringify(document)).not.toContain('"$schema"')
  })

  it('says what a start takes and answers', () => {
    const start = document.paths['/v1/verifications']?.post
    expect(start?.responses['202']?.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/Verification' })
    expect(Object.keys(start?.responses ?? {})).toEqual(
      expect.arrayContaining(['400', '401', '403', '409', '413', '415', '422', '429', '503']),
    )
    expect(document.components.schemas.StartVerificationRequest).toMatchObject({ additionalProperties: false, required: ['channel', 'to'] })
  })

  it('knows the refusals that access, limit and body bring along', () => {
    const statuses = (path: string, method: string): string[] => Object.keys(document.paths[path]?.[method]?.responses ?? {})
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        expect(statuses(path, method), `${method} ${path}`).toContain('400')
        if (security.length > 0)
          expect(statuses(path, method), `${method} ${path}`).toEqual(expect.arrayContaining(['401', '403', '429', '503']))
      }
    }
    expect(statuses('/v1/proofs/verify', 'post')).toContain('404')
    expect(statuses('/v1/callbacks/twilio/status', 'post')).toEqual(expect.arrayContaining(['403', '413', '415', '503']))
    expect(statuses('/v1/callbacks/email', 'post')).toEqual(expect.arrayContaining(['403', '413', '503']))
    expect(statuses('/v1/verifications/{id}/cancel', 'post')).toEqual(expect.arrayContaining(['413', '415']))
  })

  it('says what an idempotency key may be refused for, and when an envelope is not sent again', () => {
    for (const path of ['/v1/envelopes', '/v1/envelopes/{id}/resend']) {
      const post = document.paths[path]?.['post']
      expect(post?.parameters.map(({ name }) => name)).toContain('Idempotency-Key')
      const text = JSON.stringify(post?.responses)
      for (const code of ['idempotency_key_reused', 'idempotency_key_in_progress']) expect(text, path).toContain(code)
    }
    const one = document.paths['/v1/envelopes/{id}']?.['get']
    expect(one?.parameters.map(({ name }) => name)).toContain('If-None-Match')
    expect(Object.keys(one?.responses ?? {})).toContain('304')
    expect(one?.responses['200']?.headers?.['ETag']?.description).toContain('hash')
    expect(document.paths['/v1/envelopes/{id}/cancel']?.['post']?.description).toContain('Until the last signature')
  })

  it('is there for people too, as a page without scripts', async () => {
    const page = await (await api.fetch('/docs')).text()
    expect(page).toContain('Start a verification')
    expect(page).toContain('curl -X POST')
    expect(page).not.toContain('<script')
    const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1] ?? '')
    for (const anchor of anchors) expect(page).toContain(`id="${anchor}"`)
  })
})

// A route that asks for more than a token: the mount lets only raised sessions through.
import express from 'express'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, it } from 'vitest'
import { problems } from '../../src/api/middleware/problems.ts'
import { requestId } from '../../src/api/middleware/request-id.ts'
import { mountRoutes } from '../../src/api/mount.ts'
import { adminKey, createToken, startApi } from './harness.ts'

it('refuses a session that was not raised lately, and says what is missing', async () => {
  const api = await startApi()
  let elevatedUntilMs: number | undefined
  const standing = async () => ({ kind: 'ok', unusual: [], ...(elevatedUntilMs === undefined ? {} : { elevatedUntilMs }) }) as const
  const deps = { ...api.deps, revocations: { ...api.deps.revocations, standing } }
  const app = express()
  app.use(requestId(deps.log, () => {}))
  mountRoutes(app, deps, [
    {
      method: 'get',
      path: '/vault',
      access: 'credential',
      assurance: 'elevated',
      limit: 'none',
      handle: ({ res }) => void res.json({ open: true }),
    },
  ])
  app.use(problems(deps.log))
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(async () => {
    await api.close()
    server.close()
  })
  const ask = async (credential: string): Promise<[number, unknown]> => {
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/vault`, {
      headers: { authorization: `Bearer ${credential}` },
    })
    return [answer.status, await answer.json()]
  }
  expect(await ask(await createToken())).toMatchObject([403, { code: 'assurance_required' }])
  elevatedUntilMs = Date.now() + 1_000
  expect(await ask(await createToken())).toEqual([200, { open: true }])
  elevatedUntilMs = Date.now() - 1
  expect((await ask(await createToken()))[0]).toBe(403)
  expect(await ask(adminKey)).toEqual([200, { open: true }])
})

// An API that is asked to stop: who waits for news is answered at once, and the process ends soon after.
import { expect, test } from 'vitest'
import { startSystem } from '../support/system.ts'

const system = await startSystem({ workers: 0 })

test('long polls end with 304 and not with an empty reply, and the stop takes no longer than they', async () => {
  const started = await system.call('POST', '/v1/verifications', { channel: 'sms', to: '+14155552671' })
  const path = `/v1/verifications/${String(started.body['id'])}`
  const polls = Array.from({ length: 5 }, () => system.call('GET', path, undefined, { 'if-none-match': '"1"', prefer: 'wait=30' }))
  // The waits are under way once a later request on the same server has been answered.
  await system.call('GET', path)
  const [api] = system.apis
  const startedAtMs = performance.now()
  await api?.stop(20_000)
  expect((await Promise.all(polls)).map(({ status }) => status)).toEqual([304, 304, 304, 304, 304])
  expect(performance.now() - startedAtMs).toBeLessThan(4_000)
  expect(await api?.exited).toMatchObject({ code: 0 })
})

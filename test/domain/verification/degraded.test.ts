// Redis that is there and does not answer: every call ends in under a second, and says that a part is away.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { cancelVerification } from '../../../src/domain/verification/cancel.ts'
import { confirmLink, inspectLink } from '../../../src/domain/verification/link.ts'
import { verifyProof } from '../../../src/domain/verification/proofs.ts'
import { getVerification, listAttempts, waitForVerification } from '../../../src/domain/verification/read.ts'
import { receiveReceipt } from '../../../src/domain/verification/receipts.ts'
import { resendVerification } from '../../../src/domain/verification/resend.ts'
import { deriveLinkToken } from '../../../src/domain/verification/secrets.ts'
import { findFreePort } from '../../../src/lib/ports.ts'
import { startRedis } from '../../../src/standins/redis.ts'
import { until } from '../../support/infra.ts'
import { startVerification } from '../../../src/domain/verification/start.ts'
import { createDomain, refusal, someone } from '../../support/domain.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-frozen-'))
const redis = await startRedis({ dataDir, port: await findFreePort(), password: 'only-for-this-test' })
afterAll(async () => {
  await redis.kill()
  rmSync(dataDir, { recursive: true, force: true })
})

describe.each([1, 4])('with %i partitions and Redis frozen', async (partitions) => {
  const domain = await createDomain({ partitions, redisUrl: redis.url, redisPatienceMs: 700 })
  const { accept } = domain
  const context = { requestId: 'r' }

  it('every call is refused in under a second, and all is well after the thaw', async () => {
    const { verification } = await domain.start({ channel: 'email', method: 'link' })
    const done = await domain.start()
    const { proof } = await domain.check(done.verification.id, domain.code(done.verification.id))
    const { id, sequence } = verification
    const token = deriveLinkToken(domain.keyring, id) ?? ''
    const calls: (() => Promise<unknown>)[] = [
      () => domain.start(),
      () => domain.start({}, someone, { idempotencyKey: 'k' }),
      () => getVerification(accept, someone, id),
      () => waitForVerification(accept, someone, id, sequence, 30_000, new AbortController().signal),
      () => listAttempts(accept, someone, id),
      () => domain.check(id, domain.wrongCode(id)),
      () => resendVerification(accept, someone, id, undefined, context),
      () => cancelVerification(accept, someone, id, context),
      () => inspectLink(accept, someone, token),
      () => confirmLink(accept, someone, token, context),
      () => verifyProof(accept, someone, proof, randomUUID(), { requestId: 'r1' }),
      () => receiveReceipt(accept, { verificationId: id, attempt: 1 }, { status: 'delivered' }),
    ]
    process.kill(redis.pid, 'SIGSTOP')
    try {
      const startedAt = performance.now()
      const refusals = await Promise.all(calls.map(async (call) => ({ ...(await refusal(call())), ms: performance.now() - startedAt })))
      for (const { code, retryAfterMs, ms } of refusals) {
        expect(code).toBe('service_degraded')
        expect(retryAfterMs).toBe(1_000)
        expect(ms).toBeLessThan(1_000)
      }
    } finally {
      process.kill(redis.pid, 'SIGCONT')
    }
    await until(() => getVerification(accept, someone, id))
    expect((await domain.start()).verification.status).toBe('queued')
  })

  it('a frozen queue does not refuse what was accepted', async () => {
    const stuck = { ...accept, enqueue: () => new Promise<void>(() => {}) }
    const request = { channel: 'sms', to: '+14155550999', method: 'code', locale: 'en' } as const
    const startedAt = performance.now()
    expect(
      (await startVerification(stuck, someone, { ...request, purpose: partitions === 1 ? 'two_factor' : 'registration' }, context))
        .verification.status,
    ).toBe('queued')
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })
})

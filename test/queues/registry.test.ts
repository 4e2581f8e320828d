// Every job contract keeps the house's rules, so that a new one that does not is caught here.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createVerificationId } from '../../src/domain/verification/id.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { createId } from '../../src/lib/ids.ts'
import { contractOf, isJobName, queueNames, registry, type JobName, type JobPayload } from '../../src/queues/registry.ts'

const id = createVerificationId({ partition: 2, keyTag: 1, purpose: 'two_factor', digits: 6 })

const send: [JobPayload<JobName>, JobPayload<JobName>] = [
  { verificationId: id, attempt: 1 },
  { verificationId: id, attempt: 2 },
]
const submission = () => ({ submissionId: createId('sub', { partition: 2, keyTag: 0, traits: 0 }) })
const upload = () => ({ uploadId: createId('upl', { partition: 2, keyTag: 0, traits: 0 }) })
const aDocument = () => ({ documentId: createId('doc', { partition: 2, keyTag: 0, traits: 0 }) })
const anEnvelope = () => ({ envelopeId: createId('env', { partition: 2, keyTag: 0, traits: 0 }) })
const aNotice = () => ({ noticeId: createId('ntc', { partition: 2, keyTag: 0, traits: 0 }) })
const aCheck = () => ({ checkId: createId('chk', { partition: 2, keyTag: 0, traits: 0 }) })
const delivery = createId('whd', { partition: 2, keyTag: 0, traits: 0 })
/** Two pieces of work of each job. */
const samples: Record<JobName, [JobPayload<JobName>, JobPayload<JobName>]> = {
  'otp.send': send,
  'email-code.send': send,
  'email-link.send': send,
  'flow.completed': [submission(), submission()],
  'webhook.deliver': [
    { deliveryId: delivery, attempt: 1 },
    { deliveryId: delivery, attempt: 2 },
  ],
  'session.cleanup': [
    { partition: 2, slot: 29_000_000 },
    { partition: 2, slot: 29_000_001 },
  ],
  'upload.finalise': [upload(), upload()],
  'document.preflight': [aDocument(), aDocument()],
  'document.text': [aDocument(), aDocument()],
  'document.thumbnails': [aDocument(), aDocument()],
  'document.signatures': [aDocument(), aDocument()],
  'document.analysis': [aDocument(), aDocument()],
  'document.record': [aDocument(), aDocument()],
  'check.evaluate': [aCheck(), aCheck()],
  'envelope.prepare': [anEnvelope(), anEnvelope()],
  'integrity.sweep': [{ slot: 480_000 }, { slot: 480_001 }],
  'retention.sweep': [{ slot: 480_000 }, { slot: 480_001 }],
  'envelope.expire': [anEnvelope(), anEnvelope()],
  'envelope.seal': [anEnvelope(), anEnvelope()],
  'notice.send': [aNotice(), aNotice()],
  'notification.digest': [
    { partition: 2, slot: 29_000_000 },
    { partition: 2, slot: 29_000_001 },
  ],
  'upload.sweep': [
    { partition: 2, slot: 29_000_000 },
    { partition: 2, slot: 29_000_001 },
  ],
  'state.cleanup': [
    { partition: 2, slot: 29_000_000 },
    { partition: 2, slot: 29_000_001 },
  ],
}

/** What they are about is all in Postgres and has no partition. */
const ofTheWhole: ReadonlySet<JobName> = new Set(['integrity.sweep', 'retention.sweep'])

describe.each(Object.keys(registry) as JobName[])('%s', (name) => {
  const contract = contractOf(name)
  const [payload, other] = samples[name].map((sample) => contract.payload.parse(sample)) as [JobPayload<JobName>, JobPayload<JobName>]

  it('is registered under its own name, and has its contract, processor and test', () => {
    expect(contract.name).toBe(name)
    const file = name.replaceAll('.', '-')
    for (const path of [`src/queues/jobs/${file}.ts`, `src/workers/${file}.ts`, `test/workers/${file}.test.ts`])
      expect(existsSync(join(projectRoot, path))).toBe(true)
  })

  it('has a job id that BullMQ takes: one for each piece of work, no colon, no bare number', () => {
    expect(contract.jobId(payload)).toMatch(/^[a-z][^:]*$/)
    expect(contract.jobId(other)).not.toBe(contract.jobId(payload))
  })

  it('lives in the partition of what it is about, on a queue that workers take', () => {
    expect(contract.partition(payload)).toBe(ofTheWhole.has(name) ? 0 : 2)
    expect(queueNames).toContain(contract.queue)
  })

  it('has bounded time and a wait between tries', () => {
    expect(contract.timeoutMs).toBeGreaterThan(0)
    // Large files take long; nothing takes longer than an hour.
    expect(contract.timeoutMs).toBeLessThanOrEqual(3_600_000)
    expect(contract.backoff.firstMs).toBeLessThanOrEqual(contract.backoff.maxMs)
  })
})

it.each(['otp.unsend', 'constructor', '__proto__', ''])('%j is no job', (name) => expect(isJobName(name)).toBe(false))

// A consumer in process for the tests of jobs: the real one, on a test domain's queues, with a log that can be read.
import { afterAll } from 'vitest'
import type { Run } from '../../src/domain/verification/deliver.ts'
import { createLog } from '../../src/log.ts'
import type { SendAttempt } from '../../src/queues/send-attempt.ts'
import { partitionTag } from '../../src/stores/redis/keys.ts'
import { closeRedis, openRedis } from '../../src/stores/redis/connections.ts'
import type { RunResult, WorkerDeps } from '../../src/workers/processor.ts'
import { processors } from '../../src/workers/processors.ts'
import { Consumer, type ConsumerOptions } from '../../src/workers/run.ts'
import type { TestDomain } from '../support/domain.ts'

export type TestConsumer = {
  consumer: Consumer
  /** Every line of its log, parsed. */
  lines: Record<string, unknown>[]
  /** What it told the metrics: queue, job and outcome of each run. */
  runs: string[]
}

/** Takes the jobs of every queue until it is closed, at the latest after the file. */
export function startConsumer(domain: TestDomain, replace: Partial<ConsumerOptions> = {}): TestConsumer {
  const lines: Record<string, unknown>[] = []
  const runs: string[] = []
  const connection = openRedis(domain.redisUrl, 'patient', 'test-consumer', () => {})
  const consumer = new Consumer({
    connection,
    queues: ['otp', 'mail'],
    partitions: domain.accept.policy.partitions,
    prefixOf: partitionTag,
    concurrency: 10,
    name: 'test',
    deps: { ...domain.deliver, ...nothingElse },
    processors,
    telemetry: { waited: () => {}, ran: (queue, job, outcome) => void runs.push(`${queue} ${job} ${outcome}`) },
    log: createLog('test', 'trace', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }),
    ...replace,
  })
  afterAll(async () => {
    await consumer.close(1_000)
    closeRedis(connection)
  })
  return { consumer, lines, runs }
}

const notOfThisTest = () => Promise.reject(new TypeError('not part of this test'))
/** What processors of other jobs would need. */
const nothingElse = {
  states: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['states'],
  submissions: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['submissions'],
  events: { append: notOfThisTest },
  meters: { stateRemoved: () => {} },
  webhooks: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['webhooks'],
  sendWebhook: notOfThisTest,
  sessionStore: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['sessionStore'],
  sessionUuids: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['sessionUuids'],
  sessionUuidBook: new Proxy({}, { get: () => notOfThisTest }) as WorkerDeps['sessionUuidBook'],
  sessionFiles: { removeAbandoned: notOfThisTest },
  sessionTelemetry: { sessionChanged: () => {} },
  ...(new Proxy({}, { get: () => notOfThisTest }) as Pick<
    WorkerDeps,
    | 'uploads'
    | 'storedUploads'
    | 'blobs'
    | 'sniffer'
    | 'scanner'
    | 'isUnscannedAllowed'
    | 'uploadMeters'
    | 'documents'
    | 'documentRows'
    | 'documentResults'
    | 'enqueue'
    | 'sandbox'
    | 'documentFiles'
    | 'analyst'
    | 'envelopes'
    | 'audit'
    | 'vault'
    | 'checkpoints'
    | 'checkpointSigner'
    | 'evidenceSigner'
    | 'verifierSource'
    | 'publicUrl'
    | 'checks'
    | 'ruleSet'
    | 'examinations'
    | 'examiner'
    | 'trustList'
    | 'ownTexts'
    | 'hasResponsiblePerson'
    | 'sealingKey'
    | 'sealPreparer'
    | 'printer'
    | 'retention'
    | 'purges'
    | 'integrity'
    | 'software'
    | 'retentionMeters'
    | 'notices'
    | 'notifications'
    | 'noticeLanes'
    | 'noticeTemplates'
    | 'digestAfterMs'
  >),
}

/** What a processor does, whichever its job: all that send take the same payload. */
export type Work = (deps: WorkerDeps, payload: SendAttempt, run: Run) => Promise<RunResult>

/** Processors that all do the same. */
export function allDo(work: Work): typeof processors {
  return {
    'otp.send': work,
    'email-code.send': work,
    'email-link.send': work,
    'flow.completed': notOfThisTest,
    'state.cleanup': notOfThisTest,
    'session.cleanup': notOfThisTest,
    'webhook.deliver': notOfThisTest,
    'upload.finalise': notOfThisTest,
    'upload.sweep': notOfThisTest,
    'document.preflight': notOfThisTest,
    'document.text': notOfThisTest,
    'document.thumbnails': notOfThisTest,
    'document.signatures': notOfThisTest,
    'document.analysis': notOfThisTest,
    'document.record': notOfThisTest,
    'check.evaluate': notOfThisTest,
    'envelope.prepare': notOfThisTest,
    'integrity.sweep': notOfThisTest,
    'retention.sweep': notOfThisTest,
    'envelope.expire': notOfThisTest,
    'envelope.seal': notOfThisTest,
    'notice.send': notOfThisTest,
    'notification.digest': notOfThisTest,
  }
}

// What was given up, jobs and webhook deliveries alike, and putting it back in line; each one put back is an event.
import type { DeadLetter, RedriveRequest } from '../../contracts/dead-letter.ts'
import { invalidField } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { FailedJob, FailedJobs, WebhookDelivery } from '../event-ports.ts'
import { toPage, placeOf, type Page, type PageRequest } from '../page.ts'
import type { EventLog } from '../ports.ts'
import type { Trace } from '../state-ports.ts'
import { replayDelivery, type DeliverSoon } from '../webhooks/deliveries.ts'
import type { WebhookDeps } from '../webhooks/endpoints.ts'

export type DeadLetterDeps = WebhookDeps & { failedJobs: FailedJobs; deliverSoon: DeliverSoon; events: EventLog }

/** The queue whose dead letters are deliveries as well as jobs. */
const webhookQueue = 'webhooks'
/** As many as one look takes in: nobody reads further, and redriving goes from the top. */
const mostListed = 1_000
/** One request redrives for so long and then says how many remain. */
const patienceMs = 20 * SECOND_MS

/** Newest first. The total of a queue is exact; beyond 1,000 its older ones come into view as the newer ones go. */
export async function listDeadLetters(deps: DeadLetterDeps, queues: readonly string[], request: PageRequest): Promise<Page<DeadLetter>> {
  const query = `dead-letters ${queues.join(' ')}`
  const place = placeOf(deps.keyring, query, request)
  const [letters, total] = await Promise.all([lettersOf(deps, queues), countAll(deps, queues)])
  const at = place === undefined ? -1 : letters.findIndex((letter) => isAfter(letter, place))
  const rest = place === undefined ? letters : at < 0 ? [] : letters.slice(at)
  return toPage({ keyring: deps.keyring, query, request }, rest.slice(0, request.first + 1), total, placeIn, (letter) => letter)
}

/**
 * Puts those of a queue back in line, all or the named ones, at most `rate` a second; a dry run only counts. What the 20 s of one request do not take is told as
 * `remaining`.
 */
export async function redrive(
  deps: DeadLetterDeps,
  queues: readonly string[],
  { queue, ids, dryRun, rate }: RedriveRequest,
  trace: Trace,
  pause: (ms: number) => Promise<void>,
): Promise<{ queue: string; matched: number; redriven: number; remaining: number; dryRun: boolean }> {
  if (!queues.includes(queue)) throw invalidField('/queue', `must be one of ${queues.join(', ')}`)
  const wanted = ids ? new Set(ids) : null
  const [jobs, { deliveries }] = await Promise.all([deps.failedJobs.list(queue, mostListed), deadDeliveries(deps, queue)])
  const steps = [
    ...jobs.filter(({ id }) => wanted?.has(id) ?? true).map((job) => () => redriveJob(deps, job, trace)),
    ...deliveries
      .filter(({ id }) => wanted?.has(id) ?? true)
      .map(
        ({ id }) =>
          () =>
            redriveDelivery(deps, id, trace),
      ),
  ]
  const matched = wanted ? steps.length : await countAll(deps, [queue])
  if (dryRun) return { queue, matched, redriven: 0, remaining: matched, dryRun }
  const giveUpAtMs = performance.now() + patienceMs
  let redriven = 0
  for (const step of steps) {
    if (performance.now() > giveUpAtMs) break
    if (await step()) redriven++
    if (rate !== undefined) await pause(SECOND_MS / rate)
  }
  return { queue, matched, redriven, remaining: Math.max(0, matched - redriven), dryRun }
}

async function redriveJob({ failedJobs, events, clock }: DeadLetterDeps, job: FailedJob, trace: Trace): Promise<boolean> {
  if (!(await failedJobs.retry(job))) return false
  const data = { queue: job.queue, name: job.name, reason: job.reason }
  await events.append(job.partition, { type: 'job.redriven', subject: `job:${job.id}`, sequence: job.tries, data }, trace, clock.nowMs())
  return true
}

async function redriveDelivery(deps: DeadLetterDeps, id: string, trace: Trace): Promise<boolean> {
  // Its event is written with it. One that is no longer dead was redriven by somebody else.
  return replayDelivery(deps, id, trace, deps.deliverSoon).then(
    () => true,
    () => false,
  )
}

async function lettersOf(deps: DeadLetterDeps, queues: readonly string[]): Promise<DeadLetter[]> {
  const jobs = await Promise.all(queues.map((queue) => deps.failedJobs.list(queue, mostListed)))
  const { deliveries } = await deadDeliveries(deps, queues.includes(webhookQueue) ? webhookQueue : '')
  return [...jobs.flat().map(ofJob), ...deliveries.map(ofDelivery)].toSorted((one, other) => (placeIn(one) < placeIn(other) ? 1 : -1))
}

async function countAll(deps: DeadLetterDeps, queues: readonly string[]): Promise<number> {
  const jobs = await Promise.all(queues.map((queue) => deps.failedJobs.count(queue)))
  const { total } = queues.includes(webhookQueue) ? await deps.webhooks.dead(undefined, 1) : { total: 0 }
  return jobs.reduce((sum, count) => sum + count, total)
}

function deadDeliveries({ webhooks }: DeadLetterDeps, queue: string): Promise<{ deliveries: WebhookDelivery[]; total: number }> {
  return queue === webhookQueue ? webhooks.dead(undefined, mostListed) : Promise.resolve({ deliveries: [], total: 0 })
}

function placeIn({ failedAt, id }: DeadLetter): string {
  return `${failedAt} ${id}`
}

function isAfter(letter: DeadLetter, place: string): boolean {
  return placeIn(letter) < place
}

function ofJob({ id, queue, name, reason, tries, failedAtMs }: FailedJob): DeadLetter {
  return { id, queue, kind: 'job', name, reason, tries, failedAt: new Date(failedAtMs).toISOString() }
}

function ofDelivery({ id, type, reason, attempts, endedAtMs, createdAtMs }: WebhookDelivery): DeadLetter {
  const failedAt = new Date(endedAtMs ?? createdAtMs).toISOString()
  return { id, queue: webhookQueue, kind: 'webhook_delivery', name: type, reason: reason ?? 'unknown', tries: attempts, failedAt }
}

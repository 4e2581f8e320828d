// What Prometheus sees of one process: requests, verifications, sends and whatever is measured on scrape. Labels are of low cardinality
// and never personal. What a number means to the product is decided by whoever reports it.
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** One value of a gauge, with a label for each name that the gauge was given. */
export type Sample = { labels?: Readonly<Record<string, string>>; value: number }

/** A gauge that is measured when somebody looks. `name` goes without the `sallyport_` prefix and ends in its base unit. */
export type GaugeSource = {
  name: string
  help: string
  labels?: readonly string[]
  measure: () => Promise<readonly Sample[]> | readonly Sample[]
}

export type ProcessTelemetry = ReturnType<typeof createTelemetry>

const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 30]
const jobBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 300]

/** The meters of one process. `name` (api, worker) is on every series. `close` stops what watches the process. */
export function createTelemetry({ name }: { name: string }) {
  const registry = new Registry()
  registry.setDefaultLabels({ process: name })
  collectDefaultMetrics({ register: registry, prefix: 'sallyport_' })
  return {
    ...domainMeters(registry),
    ...requestMeter(registry),
    ...jobMeters(registry),
    ...sessionMeters(registry),
    ...cacheMeter(registry),
    /** Adds a gauge that is filled on every scrape; a source that fails leaves its series out and counts as a failed scrape. */
    registerGauge: gaugeRegistrar(registry),
    /** The text of a scrape, in `contentType`. `others` are snapshots of other processes; each process has its own label. */
    metrics: async (others: readonly string[] = []): Promise<string> => {
      if (others.length === 0) return registry.metrics()
      const all = [await registry.getMetricsAsJSON(), ...others.map((snapshot) => JSON.parse(snapshot) as object[])]
      return AggregatorRegistry.aggregate(all).metrics()
    },
    /** Everything as JSON, for the process that answers the scrape. */
    snapshot: async (): Promise<string> => JSON.stringify(await registry.getMetricsAsJSON()),
    contentType: registry.contentType,
    close: (): void => registry.clear(),
  }
}

function counter<Label extends string>(registry: Registry, name: string, help: string, labelNames: Label[]): Counter<Label> {
  return new Counter({ name: `sallyport_${name}_total`, help, labelNames, registers: [registry] })
}

function seconds<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Label[],
  buckets: number[],
): Histogram<Label> {
  return new Histogram({ name: `sallyport_${name}_seconds`, help, labelNames, buckets, registers: [registry] })
}

/** What the domain reports; the shape is the domain's own Telemetry port. */
function domainMeters(registry: Registry) {
  const accepted = counter(registry, 'verifications_accepted', 'Verifications accepted, by purpose and channel.', ['purpose', 'channel'])
  const checked = counter(registry, 'verification_checks', 'Codes and links checked, by outcome.', ['outcome'])
  const sent = seconds(registry, 'provider_send', 'Calls to providers, by provider and outcome.', ['provider', 'outcome'], jobBuckets)
  const repaired = counter(registry, 'repairs', 'What the reconciler had to put right, by kind.', ['kind'])
  const removed = counter(registry, 'state_removed', 'Temporary state removed because its time was over, by kind.', ['kind'])
  const swept = counter(registry, 'uploads_swept', 'Uploads that expired idle, and ended ones whose bytes were removed.', ['what'])
  const orphans = new Gauge({
    name: 'sallyport_blobs_unowned',
    help: 'Objects in storage that no record knows, by what is counted.',
    labelNames: ['what'],
    registers: [registry],
  })
  return {
    uploadsSwept: (expired: number, removed: number): void => {
      swept.inc({ what: 'expired' }, expired)
      swept.inc({ what: 'removed' }, removed)
    },
    orphansSeen: (count: number, bytes: number): void => {
      orphans.set({ what: 'objects' }, count)
      orphans.set({ what: 'bytes' }, bytes)
    },
    stateRemoved: (kind: string, count: number): void => removed.inc({ kind }, count),
    accepted: (purpose: string, channel: string): void => accepted.inc({ purpose, channel }),
    checked: (outcome: string): void => checked.inc({ outcome }),
    sent: (provider: string, outcome: string, durationSeconds: number): void => sent.observe({ provider, outcome }, durationSeconds),
    repaired: (kind: string): void => repaired.inc({ kind }),
  }
}

function requestMeter(registry: Registry) {
  const requests = seconds(
    registry,
    'http_request',
    'Requests, by route template, method and status.',
    ['route', 'method', 'status'],
    requestBuckets,
  )
  return {
    /** One finished request; `route` is the template, never the path. */
    requested: (route: string, method: string, status: number, durationSeconds: number): void =>
      requests.observe({ route, method, status: String(status) }, durationSeconds),
  }
}

function jobMeters(registry: Registry) {
  const waits = seconds(registry, 'job_wait', 'How long jobs waited before their run, by queue and job.', ['queue', 'job'], jobBuckets)
  const runs = seconds(registry, 'job_run', 'How long jobs ran, by queue, job and outcome.', ['queue', 'job', 'outcome'], jobBuckets)
  return {
    /** A job was taken from its queue. */
    waited: (queue: string, job: string, durationSeconds: number): void => waits.observe({ queue, job }, durationSeconds),
    /** A job's run ended; `outcome` is what the processor returned, or `failed`. */
    ran: (queue: string, job: string, outcome: string, durationSeconds: number): void =>
      runs.observe({ queue, job, outcome }, durationSeconds),
  }
}

/** What the domain of sessions reports; the shape is its own SessionTelemetry port. */
function sessionMeters(registry: Registry) {
  const changes = counter(registry, 'session_changes', 'Sessions created, ended and stepped up.', ['change'])
  const tokens = counter(registry, 'token_checks', 'JWTs with a good signature, by whether they still count.', ['outcome'])
  const logins = counter(registry, 'login_attempts', 'Sign-in attempts told, by outcome and whether the next may follow at once.', [
    'outcome',
    'allowed',
  ])
  const surprises = counter(registry, 'unusual_activity', 'Signs of somebody else behind an account, by reason.', ['reason'])
  return {
    sessionChanged: (change: string): void => changes.inc({ change }),
    tokenChecked: (outcome: string): void => tokens.inc({ outcome }),
    loginTold: (outcome: string, isAllowed: boolean): void => logins.inc({ outcome, allowed: String(isAllowed) }),
    unusual: (reason: string): void => surprises.inc({ reason }),
  }
}

function cacheMeter(registry: Registry) {
  const reads = counter(registry, 'cache_reads', 'Reads of the cache, by cache and where the value was: memory and redis are hits.', [
    'cache',
    'outcome',
  ])
  return { cacheRead: (cache: string, outcome: string): void => reads.inc({ cache, outcome }) }
}

function gaugeRegistrar(registry: Registry) {
  const failures = counter(registry, 'scrape_failures', 'Gauges that could not be measured, by gauge.', ['gauge'])
  return (source: GaugeSource): void => {
    const gauge = new Gauge({
      name: `sallyport_${source.name}`,
      help: source.help,
      labelNames: [...(source.labels ?? [])],
      registers: [registry],
      async collect() {
        // A stale number would hide that nobody measures any more, so the old series go first.
        this.reset()
        try {
          for (const sample of await source.measure()) this.set({ ...sample.labels }, sample.value)
        } catch {
          failures.inc({ gauge: source.name })
        }
      },
    })
    gauge.reset()
  }
}

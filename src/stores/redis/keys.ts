// Every Redis key there is. `{p3}` is the hash tag of a partition: all that one script touches carries the same.

/** The hash tag of a partition; also the prefix of its BullMQ queues. */
export function partitionTag(partition: number): string {
  return `{p${partition}}`
}

/** The keys of one partition. */
export function keysOf(partition: number) {
  const base = `${partitionTag(partition)}:`
  return {
    base,
    verification: (id: string) => `${base}ver:${id}`,
    live: (destination: string, purpose: string, caller: string) => `${base}live:${destination}:${purpose}:${caller}`,
    wrongInARow: (destination: string) => `${base}row:${destination}`,
    limit: (kind: string, subject: string) => `${base}limit:${kind}:${subject}`,
    idempotency: (key: string) => `${base}idem:${key}`,
    state: (kind: string, id: string) => `${base}state:${kind}:${id}`,
    stateIndex: (kind: string, name: string) => `${base}index:${kind}:${name}`,
    stateDue: `${base}state:due`,
    stateCount: (name: string) => `${base}count:${name}`,
    proof: (id: string) => `${base}proof:${id}`,
    lease: (name: string) => `${base}lease:${name}`,
    workerMetrics: (name: string) => `${base}metrics:${name}`,
    workers: `${base}metrics`,
    intents: `${base}intents`,
    intentJobs: `${base}intents:jobs`,
    due: `${base}due`,
    events: `${base}events`,
  }
}

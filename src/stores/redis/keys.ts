// Every Redis key there is. `{p3}` is the hash tag of a partition: all that one script touches carries the same.

/** The hash tag of a partition; also the prefix of its BullMQ queues. */
export function partitionTag(partition: number): string {
  return `{p${partition}}`
}

/** The keys of one partition. `prefix` keeps the keys of a program that uses our stores as a library apart from everybody else's. */
export function keysOf(partition: number, prefix = '') {
  const base = `${prefix}${partitionTag(partition)}:`
  return {
    base,
    verification: (id: string) => `${base}ver:${id}`,
    live: (destination: string, purpose: string, caller: string, subject = '') =>
      `${base}live:${destination}:${purpose}:${caller}:${subject}`,
    wrongInARow: (destination: string) => `${base}row:${destination}`,
    limit: (kind: string, subject: string) => `${base}limit:${kind}:${subject}`,
    idempotency: (key: string) => `${base}idem:${key}`,
    state: (kind: string, id: string) => `${base}state:${kind}:${id}`,
    stateIndex: (kind: string, name: string) => `${base}index:${kind}:${name}`,
    stateDue: `${base}state:due`,
    spentId: (kind: string, id: string) => `${base}spent:${kind}:${id}`,
    stateCount: (name: string) => `${base}count:${name}`,
    upload: (id: string) => `${base}upload:${id}`,
    uploadBlob: (id: string) => `${base}upload:${id}:blob`,
    uploadsOf: (owner: string) => `${base}uploads:of:${owner}`,
    uploadsAll: `${base}uploads:all`,
    uploadSession: (session: string) => `${base}upload-session:${session}`,
    uploadsDue: `${base}uploads:due`,
    document: (id: string) => `${base}document:${id}`,
    uploadsRemove: `${base}uploads:remove`,
    proof: (id: string) => `${base}proof:${id}`,
    endedConsoleSession: (id: string) => `${base}console:ended:${id}`,
    session: (id: string) => `${base}session:${id}`,
    sessionsDue: `${base}sessions:due`,
    sessionDay: (day: number) => `${base}sessions:day:${day}`,
    account: (owner: string) => `${base}account:${owner}`,
    accountSessions: (owner: string) => `${base}account:${owner}:sessions`,
    revoked: (tokenKey: string) => `${base}revoked:${tokenKey}`,
    loginKnown: (identifier: string) => `${base}login:${identifier}:known`,
    loginFailures: (identifier: string) => `${base}login:${identifier}:failures`,
    loginSequence: (identifier: string) => `${base}login:${identifier}:sequence`,
    networkFailures: (network: string) => `${base}login:network:${network}`,
    exactLimit: (key: string) => `${base}uses:${key}`,
    activity: (owner: string) => `${base}activity:${owner}`,
    activityCount: (owner: string) => `${base}activity:${owner}:count`,
    activityDay: (day: number) => `${base}activity:day:${day}`,
    activityUsers: (day: number) => `${base}activity:users:${day}`,
    sessionUuid: (uuid: string) => `${base}uuid:${uuid}`,
    sessionUuidsDue: `${base}uuids:due`,
    sessionUuidsUnrecorded: `${base}uuids:unrecorded`,
    cached: (name: string, key: string) => `${base}cache:${name}:${key}`,
    cacheTag: (tag: string) => `${base}cache:tag:${tag}`,
    cacheMaking: (name: string, key: string) => `${base}cache:${name}:${key}:making`,
    lease: (name: string) => `${base}lease:${name}`,
    workerMetrics: (name: string) => `${base}metrics:${name}`,
    workers: `${base}metrics`,
    intents: `${base}intents`,
    intentJobs: `${base}intents:jobs`,
    due: `${base}due`,
    events: `${base}events`,
  }
}

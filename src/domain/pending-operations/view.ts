// How a pending operation looks from outside.
import type { ConsumedOperation, CreatedOperation, OperationStatus, PendingOperation } from '../../contracts/pending-operation.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Keyring } from '../../lib/keyring.ts'
import type { StateRecord } from '../state-ports.ts'
import { openAbout, openData } from './content.ts'
import type { About, OperationClaims } from './operation.ts'
import type { PlainObject } from './plain-data.ts'
import { expiringSoonMs } from './policy.ts'
import { sanitise } from './sanitise.ts'

const time = (ms: number): string => new Date(ms).toISOString()
const secondsLeft = (expiresAtMs: number, nowMs: number): number => Math.max(0, Math.ceil((expiresAtMs - nowMs) / SECOND_MS))

export function statusOf(stored: StateRecord['status'], expiresAtMs: number, nowMs: number): OperationStatus {
  if (stored === 'expired' || (stored === 'active' && nowMs >= expiresAtMs)) return 'expired'
  if (stored === 'consumed') return 'consumed'
  return expiresAtMs - nowMs < expiringSoonMs ? 'expiring_soon' : 'active'
}

/** What those who may see it see: no secrets, the recipient in full. */
export function viewOf(keyring: Keyring, record: StateRecord, nowMs: number): PendingOperation {
  const data = openData(keyring, record, nowMs)
  const status = statusOf(record.status, record.expiresAtMs, nowMs)
  return {
    id: record.id,
    backend: 'redis',
    operationType: record.facts['operationType'] ?? '',
    status,
    version: record.version,
    ...withoutSecrets(openAbout(keyring, record, nowMs)),
    ...(data ? { data: sanitise(data) } : {}),
    createdAt: time(record.createdAtMs),
    updatedAt: time(record.updatedAtMs),
    expiresAt: time(record.expiresAtMs),
    // Of one that was ended early nothing is left, whatever its time would have been.
    expiresIn: status === 'expired' ? 0 : secondsLeft(record.expiresAtMs, nowMs),
  }
}

/** The same for an operation that lives in its token. */
export function viewOfClaims(claims: OperationClaims, isSpent: boolean, nowMs: number): PendingOperation {
  const { id, operationType, data, createdAtMs, expiresAtMs, ...about } = claims
  const status = statusOf(isSpent ? 'consumed' : 'active', expiresAtMs, nowMs)
  return {
    id,
    backend: 'jwt',
    operationType,
    status,
    version: isSpent ? 2 : 1,
    ...withoutSecrets(about),
    ...(isSpent || status === 'expired' ? {} : { data: sanitise(data) }),
    createdAt: time(createdAtMs),
    updatedAt: time(createdAtMs),
    expiresAt: time(expiresAtMs),
    expiresIn: secondsLeft(expiresAtMs, nowMs),
  }
}

function withoutSecrets(about: About): About {
  return about.metadata ? { ...about, metadata: sanitise(about.metadata) } : about
}

type Made = {
  id: string
  token: string
  backend: 'redis' | 'jwt'
  singleUse: boolean
  operationType: string
  createdAtMs: number
  expiresAtMs: number
}

export function createdView({ createdAtMs, expiresAtMs, ...made }: Made): CreatedOperation {
  return {
    token: made.token,
    id: made.id,
    backend: made.backend,
    singleUse: made.singleUse,
    operationType: made.operationType,
    version: 1,
    createdAt: time(createdAtMs),
    expiresAt: time(expiresAtMs),
    expiresIn: (expiresAtMs - createdAtMs) / SECOND_MS,
  }
}

type Taken = About & {
  id: string
  backend: 'redis' | 'jwt'
  singleUse: boolean
  operationType: string
  version: number
  data: PlainObject
  createdAtMs: number
  expiresAtMs: number
}

/** Everything, secrets included: for consuming only. */
export function consumedView({ createdAtMs, expiresAtMs, ...taken }: Taken): ConsumedOperation {
  return { ...taken, createdAt: time(createdAtMs), expiresAt: time(expiresAtMs) }
}

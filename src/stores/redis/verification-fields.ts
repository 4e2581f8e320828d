// Between the flat fields of a Redis hash and the records of the domain.
import {
  attemptStatuses,
  channels,
  linkModes,
  methods,
  purposes,
  type AttemptStatus,
  type VerificationStatus,
} from '../../contracts/verification.ts'
import type { AttemptRecord, VerificationRecord } from '../../domain/ports.ts'

/** The pairs that HGETALL gives inside a script's reply. */
export function fieldsOf(flat: unknown): Record<string, string> {
  const fields: Record<string, string> = {}
  if (!Array.isArray(flat)) return fields
  for (let i = 0; i + 1 < flat.length; i += 2) fields[String(flat[i])] = String(flat[i + 1])
  return fields
}

/** One of a closed list of words; the first one is never guessed: an unknown word is a bug and throws. */
export function wordOf<Word extends string>(words: readonly Word[], text: string | undefined): Word {
  const word = words.find((candidate) => candidate === text)
  if (word === undefined) throw new TypeError('a stored record holds an unknown word')
  return word
}

export function verificationOf(id: string, fields: Record<string, string>): VerificationRecord | null {
  if (!fields.status) return null
  return {
    id,
    status: fields.status as VerificationStatus,
    sequence: Number(fields.sequence),
    channel: wordOf(channels, fields.channel),
    method: wordOf(methods, fields.method),
    ...(fields.linkMode ? { linkMode: wordOf(linkModes, fields.linkMode) } : {}),
    purpose: wordOf(purposes, fields.purpose),
    maskedTo: fields.maskedTo ?? '',
    destination: fields.destination ?? '',
    caller: fields.caller ?? '',
    ...(fields.subject ? { subject: fields.subject } : {}),
    startedBy: wordOf(['anonymous', 'user', 'server'], fields.startedBy),
    ...(fields.binding ? { binding: fields.binding } : {}),
    maxAttempts: Number(fields.maxAttempts),
    wrongCodes: Number(fields.wrongCodes),
    sends: Number(fields.sends),
    resendAtMs: Number(fields.resendAtMs),
    createdAtMs: Number(fields.createdAtMs),
    expiresAtMs: Number(fields.expiresAtMs),
    ...(fields.approvedAtMs ? { approvedAtMs: Number(fields.approvedAtMs) } : {}),
    ...(fields.approvedVia === 'code' || fields.approvedVia === 'link' ? { approvedVia: fields.approvedVia } : {}),
    sealed: fields.sealed ?? '',
  }
}

/** The attempts in a record's fields, in order of their numbers. */
export function attemptsOf(fields: Record<string, string>): AttemptRecord[] {
  return Object.entries(fields)
    .filter(([name]) => name.startsWith('a:'))
    .map(([name, json]) => {
      const stored = JSON.parse(json) as Omit<AttemptRecord, 'number' | 'status'> & { status: string }
      return {
        number: Number(name.slice(2)),
        channel: wordOf(channels, stored.channel),
        status: wordOf<AttemptStatus>(attemptStatuses, stored.status),
        ...(stored.provider ? { provider: stored.provider } : {}),
        ...(stored.reference ? { reference: stored.reference } : {}),
        ...(stored.reason ? { reason: stored.reason } : {}),
        createdAtMs: stored.createdAtMs,
        updatedAtMs: stored.updatedAtMs,
      }
    })
    .toSorted((one, other) => one.number - other.number)
}

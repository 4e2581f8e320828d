// Reads the operator's list of accredited providers (TRUST_LIST), once, at start. A list with a fault is refused whole: half a list would call
// a provider untrusted that is not. Whether a list is stale at some moment is for whoever asks it: `nextUpdateMs` says.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { trustListFile, type TrustListFile } from '../contracts/trust-list.ts'
import type { TrustedProvider, TrustList } from '../domain/compliance-ports.ts'

/** A list that is not read. The message names the file and every fault, each with its place. */
export class TrustListError extends Error {
  constructor(path: string, faults: readonly string[]) {
    super(`TRUST_LIST ${path}: ${faults.join('; ')}`)
    this.name = 'TrustListError'
  }
}

/** The list in this file. Throws TrustListError. */
export function loadTrustList(path: string): TrustList {
  const read = trustListFile.safeParse(readJson(path))
  if (!read.success)
    throw new TrustListError(
      path,
      read.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`),
    )
  const faults = findFaults(read.data)
  if (faults.length > 0) throw new TrustListError(path, faults)
  const { version, issuedAt, nextUpdate, providers } = read.data
  return { version, issuedAtMs: Date.parse(issuedAt), nextUpdateMs: Date.parse(nextUpdate), providers: providers.map(toProvider) }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new TrustListError(path, [error instanceof SyntaxError ? 'is not JSON' : 'cannot be read'])
  }
}

function findFaults({ issuedAt, nextUpdate, providers }: TrustListFile): string[] {
  const faults = Date.parse(nextUpdate) > Date.parse(issuedAt) ? [] : ['nextUpdate: is not after issuedAt']
  const known = new Set<string>()
  for (const [index, provider] of providers.entries()) {
    const place = `providers.${index}`
    if (!areInOrder(provider.intervals)) faults.push(`${place}.intervals: are not in order, or overlap`)
    for (const [number, text] of provider.certificates.entries()) {
      const fault = findCertificateFault(text, known)
      if (fault !== undefined) faults.push(`${place}.certificates.${number}: ${fault}`)
    }
  }
  return faults
}

// Only the last interval may be open.
function areInOrder(intervals: TrustListFile['providers'][number]['intervals']): boolean {
  return intervals.every(({ from, until }, index) => {
    const next = intervals[index + 1]
    const isForward = until === null || Date.parse(until) > Date.parse(from)
    return isForward && (next === undefined || (until !== null && Date.parse(until) <= Date.parse(next.from)))
  })
}

function findCertificateFault(text: string, known: Set<string>): string | undefined {
  const certificate = readCertificate(text)
  if (certificate === undefined) return 'is no certificate'
  if (!certificate.ca) return 'is not the certificate of an authority'
  if (known.has(certificate.fingerprint256)) return 'stands in the list twice'
  known.add(certificate.fingerprint256)
  return undefined
}

function readCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}

function toProvider({ certificates, intervals, ...provider }: TrustListFile['providers'][number]): TrustedProvider {
  return {
    ...provider,
    certificates: certificates.flatMap((text) => readCertificate(text)?.raw.toString('base64') ?? []),
    intervals: intervals.map(({ from, until, status }) => ({
      fromMs: Date.parse(from),
      untilMs: until === null ? null : Date.parse(until),
      status,
    })),
  }
}

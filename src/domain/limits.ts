// Limits as data, and what a refusal by one looks like to a client.
import { AppError } from '../errors.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import type { Keyring } from '../lib/keyring.ts'
import { countedKey, type Caller } from './caller.ts'
import type { LimitRefusal, LimitRule } from './ports.ts'

/** All requests of one credential or anonymous network in a minute; no rule when `perMinute` is 0 (contract §1). */
export function requestLimit(keyring: Keyring, caller: Caller, perMinute: number): LimitRule[] {
  if (perMinute === 0) return []
  const windows = [{ name: 'requests', limit: perMinute, windowMs: MINUTE_MS }]
  return [{ kind: 'requests', subject: keyring.fingerprint('caller', countedKey(caller)), style: 'smooth', home: 'own', windows }]
}

/** Listings of one credential or anonymous network in a minute, which count as requests as well; no rule when `perMinute` is 0 (contract §1). */
export function listingLimit(keyring: Keyring, caller: Caller, perMinute: number): LimitRule[] {
  if (perMinute === 0) return []
  const windows = [{ name: 'listings', limit: perMinute, windowMs: MINUTE_MS }]
  return [{ kind: 'listings', subject: keyring.fingerprint('caller', countedKey(caller)), style: 'smooth', home: 'own', windows }]
}

/** Starts for one destination: 5 an hour and 10 a day (contract §2). */
export function destinationLimit(destination: string): LimitRule {
  const windows = [
    { name: 'destination-hour', limit: 5, windowMs: HOUR_MS },
    { name: 'destination-day', limit: 10, windowMs: DAY_MS },
  ]
  return { kind: 'destination', subject: destination, style: 'exact', home: 'destination', windows }
}

/** Starts from one network: 10 in ten minutes and 30 an hour, times `factor`; no rule when the caller names no network (contract §1, §2). */
export function networkLimit(keyring: Keyring, network: string | undefined, factor: number): LimitRule[] {
  if (network === undefined) return []
  const windows = [
    { name: 'network-10-minutes', limit: 10 * factor, windowMs: 10 * MINUTE_MS },
    { name: 'network-hour', limit: 30 * factor, windowMs: HOUR_MS },
  ]
  return [{ kind: 'network', subject: keyring.fingerprint('network', network), style: 'exact', home: 'own', windows }]
}

/** The error for a refusal: `rate_limited`, with the rule and the wait. */
export function limitError({ window, retryAfterMs }: LimitRefusal): AppError {
  return new AppError('rate_limited', { detail: `The limit "${window.name}" is reached.`, retryAfterMs, limit: window })
}

// The numbers and choices of verifications, as data. Where they come from: contract §2 (NIST SP 800-63B-4, OWASP ASVS 5.0).
import type { Channel, Method, Purpose } from '../../contracts/verification.ts'
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../lib/durations.ts'
import type { JobName } from '../../queues/registry.ts'
import type { GuessRules, SendRules, VerificationPolicy } from '../ports.ts'

export const sendRules: SendRules = {
  maxSends: 5,
  cooldownsMs: [30 * SECOND_MS, 60 * SECOND_MS, 120 * SECOND_MS],
  burst: { resends: 3, windowMs: 5 * MINUTE_MS },
}

export const guessRules: GuessRules = {
  perCaller: { name: 'wrong-codes', limit: 20, windowMs: DAY_MS },
  inARow: 100,
  inARowKeptMs: 30 * DAY_MS,
  repeatMs: 60 * SECOND_MS,
}

/** Wrong codes that one verification allows. */
export function maxAttemptsFor(purpose: Purpose): number {
  return purpose === 'phone_verification' ? 5 : 3
}

export function defaultPurpose(channel: Channel): Purpose {
  return channel === 'email' ? 'email_verification' : 'phone_verification'
}

/** Lifetime in seconds. What is shortest by its purpose stays short: a password reset by link lives no longer than one by code. */
export function ttlSecondsFor(policy: VerificationPolicy, channel: Channel, method: Method, purpose: Purpose): number {
  if (channel !== 'email') return policy.ttlSeconds.phoneCode
  if (purpose === 'password_reset') return policy.ttlSeconds.passwordReset
  return method === 'link' || purpose === 'registration' ? policy.ttlSeconds.mailLink : policy.ttlSeconds.mailCode
}

/** The job that carries a message. */
export function jobFor(channel: Channel, method: Method): JobName {
  if (channel !== 'email') return 'otp.send'
  return method === 'link' ? 'email-link.send' : 'email-code.send'
}

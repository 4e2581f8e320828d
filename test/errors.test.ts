// The table of error codes against what the contract promises to clients.
import { describe, expect, it } from 'vitest'
import { AppError, errorCodes, errorRow, invalidField, RetryLater } from '../src/errors.ts'

const promised: Record<string, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  service_degraded: 503,
  not_replicated: 503,
  idempotency_key_reused: 422,
  idempotency_key_in_progress: 409,
  verification_not_found: 404,
  already_approved: 409,
  incorrect_code: 422,
  max_attempts_reached: 429,
  verification_expired: 410,
  verification_canceled: 410,
  cooldown_active: 429,
  max_sends_reached: 429,
  token_used: 410,
  token_expired: 410,
  token_invalid: 400,
  proof_used: 409,
  proof_expired: 410,
  country_not_allowed: 403,
}

describe('the table of errors', () => {
  it.each(Object.entries(promised))('answers %s with %i', (code, status) => {
    expect(errorRow(errorCodes.find((known) => known === code) ?? 'internal').status).toBe(status)
    expect(errorCodes).toContain(code)
  })

  it('says in one public sentence each what is wrong, and names nothing internal', () => {
    for (const code of errorCodes) {
      const { title, status } = errorRow(code)
      expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(title).toMatch(/^[A-Z].*\.$/)
      expect(title).not.toMatch(/redis|bullmq|postgres|twilio|stack|undefined/i)
      expect(status).toBeGreaterThanOrEqual(400)
    }
  })

  it('calls retryable whatever is away or too early', () => {
    const retryable = errorCodes.filter((code) => errorRow(code).retryable)
    expect(retryable).toEqual(
      expect.arrayContaining([
        'service_degraded',
        'not_replicated',
        'rate_limited',
        'cooldown_active',
        'idempotency_key_in_progress',
        'internal',
      ]),
    )
    for (const code of ['invalid_request', 'verification_expired', 'token_used', 'forbidden', 'max_sends_reached'])
      expect(retryable).not.toContain(code)
  })
})

describe('an error', () => {
  it('has its sentence as message, or the detail', () => {
    expect(new AppError('token_used').message).toBe(errorRow('token_used').title)
    expect(new AppError('token_used', { detail: 'Today.' }).message).toBe('Today.')
  })

  it('of one field points at it', () =>
    expect(invalidField('/to', 'is wrong').details.faults).toEqual([{ pointer: '/to', message: 'is wrong' }]))

  it('that asks for another run says when', () =>
    expect(new RetryLater('twilio_20429', 5)).toMatchObject({ message: 'twilio_20429', waitMs: 5 }))
})

// What a refused form says to the signer: the words for a code, and which field it is about.
import type { SignerWord, SignerWords } from '../../domain/signer-text-ports.ts'
import { errorRow, type AppError, type ErrorCode } from '../../errors.ts'
import { SECOND_MS } from '../../lib/durations.ts'
import type { Fault, SignerForm } from './signer-frame.ts'

const words: Readonly<Partial<Record<ErrorCode, SignerWord>>> = {
  incorrect_code: 'code.wrong',
  max_attempts_reached: 'fault.tries',
  verification_expired: 'fault.stale',
  verification_canceled: 'fault.stale',
  verification_failed: 'fault.other',
  verification_not_found: 'fault.stale',
  already_approved: 'fault.moved',
  step_not_open: 'fault.moved',
  not_updatable: 'fault.moved',
  token_expired: 'fault.moved',
  binding_mismatch: 'fault.moved',
  cooldown_active: 'fault.cooldown',
  max_sends_reached: 'fault.sends',
  rate_limited: 'fault.limit',
  channel_disabled: 'fault.channel',
  country_not_allowed: 'fault.channel',
  service_degraded: 'fault.busy',
  not_replicated: 'fault.busy',
}

/** The field of a form that an `invalid_request` is about, and what is said of it. */
const fields: Readonly<Partial<Record<SignerForm, { field: string; word: SignerWord }>>> = {
  verify: { field: 'code', word: 'code.wrong' },
  review: { field: 'name', word: 'review.name.invalid' },
  sign: { field: 'typedName', word: 'sign.mismatch' },
  decline: { field: 'reason', word: 'decline.invalid' },
}

/** The fault to show above the form; null for what is no answer to a form (a bug, another site) and is for the error page. `name` is the signer's. */
export function faultFor(say: SignerWords['say'], form: SignerForm, error: AppError, name: string): Fault | null {
  const { code, details } = error
  const { status } = errorRow(code)
  if (code === 'invalid_request') {
    const about = fields[form]
    return about ? { status, text: say(about.word, { name }), field: about.field } : { status, text: say('fault.other') }
  }
  const word = words[code]
  if (!word) return null
  const seconds = Math.max(1, Math.ceil((details.retryAfterMs ?? SECOND_MS) / SECOND_MS))
  const left = code === 'incorrect_code' ? details.attemptsRemaining : undefined
  const text = `${say(word, { seconds })}${left === undefined ? '' : ` ${say('code.tries', { count: left })}`}`
  return { status, text, ...(code === 'incorrect_code' ? { field: 'code' } : {}) }
}

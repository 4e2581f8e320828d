// The errors of tokens and versions, in words that fit pending operations.
import { AppError } from '../../errors.ts'

export type TokenRefusal = 'token_invalid' | 'token_used' | 'token_expired' | 'operation_type_mismatch'

const sentences: Readonly<Record<TokenRefusal, string>> = {
  token_invalid: 'This token opens no pending operation.',
  token_used: 'This pending operation was consumed before.',
  token_expired: 'This pending operation has expired.',
  operation_type_mismatch: 'This token is for an operation of another type.',
}

export function tokenError(code: TokenRefusal): AppError {
  return new AppError(code, { detail: sentences[code] })
}

/** What a store's refusal means to whoever brought a token. */
export function refusedToken(kind: 'missing' | 'used' | 'expired'): AppError {
  return tokenError(kind === 'missing' ? 'token_invalid' : kind === 'used' ? 'token_used' : 'token_expired')
}

export function versionConflict(currentVersion: number): AppError {
  return new AppError('version_conflict', { detail: `The current version is ${currentVersion}.`, conflict: { version: currentVersion } })
}

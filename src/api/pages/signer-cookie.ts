// The cookie of a browser in which somebody has shown to be a signer. One a signer and envelope, so that two people can sign in one browser.
import type { Request, Response } from 'express'
import { DAY_MS } from '../../lib/durations.ts'
import { readCookie } from '../cookies.ts'
import type { ApiDeps } from '../deps.ts'

type CookieDeps = Pick<ApiDeps, 'keyring' | 'clock' | 'config'>

const shape = /^[A-Za-z0-9_-]{20,200}$/

export function readSignerCookie(deps: CookieDeps, req: Request, token: string): string | undefined {
  const value = readCookie(req, nameOf(deps, token))
  return value !== undefined && shape.test(value) ? value : undefined
}

/** Lax, so that the link in a mail brings it along; for these pages only; until `endsAtMs`, a day at most. */
export function setSignerCookie(deps: CookieDeps, res: Response, token: string, value: string, endsAtMs: number): void {
  const maxAge = Math.max(0, Math.min(DAY_MS, endsAtMs - deps.clock.nowMs()))
  res.cookie(nameOf(deps, token), value, { httpOnly: true, sameSite: 'lax', path: '/s/', secure: isSecure(deps), maxAge })
}

/** Named after a fingerprint: a name says nothing of the token. With https no other origin can set it. */
function nameOf(deps: CookieDeps, token: string): string {
  return `${isSecure(deps) ? '__Secure-' : ''}sallyport_signer_${deps.keyring.fingerprint('signer cookie name', token).slice(0, 16)}`
}

function isSecure({ config }: CookieDeps): boolean {
  return config.PUBLIC_URL.startsWith('https:')
}

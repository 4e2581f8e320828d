// The two cookies there are: one binds an anonymous browser to what it started, the other is a signed-in person's session.
import { randomBytes } from '../lib/random.ts'
import type { Request, Response } from 'express'
import { DAY_MS, HOUR_MS } from '../lib/durations.ts'

export const bindingCookie = 'sallyport_binding'
export const sessionCookie = 'sallyport_session'

const bindingShape = /^[A-Za-z0-9_-]{22,64}$/

/** The value of a cookie; undefined when it is not there. Of two with one name the first counts. */
export function readCookie(req: Request, name: string): string | undefined {
  for (const pair of (req.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

/** The browser's binding, if it brought one of the right shape. */
export function readBinding(req: Request): string | undefined {
  const value = readCookie(req, bindingCookie)
  return value !== undefined && bindingShape.test(value) ? value : undefined
}

/** A new binding: 192 random bits. */
export function createBinding(): string {
  return randomBytes(24).toString('base64url')
}

/** Lax, so that a link in a mail brings it along. */
export function setBinding(res: Response, value: string, isSecure: boolean): void {
  res.cookie(bindingCookie, value, { httpOnly: true, sameSite: 'lax', path: '/', secure: isSecure, maxAge: DAY_MS })
}

export function setSession(res: Response, token: string, isSecure: boolean): void {
  res.cookie(sessionCookie, token, { httpOnly: true, sameSite: 'strict', path: '/', secure: isSecure, maxAge: 8 * HOUR_MS })
}

export function clearSession(res: Response, isSecure: boolean): void {
  res.clearCookie(sessionCookie, { httpOnly: true, sameSite: 'strict', path: '/', secure: isSecure })
}

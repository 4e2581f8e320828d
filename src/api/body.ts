// Reads a request's body: bytes up to the limit, then JSON or a form. Its meaning is checked by validate.ts.
import express, { type Request, type Response } from 'express'
import { AppError } from '../errors.ts'
import { refuseHostileShape, refuseHostileText } from './validate.ts'

const maxBytes = 100 * 1_024
const readBytes = express.raw({ type: () => true, limit: maxBytes })
const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

/** The body's bytes, decompressed; empty when there is none. Throws `too_large` over 100 kB. */
export async function readRawBody(req: Request, res: Response): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => readBytes(req, res, (error?: unknown) => (error ? reject(error) : resolve())))
  return Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
}

/**
 * The JSON value of a body; undefined for a request without one. Throws `unsupported_media_type` for another type or charset and
 * `invalid_request` (pointer "") for what is not JSON.
 */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  requireType(req, 'application/json')
  return parseJson(await readRawBody(req, res))
}

/** The value of JSON bytes, undefined for none; hostile shapes are refused. */
export function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  let value: unknown
  try {
    value = JSON.parse(strictUtf8.decode(bytes))
  } catch {
    throw new AppError('invalid_request', { detail: 'The body is not JSON.', faults: [{ pointer: '', message: 'is not JSON in UTF-8' }] })
  }
  refuseHostileShape(value)
  return value
}

/** The fields of a form, in their order. Throws as `readJson` does. */
export async function readForm(req: Request, res: Response): Promise<URLSearchParams> {
  requireType(req, 'application/x-www-form-urlencoded')
  const fields = new URLSearchParams((await readRawBody(req, res)).toString('utf8'))
  for (const [name, value] of fields) {
    refuseHostileText(name, [])
    refuseHostileText(value, [name])
  }
  return fields
}

/** A request may leave the type out only if it has no body. */
function requireType(req: Request, expected: string): void {
  const given = req.headers['content-type']
  if (given === undefined) {
    const isEmpty = req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0
    if (isEmpty) return
    throw unsupported(expected)
  }
  const [type = '', ...parameters] = given
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '')
  if (type !== expected || (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')) throw unsupported(expected)
}

function unsupported(expected: string): AppError {
  return new AppError('unsupported_media_type', { detail: `Send ${expected} in UTF-8.` })
}

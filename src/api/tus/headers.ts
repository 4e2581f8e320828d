// The headers of tus 1.0.0: read strictly, since a lenient reading of a number is how two sides come to disagree about bytes.
import type { Request, Response } from 'express'
import type { Checksum } from '../../domain/uploads/append.ts'
import type { CreateRequest } from '../../domain/uploads/create.ts'
import type { UploadRecord } from '../../domain/upload-ports.ts'
import { AppError, invalidField } from '../../errors.ts'

export const tusVersion = '1.0.0'
export const tusExtensions = 'creation,creation-with-upload,creation-defer-length,expiration,checksum,termination,concatenation'
export const checksumAlgorithms = 'sha1,sha256'
export const bodyType = 'application/offset+octet-stream'

/** Every answer says the version; a request of another one is refused. OPTIONS needs to say none. */
export function speakTus(req: Request, res: Response): void {
  res.setHeader('Tus-Resumable', tusVersion)
  if (req.headers['tus-resumable'] === tusVersion) return
  res.setHeader('Tus-Version', tusVersion)
  throw new AppError('protocol_version', { detail: `Send Tus-Resumable: ${tusVersion}.` })
}

/** A whole number of bytes without sign, blank or leading zero; undefined when the header is missing. */
export function readBytes(req: Request, name: 'Upload-Offset' | 'Upload-Length' | 'Content-Length'): number | undefined {
  const text = req.headers[name.toLowerCase()]
  if (text === undefined) return undefined
  if (typeof text !== 'string' || !/^(?:0|[1-9]\d{0,14})$/.test(text)) throw invalidField(`/${name}`, 'must be a whole number of bytes')
  return Number(text)
}

/** Length, deferral, concatenation and metadata of a creating request. */
export function readCreation(req: Request): CreateRequest {
  const metadata = textOf(req, 'upload-metadata') ?? ''
  const length = readBytes(req, 'Upload-Length')
  const deferral = textOf(req, 'upload-defer-length')
  const concat = readConcat(textOf(req, 'upload-concat'))
  if (deferral !== undefined && deferral !== '1') throw invalidField('/Upload-Defer-Length', 'can only be 1')
  if (concat?.kind === 'final') {
    if (length !== undefined || deferral !== undefined) throw invalidField('/Upload-Length', 'is not for a final upload: its parts say it')
    return { metadata, concat }
  }
  if ((length === undefined) === (deferral === undefined)) throw invalidField('/Upload-Length', 'is needed, or Upload-Defer-Length: 1')
  return { metadata, ...(length === undefined ? {} : { length }), ...(concat ? { concat } : {}) }
}

function readConcat(text: string | undefined): CreateRequest['concat'] {
  if (text === undefined) return undefined
  if (text === 'partial') return { kind: 'partial' }
  const list = /^final;(.+)$/.exec(text)?.[1]
  const parts = list?.split(' ').filter(Boolean).map(idOfUrl)
  if (!parts || parts.length === 0 || parts.length > 1_000)
    throw invalidField('/Upload-Concat', 'must be partial, or final; and the addresses of the parts')
  return { kind: 'final', parts }
}

function idOfUrl(url: string): string {
  return /\/v1\/uploads\/([^/?#]+)$/.exec(url)?.[1] ?? ''
}

/** The checksum of the body; undefined when it brings none. */
export function readChecksum(req: Request): Checksum | undefined {
  const text = textOf(req, 'upload-checksum')
  if (text === undefined) return undefined
  const [algorithm, encoded = ''] = text.split(' ', 2)
  if (algorithm !== 'sha1' && algorithm !== 'sha256') throw invalidField('/Upload-Checksum', `must be one of ${checksumAlgorithms}`)
  const digest = Buffer.from(encoded, 'base64')
  if (digest.length !== (algorithm === 'sha1' ? 20 : 32)) throw invalidField('/Upload-Checksum', 'is not a digest in base64')
  return { algorithm, digest }
}

/** Whether the request says that it brings bytes of the upload. */
export function hasUploadBody(req: Request): boolean {
  return req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() === bodyType
}

/** Throws `unsupported_media_type` for a body that is not declared as tus wants it. */
export function requireUploadBody(req: Request): void {
  if (!hasUploadBody(req)) throw new AppError('unsupported_media_type', { detail: `Send ${bodyType}.` })
}

/** What every answer about an upload tells. */
export function tellUpload(res: Response, record: UploadRecord): void {
  res.setHeader('Upload-Offset', String(record.offset))
  const isOpen = record.status === 'initialized' || record.status === 'uploading'
  if (isOpen) res.setHeader('Upload-Expires', new Date(record.expiresAtMs).toUTCString())
}

/** What only a look at an upload tells. */
export function tellFacts(res: Response, record: UploadRecord, metadata: string): void {
  tellUpload(res, record)
  if (record.length === undefined) res.setHeader('Upload-Defer-Length', '1')
  else res.setHeader('Upload-Length', String(record.length))
  if (metadata !== '') res.setHeader('Upload-Metadata', metadata)
  if (record.concat === 'partial') res.setHeader('Upload-Concat', 'partial')
  if (record.concat === 'final') res.setHeader('Upload-Concat', `final;${record.parts.map((id) => `/v1/uploads/${id}`).join(' ')}`)
}

function textOf(req: Request, name: string): string | undefined {
  const value = req.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

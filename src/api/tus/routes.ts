// tus 1.0.0 over HTTP: what the protocol says in headers, said to the domain in words. Why not @tus/server: docs/adr/0020.
import type { Request } from 'express'
import { appendToUpload, type AppendRequest } from '../../domain/uploads/append.ts'
import { createUpload } from '../../domain/uploads/create.ts'
import { isUploadId } from '../../domain/uploads/id.ts'
import { uploadForResume } from '../../domain/uploads/read.ts'
import { terminateUpload } from '../../domain/uploads/terminate.ts'
import type { UploadRecord } from '../../domain/upload-ports.ts'
import { AppError } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import { contextOf } from '../request-context.ts'
import type { Call, Route } from '../route.ts'
import { announcedBytes, leaveBody, readUploadBody } from './body.ts'
import {
  checksumAlgorithms,
  hasUploadBody,
  readBytes,
  readChecksum,
  readCreation,
  requireUploadBody,
  speakTus,
  tellFacts,
  tellUpload,
  tusExtensions,
  tusVersion,
} from './headers.ts'
import { tusDocs as docs } from './docs.ts'

/** The routes by which bytes come in. */
export function tusRoutes(deps: ApiDeps): Route[] {
  const all = '/v1/uploads'
  const one = '/v1/uploads/{id}'
  const discover = { method: 'options', access: 'open', limit: 'none', handle: (call: Call) => tellAbilities(deps, call) } as const
  return [
    { ...discover, path: all, doc: docs.discover },
    { ...discover, path: one, doc: { ...docs.discover, id: 'discoverUpload' } },
    {
      method: 'post',
      path: all,
      reads: 'raw',
      access: 'anonymous',
      scope: 'uploads',
      limit: 'general',
      doc: docs.create,
      handle: (call) => spoken(call, () => create(deps, call)),
    },
    {
      method: 'head',
      path: one,
      access: 'anonymous',
      scope: 'uploads',
      limit: 'general',
      doc: docs.look,
      handle: (call) => spoken(call, () => look(deps, call)),
    },
    // Not counted: a fast client sends many, and each is bound to an upload that was.
    {
      method: 'patch',
      path: one,
      reads: 'raw',
      access: 'anonymous',
      scope: 'uploads',
      limit: 'none',
      doc: docs.append,
      handle: (call) => spoken(call, () => append(deps, call)),
    },
    {
      method: 'delete',
      path: one,
      access: 'anonymous',
      scope: 'uploads',
      limit: 'general',
      doc: docs.terminate,
      handle: (call) => spoken(call, () => terminate(deps, call)),
    },
    {
      method: 'post',
      path: one,
      reads: 'raw',
      access: 'anonymous',
      scope: 'uploads',
      limit: 'none',
      doc: docs.override,
      handle: (call) => spoken(call, () => overridden(deps, call)),
    },
  ]
}

/** Says the version in every answer, errors included, and never leaves an unread body to run on. */
async function spoken({ req, res }: Call, work: () => Promise<void>): Promise<void> {
  try {
    speakTus(req, res)
    await work()
  } catch (error) {
    leaveBody(req, res)
    throw error
  }
}

function tellAbilities(deps: ApiDeps, { res }: Call): void {
  res.setHeader('Tus-Resumable', tusVersion)
  res.setHeader('Tus-Version', tusVersion)
  res.setHeader('Tus-Extension', tusExtensions)
  res.setHeader('Tus-Max-Size', String(deps.uploadPolicy.maxBytes))
  res.setHeader('Tus-Checksum-Algorithm', checksumAlgorithms)
  res.setHeader('Allow', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS')
  res.status(204).end()
}

async function create(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res, caller } = call
  const request = readCreation(req)
  const checksum = readChecksum(req)
  const announced = announcedBytes(req, readBytes(req, 'Content-Length'))
  const brings = hasUploadBody(req) && announced !== 0
  if (!brings && announced !== 0) requireUploadBody(req)
  if (brings && request.concat?.kind === 'final') throw new AppError('upload_not_appendable')
  if (announced !== undefined && request.length !== undefined && announced > request.length)
    throw new AppError('too_large', { detail: 'The body goes beyond Upload-Length.' })
  const created = await createUpload(deps, caller, request, contextOf(call))
  let { record } = created
  if (created.replayed) res.setHeader('Idempotent-Replayed', 'true')
  res.location(`/v1/uploads/${record.id}`)
  // A repeat of a creation does not bring its first bytes again: the client asks where to go on.
  if (brings && !created.replayed)
    record = await take(deps, call, record.id, {
      offset: 0,
      ...(announced === undefined ? {} : { announced }),
      ...(checksum ? { checksum } : {}),
    })
  if (created.replayed && brings) leaveBody(req, res)
  tellUpload(res, record)
  res.status(201).end()
}

async function look(deps: ApiDeps, { req, res, caller }: Call): Promise<void> {
  const { record, metadata } = await uploadForResume(deps, caller, idOf(req))
  tellFacts(res, record, metadata)
  res.status(200).end()
}

async function append(deps: ApiDeps, call: Call): Promise<void> {
  const { req, res } = call
  requireUploadBody(req)
  const offset = readBytes(req, 'Upload-Offset')
  if (offset === undefined) throw new AppError('invalid_request', { detail: 'Upload-Offset is needed.' })
  const length = readBytes(req, 'Upload-Length')
  const announced = announcedBytes(req, readBytes(req, 'Content-Length'))
  const checksum = readChecksum(req)
  const request = {
    offset,
    ...(length === undefined ? {} : { length }),
    ...(announced === undefined ? {} : { announced }),
    ...(checksum ? { checksum } : {}),
  }
  tellUpload(res, await take(deps, call, idOf(req), request))
  res.status(204).end()
}

function take(deps: ApiDeps, call: Call, id: string, request: AppendRequest): Promise<UploadRecord> {
  return appendToUpload(deps, call.caller, id, request, readUploadBody(call.req), contextOf(call))
}

async function terminate(deps: ApiDeps, call: Call): Promise<void> {
  await terminateUpload(deps, call.caller, idOf(call.req), contextOf(call))
  call.res.status(204).end()
}

/** For clients behind something that knows only GET and POST. */
async function overridden(deps: ApiDeps, call: Call): Promise<void> {
  const method = String(call.req.headers['x-http-method-override'] ?? '').toUpperCase()
  if (method === 'PATCH') return append(deps, call)
  if (method === 'DELETE') return terminate(deps, call)
  if (method === 'HEAD') return look(deps, call)
  throw new AppError('method_not_allowed')
}

/** The id in the address; a text that is no id is an upload that does not exist. */
export function idOf(req: Request): string {
  const { id } = req.params
  if (typeof id !== 'string' || !isUploadId(id)) throw new AppError('upload_not_found')
  return id
}

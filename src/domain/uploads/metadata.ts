// What a client says of its file (tus Upload-Metadata). It is metadata only: no path is made of it, and what could deceive a reader is refused.
import { invalidField } from '../../errors.ts'
import type { Keyring } from '../../lib/keyring.ts'
import { uploadTypes } from './policy.ts'

/** `raw` is the header as it came, to be given back. */
export type FileFacts = { raw: string; filename?: string; filetype?: string; sessionId?: string; uploadType: string; sha256?: string }

const maxHeaderLength = 4_096
const maxEntries = 32
const keyShape = /^[!-+\--~]{1,128}$/
const base64Shape = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const mediaTypeShape = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the header; `''` for none. Throws `invalid_request` naming the entry that is wrong. */
export function readMetadata(header: string): FileFacts {
  const entries = readEntries(header)
  // Uppy and tus-js-client also say `name` and `type`.
  const filename = entries.get('filename') ?? entries.get('name')
  const filetype = (entries.get('filetype') ?? entries.get('type'))?.toLowerCase()
  const uploadType = entries.get('uploadType') || 'default'
  const sessionId = entries.get('sessionId')?.toLowerCase()
  const sha256 = entries.get('sha256')
  if (!Object.hasOwn(uploadTypes, uploadType)) throw invalidField('/uploadType', 'is not a known type of upload')
  if (sessionId !== undefined && !uuidShape.test(sessionId)) throw invalidField('/sessionId', 'must be a UUID')
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) throw invalidField('/sha256', 'must be 64 lower-case hex digits')
  const mediaType = filetype?.split(';')[0]?.trim()
  if (mediaType && !mediaTypeShape.test(mediaType)) throw invalidField('/filetype', 'must be a media type')
  if (filename) requireHarmlessName(filename)
  return {
    raw: header,
    uploadType,
    ...(filename ? { filename } : {}),
    ...(mediaType ? { filetype: mediaType } : {}),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(sha256 === undefined ? {} : { sha256 }),
  }
}

function readEntries(header: string): Map<string, string> {
  if (header.length > maxHeaderLength) throw invalidField('/Upload-Metadata', 'is too long')
  const entries = new Map<string, string>()
  if (header.trim() === '') return entries
  for (const entry of header.split(',')) {
    const [key = '', encoded = '', ...rest] = entry.trim().split(' ')
    if (!keyShape.test(key) || rest.length > 0 || !base64Shape.test(encoded))
      throw invalidField('/Upload-Metadata', 'is not key base64,key base64')
    if (entries.has(key)) throw invalidField(`/${key}`, 'is there twice')
    entries.set(key, decode(key, encoded))
  }
  if (entries.size > maxEntries) throw invalidField('/Upload-Metadata', 'has too many entries')
  return entries
}

function decode(key: string, encoded: string): string {
  let text: string
  try {
    text = strictUtf8.decode(Buffer.from(encoded, 'base64'))
  } catch {
    throw invalidField(`/${key}`, 'is not UTF-8')
  }
  // C0, DEL, C1, line separators.
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) throw invalidField(`/${key}`, 'has control characters')
  return text
}

/** A name and no path, nothing that reverses how it is read, nothing that some system takes for something else. */
function requireHarmlessName(name: string): void {
  if (Buffer.byteLength(name) > 255) throw invalidField('/filename', 'is longer than 255 bytes')
  if (/[/\\]/.test(name) || name === '.' || name === '..' || /^[A-Za-z]:/.test(name))
    throw invalidField('/filename', 'must be a name without a path')
  if (/[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/.test(name))
    throw invalidField('/filename', 'has characters that change its direction')
  if (name.trim() === '') throw invalidField('/filename', 'is blank')
}

const centuryMs = 100 * 365 * 86_400_000

/** Seals what the client said: names of files are personal. */
export function sealFacts(keyring: Keyring, id: string, facts: FileFacts, nowMs: number): string {
  return keyring.seal({ kind: 'upload', id }, nowMs + centuryMs, JSON.stringify(facts))
}

/** What `sealFacts` kept; nothing but the default type when its key has left the ring. */
export function openFacts(keyring: Keyring, id: string, sealed: string): FileFacts {
  const opened = keyring.open({ kind: 'upload', id }, sealed)
  return opened ? (JSON.parse(opened.plaintext) as FileFacts) : { raw: '', uploadType: 'default' }
}

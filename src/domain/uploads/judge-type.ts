// Whether a file is what it says it is, and what its kind of upload takes.
import type { SniffResult } from '../../contracts/inspection.ts'
import type { RejectionReason } from '../../contracts/upload.ts'
import type { FileFacts } from './metadata.ts'
import { typeNames, uploadTypes } from './policy.ts'

export type TypeVerdict = { kind: 'accepted'; mediaType: string } | { kind: 'refused'; reason: RejectionReason }

/** Compares what was found with name and declaration. A name without an extension, and no declaration or a meaningless one, contradict nothing. */
export function judgeType(found: SniffResult, facts: Pick<FileFacts, 'filename' | 'filetype' | 'uploadType'>): TypeVerdict {
  if (found.kind === 'polyglot') return { kind: 'refused', reason: 'type_mismatch' }
  if (found.kind !== 'known') return { kind: 'refused', reason: 'type_not_allowed' }
  const allowed = uploadTypes[facts.uploadType]?.types ?? []
  const { extensions, declared } = typeNames[found.type]
  const extension = extensionOf(facts.filename)
  const isNamedSo = extension === undefined || extensions.includes(extension)
  const isDeclaredSo = facts.filetype === undefined || facts.filetype === 'application/octet-stream' || declared.includes(facts.filetype)
  // A lie first: what is not allowed under its right name is a smaller fault than what comes under a wrong one.
  if (!isNamedSo || !isDeclaredSo) return { kind: 'refused', reason: 'type_mismatch' }
  if (!allowed.includes(found.type)) return { kind: 'refused', reason: 'type_not_allowed' }
  const isCsv = found.type === 'text/plain' && (extension === 'csv' || (extension === undefined && facts.filetype === 'text/csv'))
  return { kind: 'accepted', mediaType: isCsv ? 'text/csv' : found.type }
}

function extensionOf(filename: string | undefined): string | undefined {
  const at = filename?.lastIndexOf('.') ?? -1
  return filename === undefined || at < 0 ? undefined : filename.slice(at + 1).toLowerCase()
}

// Where a model's answer about a document's bytes is kept.
import type { DocumentRecord, ResultKey } from '../document-ports.ts'

export function modelKey({ sha256, version }: Pick<DocumentRecord, 'sha256' | 'version'>, model: string): ResultKey {
  return { sha256, stage: 'model', version: `${version}/${model}` }
}

// The parts of documents that a worker builds from the settings.
import type { Config } from '../config.ts'
import type { DocumentWorkDeps } from '../domain/documents/deps.ts'
import type { BlobStore } from '../domain/upload-ports.ts'
import { createModelAnalyst } from '../providers/analysis/model-analyst.ts'
import { createDocumentFiles } from '../providers/document-files.ts'
import { createDocumentSandbox } from '../providers/document-sandbox.ts'
import type { Inspector } from '../providers/inspector.ts'

/** The model is asked where AI_BASE_URL and AI_MODEL name one. */
export function documentParts(
  config: Config,
  blobs: BlobStore,
  inspector: Inspector,
): Pick<DocumentWorkDeps, 'sandbox' | 'documentFiles' | 'analyst'> {
  const { AI_BASE_URL: baseUrl, AI_MODEL: model, AI_API_KEY: apiKey } = config
  const analyst =
    baseUrl === undefined || model === undefined ? null : createModelAnalyst({ baseUrl, model, ...(apiKey ? { apiKey } : {}) })
  return { sandbox: createDocumentSandbox(inspector), documentFiles: createDocumentFiles(blobs), analyst }
}

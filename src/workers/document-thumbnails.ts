// Runs the stage `thumbnails` of one document. What it does and how it may end is the domain's to say.
import { runDocumentStage } from '../domain/documents/run-stage.ts'
import type { Processor } from './processor.ts'

export const processDocumentThumbnails: Processor<'document.thumbnails'> = (deps, { documentId }, run) =>
  runDocumentStage(deps, documentId, 'thumbnails', run)

// Writes the row of one document.
import { writeDocumentRecord } from '../domain/documents/write-record.ts'
import type { Processor } from './processor.ts'

export const processDocumentRecord: Processor<'document.record'> = (deps, { documentId }, run) => writeDocumentRecord(deps, documentId, run)

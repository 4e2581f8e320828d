// The jobs that a document owes: one for each stage, and the last one, which writes its row.
import { documentStages, type DocumentStage } from '../../contracts/document.ts'
import type { JobRequest } from '../ports.ts'

export function stageJob(id: string, stage: DocumentStage): JobRequest {
  return { name: `document.${stage}`, payload: { documentId: id } }
}

export function recordJob(id: string): JobRequest {
  return { name: 'document.record', payload: { documentId: id } }
}

/** The stage that a job of this name does; undefined for any other job. */
export function stageOfJob(name: string): DocumentStage | undefined {
  return documentStages.find((stage) => name === `document.${stage}`)
}

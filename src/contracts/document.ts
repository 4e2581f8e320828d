// Documents as clients see them: what is asked, where the processing stands, and what was found.
import { z } from 'zod'
import { modelAnswer, textAnalysis } from './document-parts.ts'
import { pageSchema } from './page.ts'
import { signature } from './signature.ts'

export const documentStatuses = ['queued', 'processing', 'processed', 'partial', 'rejected', 'quarantined'] as const
/** In the order in which they are shown; text, thumbnails and signatures run side by side, analysis follows the text. */
export const documentStages = ['preflight', 'text', 'thumbnails', 'signatures', 'analysis'] as const
export const stageStatuses = ['waiting', 'done', 'partial', 'failed'] as const

export const createDocumentRequest = z.strictObject({
  uploadId: z.string().min(1).max(100).describe('a stored upload of your own, of type application/pdf'),
  title: z
    .string()
    .trim()
    .min(1)
    .max(200)
    // eslint-disable-next-line no-control-regex
    .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/, 'must have no control characters'),
})

const stageView = z.object({
  name: z.enum(documentStages),
  status: z.enum(stageStatuses),
  reason: z.string().optional(),
})

export const documentSummary = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(documentStatuses),
  reason: z.string().optional().describe('why it was rejected or quarantined'),
  step: z.enum(documentStages).nullable().describe('what is being done; null before and after'),
  steps: z.array(stageView),
  progress: z.int().min(0).max(100),
  estimatedCompletion: z.iso.datetime().nullable().describe('a guess from the number of pages; null once it has ended'),
  sequence: z.int().describe('rises with every change'),
  uploadId: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  pages: z.int().nullable(),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
})

const textSummary = z.object({
  pages: z.int().describe('pages whose text was read'),
  characters: z.int(),
  isPartial: z.boolean(),
  url: z.string(),
})

const thumbnailSummary = z.object({
  count: z.int(),
  pages: z.array(z.int()).describe('pages that have one'),
  width: z.int().describe('pixels'),
  type: z.literal('image/webp'),
  url: z.string().describe('with {page} for the number of the page, from 1'),
})

const modelOutput = modelAnswer.extend({
  label: z.literal('model_output').describe('made by a language model: may be wrong, and decides nothing'),
  model: z.string(),
})

export const documentView = documentSummary.extend({
  text: textSummary.nullable(),
  signatures: z.array(signature).nullable().describe('null until they are judged, and when they could not be; [] when there are none'),
  analysis: textAnalysis.extend({ model: modelOutput.nullable() }).nullable(),
  thumbnails: thumbnailSummary.nullable(),
})

export const documentPage = pageSchema(documentSummary)

export type DocumentStatus = (typeof documentStatuses)[number]
export type DocumentStage = (typeof documentStages)[number]
export type StageStatus = (typeof stageStatuses)[number]
export type CreateDocumentRequest = z.output<typeof createDocumentRequest>
export type DocumentSummary = z.infer<typeof documentSummary>
export type DocumentView = z.infer<typeof documentView>
export type DocumentPage = z.infer<typeof documentPage>

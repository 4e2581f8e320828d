// Uploads as clients see them: the session of one upload, and the list of one's own. The bytes themselves go by tus (docs/uploads.md).
import { z } from 'zod'

export const uploadStatuses = ['initialized', 'uploading', 'completed', 'finalising', 'stored', 'rejected', 'failed', 'expired'] as const
export const rejectionReasons = ['checksum_mismatch', 'type_mismatch', 'type_not_allowed', 'infected', 'not_scanned', 'too_large'] as const
export const scanVerdicts = ['clean', 'infected', 'not_scanned'] as const

export const uploadSession = z.object({
  id: z.string(),
  status: z.enum(uploadStatuses),
  reason: z
    .string()
    .optional()
    .describe(`why it was rejected (${rejectionReasons.join(', ')}), why it failed, or how else it ended (terminated, concatenated)`),
  progress: z.number().describe('0 to 100, of the bytes'),
  receivedBytes: z.int(),
  totalBytes: z.int().nullable().describe('null as long as the length is deferred'),
  completedChunks: z.int().describe('requests whose bytes were kept'),
  totalChunks: z.int().nullable().describe('an estimate from the size of those so far'),
  nextOffset: z.int().describe('where to go on'),
  canResume: z.boolean(),
  expiresAt: z.iso.datetime().nullable().describe('when an open upload ends unless it goes on'),
  sha256: z.string().optional(),
  scan: z.enum(scanVerdicts).optional(),
  sequence: z.int().describe('rises with every change'),
})

export const uploadSummary = uploadSession.extend({
  filename: z.string().optional(),
  filetype: z.string().optional().describe('what the file was found to be, else what the client said'),
  uploadType: z.string(),
  sessionId: z.string(),
  createdAt: z.iso.datetime(),
  storedAt: z.iso.datetime().optional(),
})

export const uploadPage = z.object({
  nodes: z.array(uploadSummary),
  totalCount: z.int(),
  pageInfo: z.object({
    hasNextPage: z.boolean(),
    endCursor: z.string().nullable(),
    hasPreviousPage: z.boolean(),
    startCursor: z.string().nullable(),
  }),
})

export type UploadStatus = (typeof uploadStatuses)[number]
export type RejectionReason = (typeof rejectionReasons)[number]
export type ScanVerdict = (typeof scanVerdicts)[number]
export type UploadSession = z.infer<typeof uploadSession>
export type UploadSummary = z.infer<typeof uploadSummary>
export type UploadPage = z.infer<typeof uploadPage>

// Finalises one upload. What its stages are and how it may end is the domain's to say.
import { finaliseUpload } from '../domain/uploads/finalise.ts'
import type { Processor } from './processor.ts'

export const processUploadFinalise: Processor<'upload.finalise'> = (deps, { uploadId }, run) => finaliseUpload(deps, uploadId, run)

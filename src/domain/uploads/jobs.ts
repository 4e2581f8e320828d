// The job that an upload owes once its last byte is there.
import type { JobRequest } from '../ports.ts'

export function finaliseJob(id: string): JobRequest {
  return { name: 'upload.finalise', payload: { uploadId: id } }
}

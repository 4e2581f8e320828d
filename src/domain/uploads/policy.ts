// The numbers of uploads, and what may be uploaded by type: data, not code.
import type { SniffedType } from '../../contracts/inspection.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../lib/durations.ts'

export const MIB = 1_048_576
export const GIB = 1_073_741_824

/** An open upload ends when nothing came for this long (contract §6). */
export const idleMs = 2 * HOUR_MS
/** A writer holds its upload for this long after its last sign of life. */
export const leaseMs = 5 * SECOND_MS
export const renewAfterMs = 1.5 * SECOND_MS
/** While bytes flow they are made durable and counted every so many bytes, but not more often than this: a kill costs a client about a second's worth. */
export const checkpointBytes = 8 * MIB
export const checkpointMs = SECOND_MS
/** One owner's open uploads, and the bytes that they may still bring. */
export const maxOpen = 20
export const maxOpenBytes = 50 * GIB
/** Bytes of an upload that expired stay this long, should somebody want to know why. */
export const expiredGraceMs = HOUR_MS
export const failedGraceMs = DAY_MS
/** What ended without being stored stays readable, without bytes. */
export const endedKeptMs = 7 * DAY_MS
/** A scanner that is away is asked for this long; then the verdict is not_scanned. */
export const scanPatienceMs = HOUR_MS
/** Objects without an owner are reported once they are this old. */
export const orphanAgeMs = 6 * HOUR_MS

export type UploadType = { maxBytes: number; types: readonly SniffedType[] }

const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const sheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const slides = 'application/vnd.openxmlformats-officedocument.presentationml.presentation'
const images = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/tiff'] as const

/** By `uploadType`; `default` is for uploads that name none (contract §6). */
export const uploadTypes: Readonly<Record<string, UploadType>> = {
  default: { maxBytes: 5 * GIB, types: ['application/pdf', ...images, 'text/plain', word, sheet, slides] },
  document: { maxBytes: GIB, types: ['application/pdf', 'text/plain', word, sheet, slides] },
  image: { maxBytes: 100 * MIB, types: images },
  pdf: { maxBytes: GIB, types: ['application/pdf'] },
}

/** What a file of each type may be called and declared as; the first declaration is its name. */
export const typeNames: Readonly<Record<SniffedType, { extensions: readonly string[]; declared: readonly string[] }>> = {
  'application/pdf': { extensions: ['pdf'], declared: ['application/pdf', 'application/x-pdf'] },
  'image/png': { extensions: ['png'], declared: ['image/png'] },
  'image/jpeg': { extensions: ['jpg', 'jpeg', 'jpe', 'jfif'], declared: ['image/jpeg', 'image/jpg', 'image/pjpeg'] },
  'image/webp': { extensions: ['webp'], declared: ['image/webp'] },
  'image/gif': { extensions: ['gif'], declared: ['image/gif'] },
  'image/tiff': { extensions: ['tif', 'tiff'], declared: ['image/tiff'] },
  // A browser on Windows calls CSV what the program is called that opens it.
  'text/plain': {
    extensions: ['txt', 'text', 'csv', 'log', 'md'],
    declared: ['text/plain', 'text/csv', 'application/csv', 'application/vnd.ms-excel', 'text/markdown'],
  },
  [word]: { extensions: ['docx'], declared: [word] },
  [sheet]: { extensions: ['xlsx'], declared: [sheet] },
  [slides]: { extensions: ['pptx'], declared: [slides] },
}

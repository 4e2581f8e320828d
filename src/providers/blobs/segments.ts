// How the files of an open upload are remembered: field `s<fence>`, value `start:length`. A later fence begins where an earlier one ended.
import type { BlobFields } from '../../domain/upload-ports.ts'

export type Segment = { name: string; start: number; length: number }

/** The segments in the order of their bytes; what is empty counts for nothing. */
export function segmentsOf(blob: BlobFields): Segment[] {
  return Object.entries(blob)
    .filter(([name]) => /^s\d+$/.test(name))
    .map(([name, value]) => {
      const [start = 0, length = 0] = value.split(':', 2).map(Number)
      return { name, start, length }
    })
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.start - b.start)
}

export function lastSegment(blob: BlobFields): Segment | undefined {
  return segmentsOf(blob).at(-1)
}

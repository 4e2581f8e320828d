// How much the streams of a document unpack to. Each is unpacked as far as it may go and thrown away at once.
import { constants, inflateSync } from 'node:zlib'
import type { Snapshot } from '../pdf/snapshot.ts'
import { isKind, nameOf, type PdfStream } from '../pdf/values.ts'
import { Refusal } from './refusal.ts'

export type InflationLimits = { maxBytes: number; maxRatio: number; maxFilters: number }

/** A blank page scanned to 2 MB packs a thousandfold: below this a ratio says nothing. */
const ratioFloorBytes = 16 * 1_048_576

/** Counts over all streams of one document. */
export class Inflation {
  bytes = 0
  readonly #snapshot: Snapshot
  readonly #limits: InflationLimits

  constructor(snapshot: Snapshot, limits: InflationLimits) {
    this.#snapshot = snapshot
    this.#limits = limits
  }

  /** Adds a stream. Throws Refusal `too_many_filters` or `inflates_too_much`. Of an encrypted one only the filters are counted. */
  count(stream: PdfStream, isEncrypted: boolean): void {
    const filters = this.#filtersOf(stream)
    if (filters.length > this.#limits.maxFilters) throw new Refusal('too_many_filters')
    if (isEncrypted) return
    let data = stream.data
    for (const filter of filters) {
      if (filter !== 'FlateDecode' && filter !== 'Fl') return
      const inflated = this.#inflate(data, stream.data.length)
      if (inflated === null) return
      data = inflated
    }
  }

  #filtersOf({ dict }: PdfStream): (string | undefined)[] {
    const value = this.#snapshot.resolve(dict.entries.get('Filter') ?? dict.entries.get('F'))
    if (isKind(value, 'array')) return value.items.map((item) => nameOf(this.#snapshot.resolve(item)))
    return value === null ? [] : [nameOf(value)]
  }

  #inflate(data: Buffer, packedBytes: number): Buffer | null {
    const byRatio = Math.max(ratioFloorBytes, packedBytes * this.#limits.maxRatio)
    const maxOutputLength = Math.max(1, Math.min(this.#limits.maxBytes - this.bytes, byRatio))
    try {
      const inflated = inflateSync(data, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH })
      this.bytes += inflated.length
      return inflated
    } catch (error) {
      if (error instanceof RangeError) throw new Refusal('inflates_too_much')
      // Damaged: whoever needs it will find it so.
      return null
    }
  }
}

// Bounded work: one budget per document counts what its parsing costs and refuses when a cap is reached.
// Wall clock and memory are limited by the process around it; counts give the same answer on every machine.

export type RefusalReason = 'not_a_pdf' | 'too_complex' | 'too_large' | 'damaged'

/** A document that is not read further. The only error that leaves the reader. */
export class PdfRefusal extends Error {
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, message: string) {
    super(message)
    this.name = 'PdfRefusal'
    this.reason = reason
  }
}

/** What one document may cost. `…Bytes` are bytes, the others plain counts. `maxScannedBytes`: looked through for an end that may not come. */
export type PdfLimits = {
  maxFileBytes: number
  maxTokens: number
  maxNesting: number
  maxObjects: number
  maxSections: number
  maxFiltersPerStream: number
  maxInflatedBytes: number
  maxInflateRatio: number
  maxScannedBytes: number
  maxComparedValues: number
  maxHashedBytes: number
  maxFailures: number
}

export const defaultPdfLimits: PdfLimits = {
  maxFileBytes: 128 * 1024 * 1024,
  maxTokens: 2_500_000,
  maxNesting: 64,
  maxObjects: 400_000,
  maxSections: 256,
  maxFiltersPerStream: 4,
  maxInflatedBytes: 96 * 1024 * 1024,
  maxInflateRatio: 200,
  maxScannedBytes: 160 * 1024 * 1024,
  maxComparedValues: 1_500_000,
  maxHashedBytes: 1024 * 1024 * 1024,
  maxFailures: 10_000,
}

type Counter = 'maxTokens' | 'maxObjects' | 'maxInflatedBytes' | 'maxScannedBytes' | 'maxComparedValues' | 'maxHashedBytes' | 'maxFailures'

/** Counts work against limits. Not shared between documents. */
export class Budget {
  readonly limits: PdfLimits
  private readonly spent: Record<Counter, number> = {
    maxTokens: 0,
    maxObjects: 0,
    maxInflatedBytes: 0,
    maxScannedBytes: 0,
    maxComparedValues: 0,
    maxHashedBytes: 0,
    maxFailures: 0,
  }

  constructor(limits: PdfLimits = defaultPdfLimits) {
    this.limits = limits
  }

  /** Adds to a count; throws PdfRefusal `too_complex` once it exceeds its limit. */
  spend(counter: Counter, amount: number): void {
    this.spent[counter] += amount
    if (this.spent[counter] > this.limits[counter]) throw new PdfRefusal('too_complex', `more work than allowed: ${counter}`)
  }

  /** How much of a count is left, never below 0. */
  left(counter: Counter): number {
    return Math.max(0, this.limits[counter] - this.spent[counter])
  }
}

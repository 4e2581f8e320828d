// The document as one of its revisions shows it: which object a number means at that time, and what the trailer says.
// It reads nothing outside the first `end` bytes, so it sees what a reader of the file cut there would see.
import type { Budget } from './budget.ts'
import type { ContainerCache } from './object-stream.ts'
import { readContained } from './object-stream.ts'
import type { IndirectObject } from './indirect-object.ts'
import { parseIndirectObject } from './indirect-object.ts'
import type { Input } from './value-parser.ts'
import { PdfSyntaxError } from './value-parser.ts'
import type { PdfDict, PdfValue } from './values.ts'
import { dictOf, integerOf, isKind } from './values.ts'
import type { XrefEntry, XrefSection } from './xref-section.ts'

const MAX_REFERENCE_HOPS = 32

/** What snapshots of one file share: its bytes and what was parsed of them. */
export type PdfFile = {
  data: Buffer
  budget: Budget
  leniencies: Set<string>
  objects: Map<number, IndirectObject>
  containers: ContainerCache
}

/** An empty cache around the bytes of a file. */
export function createPdfFile(data: Buffer, budget: Budget): PdfFile {
  return { data, budget, leniencies: new Set(), objects: new Map(), containers: new Map() }
}

export class Snapshot {
  readonly file: PdfFile
  readonly end: number
  /** Newest first. */
  readonly sections: readonly XrefSection[]
  readonly trailer: PdfDict
  private merged: Map<number, XrefEntry> | undefined
  private readonly resolving = new Set<number>()
  private readonly found = new Map<number, IndirectObject | undefined>()

  /** The document of these sections, newest first (at least one). */
  constructor(file: PdfFile, end: number, sections: readonly XrefSection[]) {
    const newest = sections[0]
    if (newest === undefined) throw new PdfSyntaxError(0, 'there is no cross-reference section')
    this.file = file
    this.end = end
    this.trailer = newest.trailer
    this.sections = sections
  }

  /** All numbers that the sections speak of, with where their objects are. */
  get entries(): ReadonlyMap<number, XrefEntry> {
    this.merged ??= new Map(this.sections.toReversed().flatMap((section) => [...section.entries]))
    return this.merged
  }

  /** Where the object of this number is; undefined for a number that no section speaks of. */
  entry(num: number): XrefEntry | undefined {
    for (const section of this.sections) {
      const entry = section.entries.get(num)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** How this snapshot's bytes are read. */
  input(): Input {
    return { data: this.file.data, end: this.end, placed: true, budget: this.file.budget, leniencies: this.file.leniencies }
  }

  /** The object of this number; undefined if it is free, damaged or another one stands in its place. */
  object(num: number): IndirectObject | undefined {
    if (this.found.has(num)) return this.found.get(num)
    // An object that is needed to find itself is none.
    if (this.resolving.has(num)) return undefined
    this.resolving.add(num)
    const object = this.find(num)
    this.resolving.delete(num)
    this.found.set(num, object)
    return object
  }

  /** The value with references followed; null for one that leads nowhere. */
  resolve(value: PdfValue | undefined): PdfValue {
    let current = value ?? null
    for (let hop = 0; isKind(current, 'ref'); hop++) {
      if (hop >= MAX_REFERENCE_HOPS) return null
      const object = this.object(current.num)
      if (object === undefined || object.gen !== current.gen) return null
      current = object.value
    }
    return current
  }

  /** The dictionary behind a value, a stream's included; undefined if it is none. */
  dict(value: PdfValue | undefined): PdfDict | undefined {
    return dictOf(this.resolve(value))
  }

  /** The catalog; undefined if the trailer leads to none. */
  catalog(): PdfDict | undefined {
    const root = this.resolve(this.trailer.entries.get('Root'))
    return isKind(root, 'dict') ? root : undefined
  }

  private find(num: number): IndirectObject | undefined {
    const entry = this.entry(num)
    if (entry === undefined || entry.type === 'free') return undefined
    const object = entry.type === 'offset' ? this.parseAt(entry.offset) : readContained(this, entry.container, entry.index, num)
    const gen = entry.type === 'offset' ? entry.gen : 0
    if (object !== undefined && object.num === num && object.gen === gen) return object
    this.file.leniencies.add('object_not_found')
    return undefined
  }

  private parseAt(offset: number): IndirectObject | undefined {
    const known = this.file.objects.get(offset)
    if (known !== undefined && known.end <= this.end) return known
    if (offset >= this.end) return undefined
    try {
      const object = parseIndirectObject(this.input(), offset, (value) => integerOf(this.resolve(value)))
      if (!object.leansOnLength) this.file.objects.set(offset, object)
      return object
    } catch (error) {
      if (!(error instanceof PdfSyntaxError)) throw error
      this.file.budget.spend('maxFailures', 1)
      this.file.leniencies.add('damaged_object')
      return undefined
    }
  }
}

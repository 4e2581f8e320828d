// What a file is beyond its signatures, read with the project's own reader: pages, revisions, active and external content, layers, fonts, overlays.
import type { Examination } from '../../contracts/examination.ts'
import { defaultPdfLimits, PdfRefusal, type PdfLimits } from '../pdf/budget.ts'
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import { openPdf } from '../pdf/open-pdf.ts'
import { listPages } from '../pdf/pages.ts'
import { maxInputBytes } from '../read-all.ts'
import { findActive, hasXfa } from './active-content.ts'
import { findExternal } from './external-content.ts'
import { readFont } from './fonts.ts'
import { Layers } from './layers.ts'
import { walkObjects } from './object-walk.ts'
import { listDrawn, listOverlays, type DrawnAnnotation } from './overlays.ts'

const maxListed = 100
const maxPages = 2_000
/** More only have no name of their own: the page is compared all the same. */
const maxDrawnOnPage = 500

/** As the preflight of documents lets through, with room for a walk over every value. */
const limits: PdfLimits = {
  ...defaultPdfLimits,
  maxFileBytes: maxInputBytes,
  maxTokens: 5_000_000,
  maxInflatedBytes: 268_435_456,
  maxComparedValues: 6_000_000,
}

export type DocumentFacts = Omit<Examination, 'report' | 'signatures' | 'rendering'>

/** `cut` says why the facts are not all; `annotations` are those that may cover something when they are drawn. */
type FoundFacts = { facts: DocumentFacts; annotations: DrawnAnnotation[]; cut: string | undefined }

/** The facts of a file. Throws PdfRefusal for a file that is not opened at all. */
export function readDocumentFacts(data: Buffer): FoundFacts {
  const pdf = openPdf(data, limits)
  const facts: DocumentFacts = {
    isEncrypted: pdf.current.resolve(pdf.current.trailer.entries.get('Encrypt')) !== null,
    pages: 0,
    isRegular: !pdf.rebuilt && pdf.chain.irregular === undefined && pdf.trailingBytes === 0,
    active: [],
    layers: { total: 0, hiddenByDefault: 0 },
    external: [],
    fonts: { embedded: 0, notEmbedded: [] },
    overlays: [],
  }
  const annotations: DrawnAnnotation[] = []
  try {
    readPages(pdf, facts, annotations)
    readObjects(pdf, facts)
    return { facts, annotations, cut: facts.pages > maxPages ? 'too_many_pages' : undefined }
  } catch (error) {
    if (!(error instanceof PdfRefusal)) throw error
    return { facts, annotations, cut: error.reason }
  }
}

function readPages({ current }: OpenedPdf, facts: DocumentFacts, annotations: DrawnAnnotation[]): void {
  const pages = listPages(current)
  facts.pages = pages.length
  for (const [index, page] of pages.slice(0, maxPages).entries()) {
    facts.overlays.push(...listOverlays(current, page, index + 1, maxListed - facts.overlays.length))
    annotations.push(...listDrawn(current, page, index + 1, maxDrawnOnPage))
  }
}

// What was found before a limit was reached is told too.
function readObjects({ current }: OpenedPdf, facts: DocumentFacts): void {
  const layers = new Layers(current)
  const notEmbedded = new Set<string>()
  if (hasXfa(current)) facts.active.push({ kind: 'xfa', object: 'form' })
  try {
    walkObjects(current, (visited) => {
      const active = findActive(current, visited)
      const external = findExternal(current, visited)
      const font = readFont(current, visited)
      if (active !== undefined) note(facts.active, { kind: active, object: visited.object })
      if (external !== undefined) note(facts.external, { kind: external, object: visited.object })
      if (font === 'embedded') facts.fonts.embedded++
      else if (font !== undefined && notEmbedded.size < maxListed) notEmbedded.add(font.name)
      layers.visit(visited)
    })
  } finally {
    facts.layers = layers.count()
    facts.fonts.notEmbedded = [...notEmbedded].sort()
    facts.active.sort(byObject)
    facts.external.sort(byObject)
  }
}

// Each kind is told even when there are many of another.
function note<Kind extends string>(list: { kind: Kind; object: string }[], found: { kind: Kind; object: string }): void {
  if (list.length < maxListed - 10 || (list.length < maxListed && !list.some(({ kind }) => kind === found.kind))) list.push(found)
}

function byObject(one: { object: string }, other: { object: string }): number {
  return numberOf(one.object) - numberOf(other.object)
}

function numberOf(object: string): number {
  const number = Number.parseInt(object, 10)
  return Number.isNaN(number) ? -1 : number
}

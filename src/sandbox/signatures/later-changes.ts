// What happened to a document after a signature: every later revision against the signed one, held against what the signature permits.
import type { ChangeClass } from '../changes/change.ts'
import { gravest } from '../changes/change.ts'
import type { IsSoundSignature, Side } from '../changes/comparison.ts'
import { readSide } from '../changes/comparison.ts'
import { compareRevisions } from '../changes/document-changes.ts'
import { findAmbiguity } from '../changes/update-segment.ts'
import { isWhiteSpace } from '../pdf/characters.ts'
import type { FormNode } from '../pdf/form-fields.ts'
import type { OpenedPdf } from '../pdf/open-pdf.ts'
import { snapshotAt } from '../pdf/open-pdf.ts'
import type { PdfDict } from '../pdf/values.ts'
import type { Permissions } from './permissions.ts'
import { findObjection, readPermissions } from './permissions.ts'

/** `objections`: sentences on each change that is not permitted (at most ten). `permissions` as the signed revision states them. */
export type LaterChanges = { kind: ChangeClass; objections: string[]; permissions: Permissions | undefined }

const MAX_OBJECTIONS = 10
/** Each holds the objects of a whole revision. */
const MAX_SIDES = 32

/** The revisions of a file, each read once in the usual case, however many signatures ask for it. */
export class History {
  readonly pdf: OpenedPdf
  readonly isSound: IsSoundSignature
  private readonly sides = new Map<number, Side>()
  private readonly ambiguities = new Map<number, string | undefined>()

  constructor(pdf: OpenedPdf, isSound: IsSoundSignature) {
    this.pdf = pdf
    this.isSound = isSound
  }

  /** The document at the end of a revision. */
  side(index: number): Side {
    const known = this.sides.get(index)
    if (known !== undefined) return known
    const side = readSide(snapshotAt(this.pdf, index))
    const [oldest] = this.sides.keys()
    if (this.sides.size >= MAX_SIDES && oldest !== undefined) this.sides.delete(oldest)
    this.sides.set(index, side)
    return side
  }

  /** What makes the bytes of a revision (not the first) readable in two ways; undefined if nothing does. */
  ambiguity(index: number): string | undefined {
    const revision = this.pdf.chain.revisions[index]
    if (!this.ambiguities.has(index) && revision !== undefined) {
      this.ambiguities.set(index, findAmbiguity(revision, snapshotAt(this.pdf, index - 1), snapshotAt(this.pdf, index)))
    }
    return this.ambiguities.get(index)
  }

  /** The revision whose last byte is the last covered one, white space aside; -1 if there is none. */
  revisionEndingAt(coveredEnd: number): number {
    const { data } = this.pdf.file
    return this.pdf.chain.revisions.findIndex(
      ({ markEnd }) => markEnd <= coveredEnd && data.subarray(markEnd, coveredEnd).every((byte) => isWhiteSpace(byte)),
    )
  }
}

/** Judges what came after the signature whose dictionary stands in the file and whose last signed byte is before `coveredEnd`. */
export function judgeLaterChanges(history: History, dict: PdfDict, coveredEnd: number): LaterChanges {
  const { pdf } = history
  if (coveredEnd === pdf.file.data.length) return judgeWhole(history, dict)
  const covered = findCovered(history, dict, coveredEnd)
  if ('problem' in covered) return undefinedBecause(covered.problem)
  const { index, holder } = covered
  const permissions = readPermissions(history.side(index).snapshot, dict, holder)
  const objections = [...findStructuralObjections(history, index)]
  const classes: { class: ChangeClass }[] = []
  for (let later = index + 1; later < pdf.chain.revisions.length; later++) {
    for (const change of compareRevisions(history.side(index), history.side(later), history.isSound)) {
      classes.push(change)
      const objection = findObjection(permissions, change)
      if (objection !== undefined) objections.push(`A later change ${objection}: ${change.where.slice(0, 120)}.`)
    }
  }
  if (!permissions.understood && classes.length > 0)
    objections.push('The signature restricts later changes in a way that is not understood.')
  const kind = objections.length > 0 ? 'undefined' : gravest(classes)
  return { kind, objections: [...new Set(objections)].slice(0, MAX_OBJECTIONS), permissions }
}

/** The revision that a signature covers and the field that holds it there. `problem` is a sentence. Throws PdfRefusal past a limit. */
export function findCovered(
  history: History,
  dict: PdfDict,
  coveredEnd: number,
): { index: number; holder: FormNode } | { problem: string } {
  const index = history.revisionEndingAt(coveredEnd)
  if (index === -1) return { problem: 'The signed bytes do not end where a revision of the document ends.' }
  const holder = findHolder(history.side(index).nodes, history, index, dict)
  return holder === undefined ? { problem: 'The signature was not in the document that it covers.' } : { index, holder }
}

function judgeWhole(history: History, dict: PdfDict): LaterChanges {
  const { current } = history.pdf
  const holder = findHolderIn(readSideNodes(history), (value) => current.resolve(value) === dict)
  return { kind: 'none', objections: [], permissions: readPermissions(current, dict, holder) }
}

function readSideNodes(history: History): FormNode[] {
  const last = history.pdf.chain.revisions.length - 1
  return history.pdf.chain.irregular === undefined && last >= 0 ? history.side(last).nodes : []
}

function findHolder(nodes: readonly FormNode[], history: History, index: number, dict: PdfDict): FormNode | undefined {
  const { snapshot } = history.side(index)
  return findHolderIn(nodes, (value) => {
    const found = snapshot.dict(value)
    return found !== undefined && found.start === dict.start && found.start >= 0
  })
}

function findHolderIn(nodes: readonly FormNode[], isHeld: (value: FormNode['value']) => boolean): FormNode | undefined {
  return nodes.find((node) => node.type === 'Sig' && isHeld(node.value))
}

function findStructuralObjections(history: History, index: number): string[] {
  const { chain, trailingBytes } = history.pdf
  const objections: string[] = []
  if (chain.irregular !== undefined) objections.push(`The file cannot be cut into revisions: ${chain.irregular}.`)
  if (trailingBytes > 0) objections.push('After the last revision there are bytes that belong to none.')
  for (let later = index + 1; later < chain.revisions.length; later++) {
    const ambiguity = history.ambiguity(later)
    if (ambiguity !== undefined) objections.push(`A later revision can be read in two ways: ${ambiguity}.`)
  }
  return objections
}

function undefinedBecause(objection: string): LaterChanges {
  return { kind: 'undefined', objections: [objection], permissions: undefined }
}

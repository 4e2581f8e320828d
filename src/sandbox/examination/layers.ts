// Optional content (ISO 32000-2, 8.11): the groups that can be switched, and those that the document opens with hidden, on screen or in print.
import { itemsOf } from '../pdf/form-fields.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict, PdfValue } from '../pdf/values.ts'
import { isKind, nameOf } from '../pdf/values.ts'
import type { Visited } from './object-walk.ts'

const maxDepth = 16

/** The groups of the document, by dictionary, with whether each begins hidden. */
export class Layers {
  private readonly snapshot: Snapshot
  private readonly groups = new Map<PdfDict, boolean>()
  private hiddenMemberships = 0

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot
    const properties = snapshot.dict(snapshot.catalog()?.entries.get('OCProperties'))
    const defaults = snapshot.dict(properties?.entries.get('D'))
    const isOff = nameOf(snapshot.resolve(defaults?.entries.get('BaseState'))) === 'OFF'
    for (const group of this.dictsOf(properties?.entries.get('OCGs'))) this.groups.set(group, isOff)
    for (const group of this.dictsOf(defaults?.entries.get('ON'))) this.groups.set(group, false)
    for (const group of this.dictsOf(defaults?.entries.get('OFF'))) this.groups.set(group, true)
    for (const rule of this.dictsOf(defaults?.entries.get('AS'))) this.applyUsage(rule)
  }

  /** Content can also be shown by what several groups together say: then it may be hidden while none of them is. */
  visit({ dict }: Visited): void {
    if (nameOf(this.snapshot.resolve(dict.entries.get('Type'))) !== 'OCMD') return
    const expression = this.snapshot.resolve(dict.entries.get('VE'))
    const isShown = isKind(expression, 'array') ? this.evaluate(expression, 0) : this.followsPolicy(dict)
    if (!isShown) this.hiddenMemberships++
  }

  count(): { total: number; hiddenByDefault: number } {
    return { total: this.groups.size, hiddenByDefault: [...this.groups.values()].filter(Boolean).length + this.hiddenMemberships }
  }

  private dictsOf(value: PdfValue | undefined): PdfDict[] {
    const items = itemsOf(this.snapshot, value)
    this.snapshot.file.budget.spend('maxComparedValues', items.length)
    return items.flatMap((item) => this.snapshot.dict(item) ?? [])
  }

  // 8.11.4.4: a group may be off for the screen or for print alone.
  private applyUsage(rule: PdfDict): void {
    const event = nameOf(this.snapshot.resolve(rule.entries.get('Event'))) ?? ''
    if (event !== 'View' && event !== 'Print') return
    for (const group of this.dictsOf(rule.entries.get('OCGs'))) {
      const usage = this.snapshot.dict(this.snapshot.dict(group.entries.get('Usage'))?.entries.get(event))
      if (nameOf(this.snapshot.resolve(usage?.entries.get(`${event}State`))) === 'OFF') this.groups.set(group, true)
    }
  }

  private followsPolicy(membership: PdfDict): boolean {
    const value = membership.entries.get('OCGs')
    const single = this.snapshot.dict(value)
    const shown = (single === undefined ? this.dictsOf(value) : [single]).map((group) => this.groups.get(group) !== true)
    if (shown.length === 0) return true
    switch (nameOf(this.snapshot.resolve(membership.entries.get('P')))) {
      case 'AllOn':
        return shown.every(Boolean)
      case 'AnyOff':
        return !shown.every(Boolean)
      case 'AllOff':
        return !shown.some(Boolean)
      default:
        return shown.some(Boolean)
    }
  }

  // 8.11.2.2. What is nested deeper than anybody means is taken for hidden.
  private evaluate(value: PdfValue, depth: number): boolean {
    this.snapshot.file.budget.spend('maxComparedValues', 1)
    const found = this.snapshot.resolve(value)
    if (isKind(found, 'dict')) return this.groups.get(found) !== true
    if (!isKind(found, 'array') || depth > maxDepth) return false
    const [operator, ...operands] = found.items
    const isShown = (operand: PdfValue): boolean => this.evaluate(operand, depth + 1)
    switch (nameOf(this.snapshot.resolve(operator))) {
      case 'And':
        return operands.every(isShown)
      case 'Or':
        return operands.some(isShown)
      case 'Not':
        return operands[0] !== undefined && !isShown(operands[0])
      default:
        return false
    }
  }
}

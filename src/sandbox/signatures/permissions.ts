// What a signature itself permits afterwards: DocMDP and FieldMDP (ISO 32000-2, 12.8.2), and the lock of its field.
import type { Change } from '../changes/change.ts'
import { itemsOf } from '../pdf/form-fields.ts'
import type { FormNode } from '../pdf/form-fields.ts'
import type { Snapshot } from '../pdf/snapshot.ts'
import type { PdfDict } from '../pdf/values.ts'
import { integerOf, nameOf, textOf } from '../pdf/values.ts'

/** `level`: 1 nothing, 2 form filling, 3 also annotations; undefined where the signature says nothing. `locks`: each must let a field pass. */
export type Permissions = { level: 1 | 2 | 3 | undefined; certifies: boolean; locks: ((field: string) => boolean)[]; understood: boolean }

/** The permissions of a signature dictionary and of the field that holds it, read in the revision that it signed. */
export function readPermissions(snapshot: Snapshot, dict: PdfDict, field: FormNode | undefined): Permissions {
  const permissions: Permissions = { level: undefined, certifies: false, locks: [], understood: true }
  for (const item of itemsOf(snapshot, dict.entries.get('Reference'))) {
    const reference = snapshot.dict(item)
    const parameters = snapshot.dict(reference?.entries.get('TransformParams'))
    const method = nameOf(snapshot.resolve(reference?.entries.get('TransformMethod')))
    if (method === 'DocMDP') {
      permissions.certifies = true
      restrict(permissions, levelOf(snapshot, parameters) ?? 2)
    } else if (method === 'FieldMDP') addLock(snapshot, permissions, parameters)
    else if (method !== 'UR' && method !== 'UR3') permissions.understood = false
  }
  const lock = snapshot.dict(field?.dict.entries.get('Lock'))
  if (lock !== undefined) {
    addLock(snapshot, permissions, lock)
    const level = levelOf(snapshot, lock)
    if (level !== undefined) restrict(permissions, level)
  }
  return permissions
}

function levelOf(snapshot: Snapshot, parameters: PdfDict | undefined): 1 | 2 | 3 | undefined {
  const value = parameters?.entries.get('P')
  if (value === undefined) return undefined
  const level = integerOf(snapshot.resolve(value))
  // An unknown level permits the least.
  return level === 2 || level === 3 ? level : 1
}

function restrict(permissions: Permissions, level: 1 | 2 | 3): void {
  permissions.level = permissions.level === undefined || level < permissions.level ? level : permissions.level
}

function addLock(snapshot: Snapshot, permissions: Permissions, parameters: PdfDict | undefined): void {
  const names = itemsOf(snapshot, parameters?.entries.get('Fields')).flatMap((item) => textOf(snapshot.resolve(item)) ?? [])
  // A name stands for its field and for all fields below it.
  const isNamed = (field: string): boolean => names.some((name) => field === name || field.startsWith(`${name}.`))
  switch (nameOf(snapshot.resolve(parameters?.entries.get('Action')))) {
    case 'Include':
      permissions.locks.push(isNamed)
      break
    case 'Exclude':
      permissions.locks.push((field) => !isNamed(field))
      break
    case 'All':
      permissions.locks.push(() => true)
      break
    default:
      permissions.understood = false
      permissions.locks.push(() => true)
  }
}

/** Why a change is not permitted; undefined if it is. Changes that no rule knows are permitted by nothing. */
export function findObjection(permissions: Permissions, change: Change): string | undefined {
  const { field } = change
  if (change.class === 'undefined') return 'is of no permitted kind'
  if (field !== undefined && permissions.locks.some((isLocked) => isLocked(field))) return 'touches a field that the signature locks'
  // Sneaky signature: a field that was not there when the document was certified could show anything.
  if (permissions.certifies && change.showsNewField === true) return 'shows a field that was not certified'
  if (change.class === 'form_fill' && permissions.level === 1) return 'is forbidden by the certification'
  if (change.class === 'annotation' && permissions.level !== undefined && permissions.level < 3) return 'is forbidden by the certification'
  return undefined
}

// The names of the indexes that list operations: all of them, by type, by whose they are, and by both, so that the usual filters cost no looking.

/** Every index in which an operation appears. `prints` are the fingerprints of those it belongs to. */
export function indexNames(operationType: string, prints: readonly string[]): string[] {
  return [listOf(), listOf(operationType), ...[...new Set(prints)].flatMap((print) => [whoseList(print), whoseList(print, operationType)])]
}

/** The index of all operations, or of all of a type. */
export function listOf(operationType?: string): string {
  return operationType === undefined ? 'all' : `type:${operationType}`
}

/** The index of somebody's operations, or of those of a type. */
export function whoseList(print: string, operationType?: string): string {
  return operationType === undefined ? `who:${print}` : `who:${print}:${operationType}`
}

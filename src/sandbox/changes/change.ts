// The words for what later revisions changed, and their order: the gravest one names the whole.

export const changeClasses = ['none', 'validation', 'form_fill', 'annotation', 'undefined'] as const
export type ChangeClass = (typeof changeClasses)[number]

/**
 * One difference between two revisions. `where` is a path of dictionary keys, for people; `field` the form field that it touches.
 * `showsNewField`: a field was added where one can see it.
 */
export type Change = { class: ChangeClass; where: string; field?: string; showsNewField?: boolean }

/** The gravest class; `none` for no change. */
export function gravest(changes: readonly { class: ChangeClass }[]): ChangeClass {
  let rank = 0
  for (const change of changes) rank = Math.max(rank, changeClasses.indexOf(change.class))
  return changeClasses[rank] ?? 'undefined'
}

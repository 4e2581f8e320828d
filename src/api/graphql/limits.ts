// What a GraphQL document may cost and hold before anything of it runs: its depth, its weight, its literals, and whether it may ask for the schema.
import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FieldNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'
import { firstIfLeftOut } from '../page-query.ts'

/** Tokens of a document; the parser stops there. */
export const maxTokens = 2_000
export const maxDepth = 8
/** A page of a hundred with every field weighs some 4,600: about as much as REST gives at once. */
export const maxCost = 5_000
/** Fields at the root: each is a call of its own, under whatever alias. */
export const maxRootFields = 10
const rootCost = 50
const pageIfVariable = 100
/** What of an operation is large: up to 64 kB and 4 kB. */
const fieldCosts: ReadonlyMap<string, number> = new Map([
  ['data', 25],
  ['metadata', 5],
])
const refusedMembers: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

type Weight = { depth: number; cost: number; roots: number }
const nothing: Weight = { depth: 0, cost: 0, roots: 0 }

/** A rule for one request. Introspection is free of the depth limit, since the usual query is deep, and refused where `mayIntrospect` is false. */
export function limitRule(mayIntrospect: boolean): ValidationRule {
  return (context): ASTVisitor => ({
    OperationDefinition(operation) {
      const { depth, cost, roots } = weigh(context, operation.selectionSet, true, new Map(), new Set())
      if (depth > maxDepth) report(context, `The document is nested ${depth} levels deep; ${maxDepth} are allowed.`)
      if (roots > maxRootFields) report(context, `The document has ${roots} fields at its root; ${maxRootFields} are allowed.`)
      if (cost > maxCost) report(context, `The document weighs ${cost}; ${maxCost} is allowed. Ask for fewer fields, or smaller pages.`)
    },
    Field(field) {
      if (!mayIntrospect && isIntrospection(field)) report(context, 'The schema is not shown here.')
    },
  })
}

/** Refuses literals that REST's bodies may not have either. Variables are looked at as they come. */
export function literalRule(context: ValidationContext): ASTVisitor {
  return {
    StringValue({ value }) {
      if (!value.isWellFormed() || value.includes('\0')) report(context, 'Text must hold whole Unicode characters and no U+0000.')
    },
    ObjectField({ name }) {
      if (refusedMembers.has(name.value)) report(context, `${name.value} is a name that data may not have.`)
    },
  }
}

function report(context: ValidationContext, message: string): void {
  context.reportError(new GraphQLError(message, { extensions: { code: 'invalid_request', retryable: false } }))
}

function isIntrospection({ name }: FieldNode): boolean {
  return name.value === '__schema' || name.value === '__type'
}

/** Fragments are weighed once each; one that spreads itself, which another rule refuses, weighs nothing the second time. */
function weigh(context: ValidationContext, set: SelectionSetNode, isRoot: boolean, known: Map<string, Weight>, open: Set<string>): Weight {
  const total: Weight = { ...nothing }
  const add = ({ depth, cost, roots }: Weight): void => {
    total.depth = Math.max(total.depth, depth)
    total.cost += cost
    total.roots += roots
  }
  for (const selection of set.selections) {
    switch (selection.kind) {
      case Kind.FIELD:
        add(weighField(context, selection, isRoot, known, open))
        break
      case Kind.INLINE_FRAGMENT:
        add(weigh(context, selection.selectionSet, isRoot, known, open))
        break
      case Kind.FRAGMENT_SPREAD:
        add(weighFragment(context, selection.name.value, isRoot, known, open))
        break
    }
  }
  return total
}

function weighField(context: ValidationContext, field: FieldNode, isRoot: boolean, known: Map<string, Weight>, open: Set<string>): Weight {
  const inner = field.selectionSet ? weigh(context, field.selectionSet, false, known, open) : nothing
  const roots = isRoot ? 1 : 0
  if (isIntrospection(field)) return { depth: 1, cost: 1 + inner.cost, roots }
  const own = isRoot ? rootCost : (fieldCosts.get(field.name.value) ?? 1)
  return { depth: 1 + inner.depth, cost: own + inner.cost * pageSizeOf(field), roots }
}

function pageSizeOf(field: FieldNode): number {
  const first = field.arguments?.find(({ name }) => name.value === 'first')?.value
  if (!first || first.kind === Kind.NULL) return field.name.value === 'pendingOperations' ? firstIfLeftOut : 1
  return first.kind === Kind.INT ? Math.max(1, Number(first.value)) : pageIfVariable
}

function weighFragment(context: ValidationContext, name: string, isRoot: boolean, known: Map<string, Weight>, open: Set<string>): Weight {
  const key = `${isRoot} ${name}`
  const before = known.get(key)
  const fragment = context.getFragment(name)
  if (before || !fragment || open.has(name)) return before ?? nothing
  const weight = weigh(context, fragment.selectionSet, isRoot, known, new Set([...open, name]))
  known.set(key, weight)
  return weight
}

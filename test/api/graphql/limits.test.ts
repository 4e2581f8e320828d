// The limits of a document, and who may see the schema.
import { buildSchema, parse, validate } from 'graphql'
import { expect, it } from 'vitest'
import { limitRule, literalRule } from '../../../src/api/graphql/limits.ts'
import { typeDefs } from '../../../src/api/graphql/schema.ts'

const schema = buildSchema(typeDefs)
const faults = (query: string, mayIntrospect = true): string[] =>
  validate(schema, parse(query), [limitRule(mayIntrospect)]).map(({ message }) => message)

it('the schema is shown only to those who may see it, however it is asked for', () => {
  for (const query of [
    '{ __schema { types { name } } }',
    '{ a: __type(name: "Query") { name } }',
    '{ ...f } fragment f on Query { __schema { types { name } } }',
  ]) {
    expect(faults(query, false)).toEqual(['The schema is not shown here.'])
    expect(faults(query, true)).toEqual([])
  }
  expect(faults('{ __typename }', false)).toEqual([])
})

it('a full page with every field fits', () => {
  const fields = 'token operationType recipient channel purpose createdAt expiresAt expiresIn metadata status backend version data'
  expect(faults(`{ pendingOperations(first: 100) { totalCount nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`)).toEqual([])
})

it('fragments are weighed wherever they are spread, once for each spread and in bounded time', () => {
  const fragments = Array.from({ length: 40 }, (_, at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`).join(' ')
  expect(faults(`{ ...f0 } ${fragments} fragment f40 on Query { __typename }`)).toContainEqual(expect.stringContaining('weighs'))
  expect(
    faults('query ($n: Int) { pendingOperations(first: $n) { nodes { token } } b: pendingOperations(first: $n) { nodes { token } } }'),
  ).toEqual([])
})

it('ten fields at the root are allowed, whatever they are called and wherever they are written', () => {
  const fields = (count: number): string => Array.from({ length: count }, (_, at) => `a${at}: __typename`).join(' ')
  expect(faults(`{ ${fields(10)} }`)).toEqual([])
  for (const query of [`{ ${fields(11)} }`, `{ ...f ... { ${fields(1)} } } fragment f on Query { ${fields(10)} }`])
    expect(faults(query)).toEqual(['The document has 11 fields at its root; 10 are allowed.'])
})

it('a page of unsaid size weighs as the twenty that it has, and data more than anything else', () => {
  const pages = (count: number, first: string, field: string): string =>
    `{ ${Array.from({ length: count }, (_, at) => `a${at}: pendingOperations${first} { nodes { ${field} } }`).join(' ')} }`
  for (const first of ['', '(first: null)', '(first: 20)']) {
    expect(faults(pages(8, first, 'data'))).toEqual([])
    expect(faults(pages(10, first, 'data'))).toEqual([expect.stringContaining('weighs 5700')])
  }
  expect(faults(pages(10, '', 'token'))).toEqual([])
  expect(faults(pages(1, '(first: 100)', 'data one: data'))).toEqual([expect.stringContaining('weighs')])
})

it('literals may not hold what REST refuses', () => {
  const held = (data: string): string[] => {
    const document = parse(`mutation { createPendingOperation(input: { operationType: "x", data: ${data} }) { id } }`)
    return validate(schema, document, [literalRule]).map(({ message }) => message)
  }
  expect(held('{ a: ["b", { c: 1 }] }')).toEqual([])
  for (const name of ['__proto__', 'constructor', 'prototype'])
    expect(held(`{ a: [{ ${name}: 1 }] }`)).toEqual([expect.stringContaining(name)])
  expect(held('{ a: "\\u0000" }')).toHaveLength(1)
})

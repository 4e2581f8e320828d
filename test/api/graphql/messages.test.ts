// Messages of the GraphQL library without the values that they quote.
import { GraphQLInt, GraphQLString } from 'graphql'
import { expect, it } from 'vitest'
import { withoutValues } from '../../../src/api/graphql/messages.ts'

const variable = 'Variable "$i" has invalid value'

it.each([
  [
    `${variable} at .a: String cannot represent a non string value: { a: "hunter2" }`,
    `${variable} at .a: String cannot represent a non string value.`,
  ],
  [`${variable}: Int cannot represent non-integer value: "hunter2: value: x"`, `${variable}: Int cannot represent non-integer value.`],
  [
    `${variable}: Expected value of type "T" to include required field "a", found: { b: "hunter2" }.`,
    `${variable}: Expected value of type "T" to include required field "a".`,
  ],
  [
    'Expected value of type "T" not to include unknown field "dat". Did you mean "data"? Found: { dat: "hunter2" }.',
    'Expected value of type "T" not to include unknown field "dat". Did you mean "data"?',
  ],
  ['Expected value of type "T", but encountered error "hunter2"; found: hunter2.', 'Expected value of type "T".'],
  [
    'Value "hunter2" does not exist in "OperationStatus" enum. Did you mean the enum value "active"?',
    'This value does not exist in "OperationStatus" enum.',
  ],
  ['Enum "OperationStatus" cannot represent non-enum value: "hunter2".', 'Enum "OperationStatus" cannot represent non-enum value.'],
  [
    'Variable "$i" got invalid value { a: "hunter2" } at "i.operationType"; String cannot represent a non string value: { a: "hunter2" }',
    'Variable "$i" has an invalid value at "i.operationType".',
  ],
  [
    'Variable "$i" got invalid value { p: "hunter2; value: x, found: y" }; Expected value of type "T" to include required field "a", found: { p: "hunter2" }.',
    'Variable "$i" has an invalid value: Expected value of type "T" to include required field "a".',
  ],
  [
    'Variable "$i" got invalid value { dat: "hunter2" }; Expected value of type "T" not to include unknown field "dat". Did you mean "data"? Found: { dat: "hunter2" }.',
    'Variable "$i" has an invalid value: Expected value of type "T" not to include unknown field "dat".',
  ],
  ['Argument "first" has invalid value "hunter2".', 'Argument "first" has an invalid value.'],
  ['Syntax Error: Expected Name, found String "hunter2".', 'Syntax Error: Expected Name, found String.'],
  ['Syntax Error: Unexpected BlockString "hunter2".', 'Syntax Error: Unexpected BlockString.'],
  ['Syntax Error: Expected Name, found <EOF>.', 'Syntax Error: Expected Name, found <EOF>.'],
  ['Cannot query field "nothing" on type "Query".', 'Cannot query field "nothing" on type "Query".'],
])('%s', (message, plain) => {
  expect(withoutValues(message)).toBe(plain)
})

it('what the library says today quotes a value only where it is taken out', () => {
  for (const type of [GraphQLInt, GraphQLString]) {
    let said = ''
    try {
      type.coerceInputValue({ a: 'hunter2' })
    } catch (error) {
      said = (error as Error).message
    }
    expect(said).toContain('hunter2')
    expect(withoutValues(said)).not.toContain('hunter2')
  }
})

// GraphQL's own messages without the values that they quote: those may be personal or secret, and end up in other people's logs.

/** A value is last, after one of these. What comes before are names of the schema and of the document. */
const quotes: readonly (readonly [RegExp, string])[] = [
  [/(Argument "[^"]*" has) invalid value (?!at [.[])[\s\S]*$/, '$1 an invalid value.'],
  [/, but encountered error [\s\S]*$/, '.'],
  [/, found(?: |: )[\s\S]*$/, '.'],
  [/ Found: [\s\S]*$/, ''],
  [/(?<!invalid|default) value: [\s\S]*$/, ' value.'],
  [/Value "[\s\S]*" does not exist in ("\w+" enum)[\s\S]*$/, 'This value does not exist in $1.'],
]
/** A token that is text or a number; names and signs stay, so that the place can be found. */
const literalToken = /\b((?:Block)?String|Int|Float) "[\s\S]*$/
const syntaxError = 'Syntax Error: '

/** Yoga's executor puts the value in the middle: nothing is kept of it but the place, and what was missing or unknown there. */
const variableFault = /^(Variable "\$\w+") got invalid value [\s\S]*$/
const place = / at "([\w.[\]]+)"; /
const reason = /; (Expected value of type "\w+") (?:(to include required field "\w+")|(?:not to include unknown field "(\w+)"))/

/** The same message, without any value that was sent. */
export function withoutValues(message: string): string {
  const variable = variableFault.exec(message)?.[1]
  if (variable !== undefined) return variableMessage(variable, message)
  if (message.startsWith(syntaxError))
    return (
      syntaxError +
      message
        .slice(syntaxError.length)
        .replace(literalToken, '$1.')
        .replace(/: "[\s\S]*$/, '.')
    )
  return quotes.reduce((text, [pattern, plain]) => text.replace(pattern, plain), message)
}

function variableMessage(variable: string, message: string): string {
  const at = place.exec(message)?.[1]
  const [, expected, required, unknown] = reason.exec(message) ?? []
  const why = required ?? (unknown === undefined ? undefined : `not to include unknown field "${unknown}"`)
  return `${variable} has an invalid value${at === undefined ? '' : ` at "${at}"`}${why === undefined ? '.' : `: ${expected} ${why}.`}`
}

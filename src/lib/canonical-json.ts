// One spelling for each JSON value, so that a hash or a signature over it means the value: JSON Canonicalization Scheme, RFC 8785.

/**
 * The canonical text of a JSON value: members sorted by UTF-16 code units, no blanks, numbers as ECMAScript writes them. Members that are undefined are left out,
 * as JSON does. Throws TypeError for what JSON cannot say (NaN, functions, lone surrogates).
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const record = value as Readonly<Record<string, unknown>>
    const members = Object.keys(record)
      .filter((name) => record[name] !== undefined)
      .sort()
      .map((name) => `${canonicalText(name)}:${canonicalJson(record[name])}`)
    return `{${members.join(',')}}`
  }
  if (typeof value === 'string') return canonicalText(value)
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return JSON.stringify(value)
  throw new TypeError('this is no JSON value')
}

function canonicalText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a text with half a character has no canonical form')
  return JSON.stringify(text)
}

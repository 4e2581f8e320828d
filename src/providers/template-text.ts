// Filling `{{word}}` into a text. Blanks inside the braces go with the word: `Hello{{ name}},` has none if there is no name.

export type Values = Readonly<Record<string, string>>

const placeholder = /\{\{( ?)([A-Za-z]+)\}\}/g

/** Throws, naming `file`, if the text has a placeholder that is not in `allowed` or braces that are none. */
export function checkPlaceholders(file: string, text: string, allowed: readonly string[]): void {
  for (const [, , word = ''] of text.matchAll(placeholder)) {
    if (!allowed.includes(word)) throw new Error(`templates: ${file} must not have {{${word}}}`)
  }
  if (/\{\{|\}\}/.test(text.replace(placeholder, ''))) throw new Error(`templates: ${file} has braces that are no placeholder`)
}

/** Puts the values in. Values are taken as they are: braces in one are not filled again. */
export function fill(text: string, values: Values): string {
  return text.replace(placeholder, (_, blank: string, word: string) => {
    const value = values[word] ?? ''
    return value === '' ? '' : blank + value
  })
}

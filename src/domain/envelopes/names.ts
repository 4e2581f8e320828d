// Names of people as they are written, and when two spellings are the same name. Pure.

/** As it is kept and shown: composed characters, single blanks, none at the ends. */
export function writtenName(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim()
}

/** Equal for spellings that differ in width, blanks or case only. */
export function foldName(text: string): string {
  return writtenName(text.normalize('NFKC')).toLocaleLowerCase('und').normalize('NFKC')
}

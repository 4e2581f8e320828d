// The words of the signer's pages, read from templates/<locale>/signer.txt. A line is `name = text`; a line that begins with two blanks adds a paragraph to
// the one before. Mails are templates.ts's.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { signerWordNames, type SignerTexts, type SignerWord, type SignerWords } from '../domain/signer-text-ports.ts'
import { fill } from './template-text.ts'

const fallbackLocale = 'en'
const placeholder = /\{\{ ?([A-Za-z]+)\}\}/g

type Words = ReadonlyMap<SignerWord, string>

/**
 * Reads `directory` once. Throws, naming the file, when one is missing, leaves a word out, has one that nobody says or not the same placeholders as
 * the English one. A locale that is not there falls back by its parts: pt-BR, pt.
 */
export function createSignerTexts(directory: string): SignerTexts {
  const folders = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const texts = new Map(folders.map(({ name }) => [name.toLowerCase(), readWords(directory, name)] as const))
  const english = texts.get(fallbackLocale)
  if (!english) throw new Error(`templates: there is no ${fallbackLocale}/signer.txt`)
  for (const [locale, words] of texts) requireSamePlaceholders(locale, words, english)
  const speakers = new Map([...texts].map(([locale, words]) => [locale, speakerOf(locale, words)] as const))
  const speaker = (locale: string): SignerWords | undefined =>
    fallbacksOf(locale)
      .map((tag) => speakers.get(tag))
      .find(Boolean)
  return { wordsFor: (locales) => locales.map(speaker).find(Boolean) ?? speakerOf(fallbackLocale, english) }
}

function readWords(directory: string, locale: string): Words {
  const file = `${locale}/signer.txt`
  const words = new Map<string, string>()
  let last = ''
  for (const line of readFileSync(join(directory, locale, 'signer.txt'), 'utf8').split('\n')) {
    if (line.trim() === '') continue
    if (line.startsWith('  ')) words.set(last, `${words.get(last) ?? ''}\n${line.trim()}`)
    else {
      const at = line.indexOf(' = ')
      last = line.slice(0, at)
      if (at < 1 || words.has(last)) throw new Error(`templates: ${file} has a line that is no word of its own: ${line.slice(0, 40)}`)
      words.set(last, line.slice(at + 3).trim())
    }
  }
  return requireAll(file, words)
}

function requireAll(file: string, found: ReadonlyMap<string, string>): Words {
  const words = new Map<SignerWord, string>()
  for (const name of signerWordNames) {
    const text = found.get(name)
    if (!text) throw new Error(`templates: ${file} says nothing of ${name}`)
    words.set(name, text)
  }
  const stranger = [...found.keys()].find((name) => !words.has(name as SignerWord))
  if (stranger !== undefined) throw new Error(`templates: ${file} says ${stranger}, which nobody asks for`)
  return words
}

function requireSamePlaceholders(locale: string, words: Words, english: Words): void {
  for (const [name, text] of words) {
    if (placeholdersOf(text) !== placeholdersOf(english.get(name) ?? ''))
      throw new Error(`templates: ${locale}/signer.txt has other placeholders in ${name} than the English words`)
    if (/\{\{|\}\}/.test(text.replaceAll(placeholder, ''))) throw new Error(`templates: ${locale}/signer.txt has stray braces in ${name}`)
  }
}

function placeholdersOf(text: string): string {
  return [...new Set([...text.matchAll(placeholder)].map(([, name = '']) => name))].toSorted((one, other) => (one < other ? -1 : 1)).join()
}

function speakerOf(locale: string, words: Words): SignerWords {
  return {
    locale,
    say: (word, values = {}) =>
      fill(words.get(word) ?? '', Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))),
  }
}

/** `pt-br-x` is asked for as `pt-br-x`, `pt-br`, `pt`. */
function fallbacksOf(locale: string): string[] {
  const parts = locale.toLowerCase().split('-')
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'))
}

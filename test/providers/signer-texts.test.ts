// The words of the signer's pages: the same in every language, and no text that people agreed to changes behind its version.
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { signerWordNames } from '../../src/domain/signer-text-ports.ts'
import { projectRoot } from '../../src/lib/run-file.ts'
import { createSignerTexts } from '../../src/providers/signer-texts.ts'

const directory = join(projectRoot, 'templates')
const texts = createSignerTexts(directory)
const locales = readdirSync(directory, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

const copies: string[] = []
afterEach(() => copies.splice(0).forEach((copy) => rmSync(copy, { recursive: true })))

function brokenTexts(file: string, change: (text: string) => string): () => unknown {
  const copy = mkdtempSync(join(tmpdir(), 'signer-texts-'))
  copies.push(copy)
  cpSync(directory, copy, { recursive: true })
  writeFileSync(join(copy, file), change(readFileSync(join(copy, file), 'utf8')))
  return () => createSignerTexts(copy)
}

describe.each(locales)('in %s', (locale) => {
  const words = texts.wordsFor([locale])

  test('every word is said, with every placeholder filled', () => {
    const values = { sender: 'A', to: 'B', seconds: 1, count: 1, page: 1, pages: 2, name: 'C', brand: 'D', step: 1, steps: 4 }
    for (const name of signerWordNames) {
      expect(words.say(name, values), name).toMatch(/\S/)
      expect(words.say(name, values), name).not.toMatch(/\{\{|\}\}|undefined/)
    }
  })

  test('the statement of intent names the button that it speaks of', () => {
    expect(words.say('intent.text')).toContain(words.say('sign.button'))
  })
})

// A person agreed to exactly these words. Whoever changes them raises the version in the file and adds a line here; old lines stay.
const agreed: Readonly<Record<string, string>> = {
  'consent af.1': '2671521e43f539d5',
  'intent af.1': '064d2872a660fa4e',
  'consent de.1': 'dc564b14c110119b',
  'intent de.1': 'f3ec2b6854c6ac49',
  'consent en.1': 'ec8e48621bd55b1d',
  'intent en.1': '9fffa2bc8b7ed6e0',
  'consent fr.1': 'd68c5822040e76c2',
  'intent fr.1': '9deabaf09aaaec66',
  'consent pt.1': 'ec6d847cb3ea8b1e',
  'intent pt.1': '0fd4ad3fae48e31d',
}

test.each(locales)('what people agree to in %s is the text of its version', (locale) => {
  const { say } = texts.wordsFor([locale])
  for (const [name, parts] of [
    ['consent', ['consent.text', 'consent.public', 'consent.other', 'consent.box']],
    ['intent', ['intent.text']],
  ] as const) {
    const sha256 = createHash('sha256')
      .update(parts.map((part) => say(part)).join('\n'))
      .digest('hex')
    expect({ [`${name} ${locale}.${say(`${name}.version`)}`]: sha256.slice(0, 16) }).toEqual({
      [`${name} ${locale}.${say(`${name}.version`)}`]: agreed[`${name} ${locale}.${say(`${name}.version`)}`],
    })
  }
})

test.each([
  [['pt-BR'], 'pt'],
  [['xx', 'DE-at-1996'], 'de'],
  [['xx'], 'en'],
  [[], 'en'],
  [['../../etc'], 'en'],
])('%j finds %s', (asked, found) => {
  expect(texts.wordsFor(asked).locale).toBe(found)
})

test.each([
  ['a word is missing', 'fr/signer.txt', (text: string) => text.replace(/^sign\.button = .*$/m, ''), /fr\/signer\.txt.*sign\.button/],
  ['a word is nobody’s', 'en/signer.txt', (text: string) => `${text}\nsign.other = x\n`, /en\/signer\.txt.*sign\.other/],
  ['a placeholder is not the English one', 'de/signer.txt', (text: string) => text.replace('{{pages}}', '{{seiten}}'), /de\/signer\.txt/],
  ['braces are broken', 'pt/signer.txt', (text: string) => text.replace('{{name}}', '{{name}} }}'), /pt\/signer\.txt.*braces/],
  ['a word is said twice', 'af/signer.txt', (text: string) => `${text}\nsign.button = Teken\n`, /af\/signer\.txt/],
])('a start is refused, naming the file, when %s', (_, file, change, expected) => {
  expect(brokenTexts(file, change)).toThrow(expected)
})

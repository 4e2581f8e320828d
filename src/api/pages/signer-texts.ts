// The two texts that a signer answers to with an act: consent to electronic dealing, and the intent to sign. Both are versioned; what goes into the act
// is the version with its language, and the SHA-256 of exactly what was shown.
import { createHash } from 'node:crypto'
import type { SignerWords } from '../../domain/signer-text-ports.ts'

/** `version` is like `en.1`. */
export type ActText = { text: string; version: string; sha256: string }

/** What is agreed to: the paragraphs, and last the line beside the box. Who may ask for another way is told so. */
export function consentText(words: SignerWords, view: { isPublicBody: boolean; isAlternativeOffered: boolean }): ActText {
  const ways = [
    ...(view.isPublicBody ? [words.say('consent.public')] : []),
    ...(view.isAlternativeOffered ? [words.say('consent.other')] : []),
  ]
  return actText([words.say('consent.text'), ...ways, words.say('consent.box')].join('\n'), words, words.say('consent.version'))
}

export function intentText(words: SignerWords): ActText {
  return actText(words.say('intent.text'), words, words.say('intent.version'))
}

function actText(text: string, { locale }: SignerWords, version: string): ActText {
  return { text, version: `${locale}.${version}`, sha256: createHash('sha256').update(text).digest('hex') }
}

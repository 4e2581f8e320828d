// Personal data that can be told by its form, shown masked: the answer says that it is there and where, and does not spread it.
import { mapMatches, type Finder } from './page-text.ts'
import type { TextAnalysis } from '../../contracts/document-parts.ts'

type Found = Pick<TextAnalysis['personalData'][number], 'kind' | 'masked'>

const email = /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}/g
const phone = /(?<![\w+])\+\d{1,3}[ ().-]{0,2}\d(?:[ ().-]{0,2}\d){6,12}(?!\d)/g
const iban = /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])/g
const card = /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g
const identity =
  /(?<!\p{L})(?:id(?:entity)?(?: card)?|passport|ausweis|reisepass)\s{0,3}(?:no|number|nr|nummer|#)?\.?\s{0,3}:?\s{0,3}([A-Z0-9]{6,15})(?![A-Z0-9])/giu
const birth = /(?<!\p{L})(?:date of birth|born on|d\.?o\.?b\.?|geburtsdatum|geboren am|né le|née le)\s{0,3}:?\s{0,3}([^\n]{6,24})/giu
const tax =
  /(?<!\p{L})(?:tax|vat|tin|steuer|ust-?id)[ -]{0,2}(?:id|no|number|nr|nummer|reg(?:istration)?)?\.?\s{0,3}(?:no\.?|number)?\s{0,3}:?\s{0,3}([A-Z]{0,3}\d{6,14})(?!\d)/giu

export const findPersonalData: Finder<Found> = (text) => {
  const found = [
    ...mapMatches(text, email, ([all]) => ({
      kind: 'email' as const,
      masked: `${all.slice(0, 1)}***@${all.slice(all.lastIndexOf('@') + 1)}`.slice(0, 80),
    })),
    ...mapMatches(text, phone, ([all]) => ({ kind: 'phone' as const, masked: mask(all) })),
    ...mapMatches(text, iban, ([all]) => (isIban(all.replaceAll(' ', '')) ? { kind: 'iban' as const, masked: mask(all) } : undefined)),
    ...mapMatches(text, card, ([all]) =>
      isCard(all.replaceAll(/\D/g, '')) ? { kind: 'payment_card' as const, masked: mask(all) } : undefined,
    ),
    ...mapMatches(text, identity, ([, number = '']) =>
      /\d{4}/.test(number) ? { kind: 'identity_number' as const, masked: mask(number) } : undefined,
    ),
    ...mapMatches(text, birth, ([, date = '']) => (/\d{4}/.test(date) ? { kind: 'birth_date' as const, masked: '****' } : undefined)),
    ...mapMatches(text, tax, ([, number = '']) => ({ kind: 'tax_number' as const, masked: mask(number) })),
  ]
  return found.sort((a, b) => a.offset - b.offset)
}

/** The last two characters. */
function mask(text: string): string {
  return `***${text.trim().slice(-2)}`
}

/** ISO 13616: the check digits make the whole 1 modulo 97. */
function isIban(text: string): boolean {
  if (text.length < 15 || text.length > 34) return false
  let rest = 0
  for (const letter of text.slice(4) + text.slice(0, 4)) rest = Number(`${rest}${Number.parseInt(letter, 36)}`) % 97
  return rest === 1
}

/** ISO/IEC 7812: Luhn's sum. Digits that are all the same are no card. */
function isCard(digits: string): boolean {
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits) || !/^[2-6]/.test(digits)) return false
  const sum = [...digits].toReversed().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

// Amounts of money: a currency before or after a number, in either way of writing thousands and decimals.
import { mapMatches, quote, type Finder } from './page-text.ts'

const codes: Readonly<Record<string, string>> = { '€': 'EUR', '£': 'GBP', '¥': 'JPY', $: 'USD', US$: 'USD', N$: 'NAD', R: 'ZAR' }
const currency = 'US\\$|N\\$|[€£¥$]|(?<![A-Za-z])(?:EUR|USD|GBP|CHF|NAD|ZAR|JPY|BWP|AUD|CAD)(?![A-Za-z])|(?<![A-Za-z])R(?=[ \\u00a0]?\\d)'
const number = "\\d{1,3}(?:[., \\u00a0\\u202f']\\d{3}){1,5}(?:[.,]\\d{1,2})?|\\d{1,12}(?:[.,]\\d{1,2})?"
const before = new RegExp(`(${currency})[ \\u00a0]?(${number})(?!\\d)`, 'g')
const after = new RegExp(`(?<![\\d.,])(${number})[ \\u00a0]?(€|EUR|USD|GBP|CHF|NAD|ZAR|JPY|BWP)(?![A-Za-z])`, 'g')

type FoundAmount = { currency: string; value: number; text: string }

export const findAmounts: Finder<FoundAmount> = (text) => {
  const found = [
    ...mapMatches(text, before, ([all, sign, digits]) => amountOf(all, sign, digits)),
    ...mapMatches(text, after, ([all, digits, sign]) => amountOf(all, sign, digits)),
  ].sort((a, b) => a.offset - b.offset)
  let end = 0
  // `EUR 5 EUR` is one amount.
  return found.filter(({ offset, text: quoted }) => offset >= end && ((end = offset + quoted.length), true))
}

function amountOf(text: string, sign = '', digits = ''): FoundAmount | undefined {
  const value = valueOf(digits)
  return Number.isFinite(value) ? { currency: codes[sign] ?? sign, value, text: quote(text) } : undefined
}

/** The last separator is the decimal one when one or two digits follow it. */
function valueOf(digits: string): number {
  const decimals = /[.,](\d{1,2})$/.exec(digits)
  const whole = (decimals ? digits.slice(0, decimals.index) : digits).replaceAll(/\D/g, '')
  return Number(`${whole}.${decimals?.[1] ?? '0'}`)
}

// Decimal digits of every script as ASCII. It leaves everything else in the text alone.

/** Replaces each Unicode decimal digit (general category Nd) by the ASCII digit of its value. */
export function withAsciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0)))
}

/**
 * Unicode keeps decimal digits in unbroken runs from zero to nine (its stability policy promises it). The mathematical ones are five such
 * runs in a row, hence the remainder.
 */
function digitValue(codePoint: number): number {
  let zero = codePoint
  while (/^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero -= 1
  return (codePoint - zero) % 10
}

// What rules find in a text, and what they leave alone.
import { describe, expect, it } from 'vitest'
import { textAnalysis } from '../../../src/contracts/document-parts.ts'
import { analyseText } from '../../../src/sandbox/analysis/analyse.ts'

const of = (...pages: string[]) => analyseText(pages.map((text, index) => ({ page: index + 1, text })))

describe('an analysis of text', () => {
  it.each([
    ['2026-02-28', '2026-02-28'],
    ['28.02.2026', '2026-02-28'],
    ['03/04/2026', '2026-04-03'],
    ['12/25/2026', '2026-12-25'],
    ['the 3rd day of March 2026', '2026-03-03'],
    ['March 3, 2026', '2026-03-03'],
    ['3. März 2026', '2026-03-03'],
    ['le 1er août 2026', '2026-08-01'],
    ['3 de enero de 2026', '2026-01-03'],
  ])('reads %s as a date', (text, date) => {
    expect(of(text).dates.map((found) => found.date)).toEqual([date])
  })

  it.each(['2026-02-30', '99/99/2026', 'version 1.2.2026.4', '12 bottles 2026'])('does not take %s for a date', (text) => {
    expect(of(text).dates).toEqual([])
  })

  it.each([
    ['EUR 1,250.00', 'EUR', 1_250],
    ['1.250,50 €', 'EUR', 1_250.5],
    ['N$ 12 000', 'NAD', 12_000],
    ['R 1 999.99', 'ZAR', 1_999.99],
    ['US$5', 'USD', 5],
    ['£1,000,000', 'GBP', 1_000_000],
  ])('reads %s as an amount', (text, currency, value) => {
    expect(of(`a ${text} b`).amounts).toMatchObject([{ currency, value }])
  })

  it('names the parties where a text defines or labels them, once each', () => {
    expect(
      of('between Acme Properties (Pty) Ltd and Jane Miller.\nTenant: Jane Miller\nBeta Holdings Ltd (the "Lender") agrees').parties.map(
        ({ name, role }) => [name, role],
      ),
    ).toEqual(
      expect.arrayContaining([
        ['Jane Miller', expect.anything()],
        ['Beta Holdings Ltd', 'Lender'],
      ]),
    )
  })

  it('finds personal data by its check digits, and shows it masked', () => {
    const found = of(
      'mail a.b@example.org, IBAN DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111, Passport No: P1234567, date of birth: 1 May 1980',
    )
    expect(found.personalData.map(({ kind }) => kind)).toEqual(['email', 'iban', 'payment_card', 'identity_number', 'birth_date'])
    expect(JSON.stringify(found.personalData)).not.toMatch(/4111 1111|3704|P1234567|a\.b@/)
    expect(of('IBAN DE89 3704 0044 0532 0130 01, card 4111 1111 1111 1112').personalData).toEqual([])
  })

  it.each([
    [
      'en',
      'The parties to this agreement shall be bound by the law of the country in which it is made, and not by any other law that is in force.',
    ],
    [
      'de',
      'Die Parteien sind an das Recht des Landes gebunden, in dem der Vertrag geschlossen wird, und nicht an ein anderes Recht, das für sie gilt.',
    ],
    [
      'fr',
      'Les parties sont liées par la loi du pays dans lequel le contrat est conclu, et ne sont pas liées par une autre loi qui est en vigueur.',
    ],
  ])('tells %s by its small words', (code, text) => {
    expect(of(text).language.code).toBe(code)
  })

  it('says nothing about a text that has nothing', () => {
    const found = of('')
    expect(found).toMatchObject({ language: { code: null }, kind: { name: 'other', confidence: 0 }, isCut: false })
    expect(textAnalysis.safeParse(found).success).toBe(true)
  })

  it.each([
    ['digits', '1'.repeat(50_000)],
    ['digits and spaces', '1 '.repeat(25_000)],
    ['capitals', `between ${'A '.repeat(25_000)}`],
    ['letters', 'Aa'.repeat(25_000)],
    ['dots', 'a.'.repeat(25_000)],
    ['mail signs', 'a@'.repeat(25_000)],
    ['brackets', 'A('.repeat(25_000)],
    ['dashes', '4-'.repeat(25_000)],
    ['rules', '_'.repeat(50_000)],
  ])('ends soon for a page of nothing but %s', (_name, text) => {
    const startedAt = performance.now()
    const found = of(text, text, text, text)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    expect(textAnalysis.safeParse(found).success).toBe(true)
  })

  it('lists a bounded number and says when there was more', () => {
    const found = of(Array.from({ length: 500 }, (_, index) => `EUR ${index + 1}`).join('; '))
    expect(found.amounts).toHaveLength(200)
    expect(found.isCut).toBe(true)
  })
})

// What the detectors find in texts, and what they leave alone; and that nothing which we say ourselves claims accreditation.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readOwnTexts } from '../../../src/bin/compliance-parts.ts'
import { findClaims, readClauses } from '../../../src/domain/compliance/detectors.ts'
import { projectRoot } from '../../../src/lib/run-file.ts'
import { ruleSet } from '../../support/compliance.ts'

const report = (texts: readonly string[], more: { pageCount?: number; failedPages?: number[] } = {}) => ({
  pageCount: texts.length,
  failedPages: [],
  pages: texts.map((text, at) => ({ page: at + 1, text })),
  ...more,
})
const read = (...texts: string[]) => readClauses(report(texts), 0, ruleSet)

it('finds clauses that ask for ink, by page, across line ends, hyphens and case', () => {
  const { inkClauses } = read('Nothing here.', 'Each party shall sign in ORIGINAL\n  INK.', 'This may be executed in counter-\nparts.')
  expect(inkClauses).toEqual([
    { page: 2, phrase: 'original ink' },
    { page: 3, phrase: 'in counterparts' },
  ])
})

it('leaves words alone that only look like them', () => {
  expect(read('The drink original inkjet cartridges, wet inkwells; counterparty risk.').inkClauses).toEqual([])
})

it('finds what kinds of document are that the Act may exclude', () => {
  const { kindHints } = read(
    'This is the LAST WILL AND TESTAMENT of me',
    'Laaste wil en testament',
    'Deed of sale of immovable property: Erf 12',
  )
  expect(kindHints.map(({ page, kind }) => [page, kind])).toEqual([
    [1, 'will'],
    [2, 'will'],
    [3, 'sale_of_land'],
  ])
})

it('finds claims in markup, and misses no disclaimer that is broken over lines', () => {
  const { hits, hasDisclaimer } = findClaims(
    { 'a.html': '<p>It is <b>accredited</b> by\nCRAN</p>', 'b.txt': ruleSet.disclaimer.replaceAll('. ', '.\n') },
    ruleSet,
  )
  expect(hits).toEqual([{ text: 'a.html', phrase: 'accredited by cran' }])
  expect(hasDisclaimer).toBe(true)
  expect(findClaims({ a: 'nothing' }, ruleSet)).toEqual({ texts: 1, hits: [], hasDisclaimer: false })
})

it('no template of ours claims accreditation', () => {
  const texts = readOwnTexts(join(projectRoot, 'templates'))
  expect(Object.keys(texts).length).toBeGreaterThan(20)
  expect(findClaims(texts, ruleSet).hits).toEqual([])
})

it('has read a text only if every page has some, but for a blank last one of a file without a picture', () => {
  const isRead = (texts: readonly string[], images: number | null, more = {}) => readClauses(report(texts, more), images, ruleSet).isRead
  expect(isRead(['One.', 'Two.'], 3)).toBe(true)
  expect(isRead(['One.', ' \n'], 0)).toBe(true)
  expect(isRead(['One.', ''], 1)).toBe(false)
  expect(isRead(['One.', ''], null)).toBe(false)
  expect(isRead(['', 'Two.'], 0)).toBe(false)
  expect(isRead(['One.', '', ''], 0)).toBe(false)
  expect(isRead([''], 0)).toBe(false)
  expect(isRead([], 0)).toBe(false)
  expect(isRead(['One.'], 0, { failedPages: [2], pageCount: 2 })).toBe(false)
  expect(isRead(['One.'], 0, { pageCount: 2 })).toBe(false)
})

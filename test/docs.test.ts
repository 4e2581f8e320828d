// The documents say what the code says.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../src/lib/run-file.ts'
import { settingRows } from '../src/config.ts'

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8')

test('the table of settings in docs/operations.md is the one that the schema gives', () => {
  const operations = read('docs/operations.md')
  const table = operations.slice(operations.indexOf('<!-- settings -->'), operations.indexOf('<!-- /settings -->'))
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const expected = settingRows().map(
    ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback ? `\`${cell(fallback)}\`` : ''} | ${cell(meaning)} |`,
  )
  expect(rows).toEqual(expected)
})

test('every file that the README points to is there', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '').filter((link) => !link.includes('://'))
  expect(links.length).toBeGreaterThan(5)
  for (const link of links) if (!link.endsWith('/adr')) expect(read(link).length).toBeGreaterThan(0)
})

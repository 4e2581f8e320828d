// How operations are written to a file: rows of CSV or members of one JSON array. Cells are safe to open in a spreadsheet.
import type { ExportFormat, PendingOperation } from '../../contracts/pending-operation.ts'

const columns = [
  'id',
  'operationType',
  'status',
  'version',
  'recipient',
  'channel',
  'purpose',
  'createdAt',
  'updatedAt',
  'expiresAt',
  'metadata',
  'data',
] as const satisfies readonly (keyof PendingOperation)[]

/** Text of the whole file, batch by batch. */
export async function* writeExport(format: ExportFormat, batches: AsyncIterable<readonly PendingOperation[]>): AsyncGenerator<string> {
  yield* format === 'csv' ? writeCsv(batches) : writeJson(batches)
}

async function* writeCsv(batches: AsyncIterable<readonly PendingOperation[]>): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`
  for await (const batch of batches) {
    const rows = batch.map((operation) => `${columns.map((column) => csvCell(operation[column])).join(',')}\r\n`)
    if (rows.length > 0) yield rows.join('')
  }
}

async function* writeJson(batches: AsyncIterable<readonly PendingOperation[]>): AsyncGenerator<string> {
  let separator = '[\n'
  for await (const batch of batches) {
    if (batch.length === 0) continue
    yield `${separator}${batch.map((operation) => JSON.stringify(operation)).join(',\n')}`
    separator = ',\n'
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n'
}

/** What a spreadsheet takes for the beginning of a formula: the signs, their full-width, small and typographic forms, and blanks that it may skip before them. */
const formula = /^(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@＝＋－＠﹦﹢﹣﹫−])/u
/** Where commas are decimal signs a spreadsheet parts cells at semicolons, within our quotes too. */
const afterSemicolon = /(;[\s\p{Cf}]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫−])/gu

/** One cell, always quoted; what could run as a formula is made text by an apostrophe in front (OWASP, CSV injection). */
export function csvCell(value: unknown): string {
  const text = value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const safe = text.replaceAll(afterSemicolon, "$1'")
  return `"${(formula.test(safe) ? `'${safe}` : safe).replaceAll('"', '""')}"`
}

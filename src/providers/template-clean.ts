// Other people's words on their way into a mail: nothing that ends a line, hides, or turns the text around. Escaping is template-html.ts's.

/** Controls, and what only steers how text is laid out: line ends, bidirectional overrides and isolates, marks. */
const steering = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]+/gu

/** One line of at most `limit` characters. */
export function cleanLine(text: string, limit: number): string {
  return cut(text.toWellFormed().replace(steering, ' ').replace(/\s+/g, ' ').trim(), limit)
}

/** Several lines, with at most one empty one between two. */
export function cleanLines(text: string, limit: number): string {
  const lines = text
    .toWellFormed()
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.replace(steering, ' ').trimEnd())
  return cut(
    lines
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    limit,
  )
}

function cut(text: string, limit: number): string {
  const characters = [...text]
  return characters.length <= limit
    ? text
    : `${characters
        .slice(0, limit - 1)
        .join('')
        .trimEnd()}…`
}

// The table of settings for docs/operations.md, from the schema that the processes read.
import { settingRows } from '../../config.ts'

/** Prints a Markdown table: name, default, meaning. */
export function runSettings(): Promise<void> {
  const cell = (text: string): string => text.replaceAll('|', '\\|')
  const rows = settingRows().map(
    ({ name, fallback, meaning }) => `| \`${name}\` | ${fallback ? `\`${cell(fallback)}\`` : ''} | ${cell(meaning)} |`,
  )
  console.log(['| setting | default | meaning |', '| --- | --- | --- |', ...rows].join('\n'))
  return Promise.resolve()
}

// Reads the files of definitions/: JSON with the line of every value, so that whoever checks them can say where. What they mean is the domain's.
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'
import type { DefinitionFile } from '../domain/flow-ports.ts'

/** Every `ID.vN.json` of a folder, by name. A file that is no JSON has a `fault` with its line instead of a value. Throws when there is no such folder. */
export function readDefinitionFiles(folder: string): DefinitionFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => readDefinition(`${basename(folder)}/${name}`, readFileSync(join(folder, name), 'utf8')))
}

/** One file's text. Line numbers begin at 1; a path that is not there has the line of the nearest value around it. */
export function readDefinition(file: string, text: string): DefinitionFile {
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false })
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length
  const [error] = errors
  if (error || !root) return { file, fault: { line: lineAt(error?.offset ?? 0), message: describe(error) } }
  return { file, value: getNodeValue(root) as unknown, lineOf: (path) => lineAt(nearest(root, path).offset) }
}

function describe(error: ParseError | undefined): string {
  return error ? `is not JSON: ${printParseErrorCode(error.error)}` : 'is not JSON: it is empty'
}

function nearest(root: Node, path: readonly PropertyKey[]): Node {
  let node = root
  for (const part of path) {
    const below = childOf(node, String(part))
    if (!below) break
    node = below
  }
  // A member's line is that of its name, where the eye looks for it.
  return node.parent?.type === 'property' ? node.parent : node
}

function childOf(node: Node, part: string): Node | undefined {
  if (node.type === 'array') return node.children?.[Number(part)]
  const member = node.children?.find((property) => property.children?.[0]?.value === part)
  return member?.children?.[1]
}

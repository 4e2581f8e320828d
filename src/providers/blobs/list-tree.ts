// Walks a folder to a fixed depth without holding more than one folder's names at a time.
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'

/** The relative paths of everything `depth` levels below `folder`; nothing when it is not there. */
export async function* listTree(folder: string, depth: number, prefix = ''): AsyncGenerator<string> {
  const entries = await opendir(join(folder, prefix)).catch(() => null)
  if (!entries) return
  for await (const entry of entries) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    if (depth <= 1) yield path
    else if (entry.isDirectory()) yield* listTree(folder, depth - 1, path)
  }
}

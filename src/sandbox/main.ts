// The child process in which hostile bytes are read: one file, one task, one answer on standard output. It has no environment worth reading, no user of its
// own, no network where the parent could take it away; the input is file descriptor 3. Whoever starts it (providers/inspector.ts) believes nothing it says.
import { fstatSync, readFileSync, writeSync } from 'node:fs'
import type { InspectionReply } from '../contracts/inspection.ts'
import { fileSource } from './byte-source.ts'
import type { SandboxTask } from './task.ts'

const inputDescriptor = 3
const nobody = 65_534
/** Our own code does not load: that says nothing about the file, which has not been read yet. */
const notLoadedCode = 78

/** A task's code is loaded while the clone can still be read, and before a byte of the input is. */
const tasks: Readonly<Record<string, () => Promise<SandboxTask>>> = {
  sniff: async () => (await import('./sniff/sniff.ts')).sniff,
  preflight: async () => (await import('./preflight/preflight.ts')).preflight,
  text: async () => {
    const [{ readText }, { loadPdfium }] = await Promise.all([import('./text/text.ts'), import('./pdfium/library.ts')])
    const library = await loadPdfium()
    return (input) => readText(library, input)
  },
  thumbnails: async () => {
    const [{ drawThumbnails, prepareSharp }, { loadPdfium }] = await Promise.all([
      import('./thumbnails/thumbnails.ts'),
      import('./pdfium/library.ts'),
    ])
    const library = await loadPdfium()
    prepareSharp()
    return (input, options) => drawThumbnails(library, input, options)
  },
  signatures: async () => (await import('./judgement/judge-task.ts')).judge,
  seal: async () => (await import('./seal/seal.ts')).prepareSeal,
  examine: async () => {
    const [{ examine }, { loadPdfium }] = await Promise.all([import('./examination/examine.ts'), import('./pdfium/library.ts')])
    const library = await loadPdfium()
    return (input, options) => examine(library, input, options)
  },
  analyse: async () => (await import('./analysis/analyse.ts')).analyse,
}

function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return
  process.setgroups?.([nobody])
  process.setgid?.(nobody)
  process.setuid?.(nobody)
}

function answer(reply: InspectionReply): void {
  const bytes = Buffer.from(`${JSON.stringify(reply)}\n`)
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done)
}

const request = JSON.parse(readFileSync(0, 'utf8')) as { task: string; options: unknown }
const load = Object.hasOwn(tasks, request.task) ? tasks[request.task] : undefined
if (!load) throw new RangeError('there is no such task')
const run = await load().catch((): never => process.exit(notLoadedCode))
dropPrivileges()
answer(await run(fileSource(inputDescriptor, fstatSync(inputDescriptor).size), request.options))
process.exit(0)

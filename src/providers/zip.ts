// Packs files into a ZIP while it is read: one file at a time is open, and none is held in memory.
import { PassThrough, type Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { PackFiles } from '../domain/evidence-ports.ts'

/** What is compressed already is put in as it is. */
const packed = /\.pdf$/

export const packZip: PackFiles = (files, atMs) => {
  const zip = new ZipFile()
  const output = new PassThrough()
  const source = zip.outputStream as Readable
  let current: Readable | undefined
  zip.on('error', (error: Error) => {
    source.destroy()
    output.destroy(error)
  })
  // A reader that goes away leaves no file open.
  output.on('close', () => {
    source.destroy()
    current?.destroy()
  })
  for (const { name, bytes, open } of files) {
    const options = { mtime: new Date(atMs), mode: 0o100644, size: bytes, compress: !packed.test(name) }
    zip.addReadStreamLazy(name, options, (give) => {
      open().then(
        (content) => {
          current = content
          content.on('error', (error) => zip.emit('error', error))
          give(null, content)
        },
        (error: unknown) => give(error, source),
      )
    })
  }
  zip.end()
  source.pipe(output)
  return output
}

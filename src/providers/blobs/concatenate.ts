// Makes one file of several, or takes the one there is.
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { BlobDamaged } from '../../domain/upload-ports.ts'
import { fileSize, syncFolder } from './files.ts'

type Piece = { path: string; bytes: number }

const blockBytes = 1_048_576

/**
 * Leaves a durable file of `size` bytes at `target`: the only piece itself where `mayMove`, else a copy of the first `bytes` of each. Throws BlobDamaged when
 * they are not there.
 */
export async function concatenate(
  pieces: readonly Piece[],
  target: string,
  size: number,
  mayMove: boolean,
  signal: AbortSignal,
): Promise<void> {
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0)
  if (total !== size) throw new BlobDamaged(`the pieces have ${total} bytes instead of ${size}`)
  const [only] = pieces
  if (mayMove && only && pieces.length === 1) await take(only, target)
  else await copy(pieces, target, signal)
  await syncFolder(dirname(target))
}

async function take({ path, bytes }: Piece, target: string): Promise<void> {
  const present = await fileSize(path)
  if (present === null || present < bytes) throw new BlobDamaged('a piece is shorter than what was counted')
  if (present > bytes) {
    const file = await open(path, 'r+')
    await file.truncate(bytes)
    await file.sync()
    await file.close()
  }
  await rename(path, target)
}

async function copy(pieces: readonly Piece[], target: string, signal: AbortSignal): Promise<void> {
  // Two runs of one job may meet here for a moment: each writes its own, and the last rename wins with the same bytes.
  const draft = `${target}.${process.pid}.${Math.random().toString(36).slice(2)}`
  const file = await open(draft, 'wx', 0o600)
  try {
    let position = 0
    for (const piece of pieces) position = await copyPiece(piece, file, position, signal)
    await file.sync()
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(draft, target)
}

async function copyPiece({ path, bytes }: Piece, target: FileHandle, position: number, signal: AbortSignal): Promise<number> {
  const source = await open(path, 'r').catch((cause: unknown) => {
    throw new BlobDamaged('a piece is missing', { cause })
  })
  try {
    const block = Buffer.allocUnsafe(blockBytes)
    for (let done = 0; done < bytes;) {
      signal.throwIfAborted()
      const { bytesRead } = await source.read(block, 0, Math.min(blockBytes, bytes - done), done)
      if (bytesRead === 0) throw new BlobDamaged('a piece is shorter than what was counted')
      await target.write(block, 0, bytesRead, position + done)
      done += bytesRead
    }
    return position + bytes
  } finally {
    await source.close()
  }
}

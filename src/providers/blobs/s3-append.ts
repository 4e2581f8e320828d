// Appending to an open upload in S3: bytes collect in a file on this machine until they make a part; what is left at the end becomes a small object of its own,
// so that any machine can go on from there. All parts but the last have the same size, as R2 wants it.
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { BlobAppend, BlobChange } from '../../domain/upload-ports.ts'
import { fieldOfPart, type S3Progress } from './s3-fields.ts'
import type { Part, S3Objects } from './s3-objects.ts'

export type S3AppendOptions = {
  objects: S3Objects
  /** The name of the object to be. */
  name: string
  /** Where the tail goes: no two holders use the same. */
  tailName: string
  spoolPath: string
  partBytes: number
  progress: S3Progress
  /** The one before may still be sending the part that follows the last one we know: its number is left out. */
  isClean: boolean
  /** Runs a part's upload when it is its turn: bounds what is in memory. */
  turn: <Value>(work: () => Promise<Value>) => Promise<Value>
}

/** Opens the spool and fetches the tail into it. */
export async function openS3Append(options: S3AppendOptions): Promise<S3Append> {
  const spool = await open(options.spoolPath, 'wx+', 0o600)
  // Without a name it goes with the process, in whatever way that ends.
  await rm(options.spoolPath)
  const { tail } = options.progress
  const append = new S3Append(options, spool)
  if (tail) {
    for await (const chunk of await options.objects.get(tail.name)) await append.write(chunk as Buffer)
    append.tailTaken()
  }
  return append
}

export class S3Append implements BlobAppend {
  readonly #options: S3AppendOptions
  readonly #spool: FileHandle
  #uploadId: string | undefined
  #nextNumber: number
  #spooled = 0
  #inParts = 0
  #received = 0
  /** Bytes that came from the tail, and are no bytes of this append. */
  #fromTail = 0
  #fresh: Part[] = []

  constructor(options: S3AppendOptions, spool: FileHandle) {
    this.#options = options
    this.#spool = spool
    this.#uploadId = options.progress.uploadId
    this.#nextNumber = (options.progress.parts.at(-1)?.number ?? 0) + (options.isClean ? 1 : 2)
  }

  tailTaken(): void {
    this.#fromTail = this.#received
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;) {
      const piece = chunk.subarray(at, at + this.#options.partBytes - this.#spooled)
      await this.#spool.write(piece, 0, piece.byteLength, this.#spooled)
      this.#spooled += piece.byteLength
      this.#received += piece.byteLength
      at += piece.byteLength
      if (this.#spooled === this.#options.partBytes) await this.#sendPart()
    }
  }

  async flush(everything: boolean): Promise<{ bytes: number; change: BlobChange }> {
    const set: Record<string, string> = Object.fromEntries(this.#fresh.map(fieldOfPart))
    const hasNewParts = this.#fresh.length > 0
    this.#fresh = []
    if (this.#uploadId !== undefined) set.mpu = this.#uploadId
    const { tailName, objects } = this.#options
    const counted = Math.max(0, this.#inParts - this.#fromTail)
    if (!everything) return { bytes: counted, change: { set, remove: hasNewParts ? ['tail'] : [] } }
    const bytes = this.#received - this.#fromTail
    if (this.#spooled === 0) return { bytes, change: { set, remove: ['tail'] } }
    await objects.put(tailName, await this.#read())
    return { bytes, change: { set: { ...set, tail: `${tailName}:${this.#spooled}` }, remove: [] } }
  }

  /** What was sent, for whoever goes on in the same process. */
  get uploadId(): string | undefined {
    return this.#uploadId
  }

  async close(): Promise<void> {
    await this.#spool.close()
  }

  async #sendPart(): Promise<void> {
    const { objects, name, turn } = this.#options
    await turn(async () => {
      this.#uploadId ??= await objects.begin(name)
      const part = await objects.putPart(name, this.#uploadId, this.#nextNumber, await this.#read())
      this.#fresh.push(part)
    })
    this.#nextNumber++
    this.#inParts += this.#spooled
    this.#spooled = 0
  }

  async #read(): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(this.#spooled)
    await this.#spool.read(bytes, 0, bytes.length, 0)
    return bytes
  }
}

// The outer structure of the images that are taken: how they begin, and that they end where they say.
import type { ByteSource } from '../byte-source.ts'

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const pngEnd = Buffer.from([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82])

/** Signature, a header chunk of the right length, and nothing after the end chunk. */
export function isPng(input: ByteSource): boolean {
  const head = input.read(0, 33)
  if (head.length < 33 || !head.subarray(0, 8).equals(pngSignature)) return false
  if (head.readUInt32BE(8) !== 13 || head.toString('latin1', 12, 16) !== 'IHDR') return false
  return input.read(input.size - pngEnd.length, pngEnd.length).equals(pngEnd)
}

/** Start of image and a marker. What cameras put behind the end is left alone: an archive there is found by its own end. */
export function isJpeg(input: ByteSource): boolean {
  const head = input.read(0, 4)
  return head.length === 4 && head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff && (head[3] ?? 0) >= 0xc0
}

/** A RIFF container whose length is the file's. */
export function isWebp(input: ByteSource): boolean {
  const head = input.read(0, 16)
  if (head.length < 16 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WEBP') return false
  const says = head.readUInt32LE(4) + 8
  return /^VP8[ LX]$/.test(head.toString('latin1', 12, 16)) && (says === input.size || says + 1 === input.size)
}

/** Version and trailer; zeros behind it are allowed. */
export function isGif(input: ByteSource): boolean {
  const head = input.read(0, 13)
  if (head.length < 13 || !/^GIF8[79]a$/.test(head.toString('latin1', 0, 6))) return false
  const tail = input.read(Math.max(0, input.size - 64), 64)
  let end = tail.length
  while (end > 0 && tail[end - 1] === 0) end--
  return tail[end - 1] === 0x3b
}

/** Byte order, the number 42, and a first directory within the file. */
export function isTiff(input: ByteSource): boolean {
  const head = input.read(0, 8)
  if (head.length < 8) return false
  const order = head.toString('latin1', 0, 2)
  if (order !== 'II' && order !== 'MM') return false
  const isLittle = order === 'II'
  const magic = isLittle ? head.readUInt16LE(2) : head.readUInt16BE(2)
  const directory = isLittle ? head.readUInt32LE(4) : head.readUInt32BE(4)
  return magic === 42 && directory >= 8 && directory + 2 <= input.size
}

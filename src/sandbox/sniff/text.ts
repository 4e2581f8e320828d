// Whether a file is plain text: no bytes that text has none of, and nothing that a browser or a shell would take for more than text.
import type { ByteSource } from '../byte-source.ts'

const headBytes = 1_048_576
const tailBytes = 65_536
const markup = /^\s*<(?:!doctype\s|html|head|body|script|svg|iframe|\?xml|\?php|%|!--)/i

/** UTF-8, UTF-16 with a byte order mark, or an 8-bit encoding without control characters, at both ends of the file. */
export function isText(input: ByteSource): boolean {
  const head = input.read(0, headBytes)
  const tail = input.size > headBytes ? input.read(Math.max(headBytes, input.size - tailBytes), tailBytes) : Buffer.alloc(0)
  if (head[0] === 0xff && head[1] === 0xfe) return isHarmless(decodeUtf16(head)) && isHarmless(decodeUtf16(tail))
  if (hasControls(head) || hasControls(tail)) return false
  return isHarmless(head.toString('latin1'))
}

function decodeUtf16(bytes: Buffer): string {
  return bytes.subarray(0, bytes.length - (bytes.length % 2)).toString('utf16le')
}

/** Everything below the blank but tab, line feed, form feed and carriage return; and DEL. */
function hasControls(bytes: Buffer): boolean {
  return bytes.some((byte) => (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0c && byte !== 0x0d) || byte === 0x7f)
}

function isHarmless(text: string): boolean {
  const visible = text.replace(/^\ufeff|^\u00ef\u00bb\u00bf/, '')
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000b\u000e-\u001f]/.test(visible) && !markup.test(visible) && !visible.startsWith('#!')
}

// Content-Disposition for a file to be kept and not shown (RFC 6266, RFC 8187).

/** `attachment` with the name in ASCII for old clients and in full for all others. The name must be free of control characters. */
export function attachment(filename: string): string {
  const ascii = filename
    .normalize('NFKD')
    .replaceAll(/[^\u0020-\u007e]/g, '_')
    .replaceAll(/["\\%]/g, '_')
  const encoded = encodeURIComponent(filename).replaceAll(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`
}

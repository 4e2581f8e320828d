// Writes HTML in which every value is escaped unless it is HTML already.

/** A piece of finished HTML. Only `html` makes it, so that a plain string is never taken for one. */
export type Html = { readonly html: string }

type Piece = string | number | Html | readonly Html[] | null | undefined | false

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** A template tag: strings are escaped, lists are joined, null, undefined and false are left out. Attributes must be quoted. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return { html: strings.map((text, index) => text + write(values[index])).join('') }
}

/** Text of our own (styles) as it is. */
export function trusted(text: string): Html {
  return { html: text }
}

function write(value: Piece): string {
  if (value === null || value === undefined || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return String(value).replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign)
  return 'html' in value ? value.html : value.map((piece) => piece.html).join('')
}

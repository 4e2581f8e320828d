// A document of ours as data, for a printer that makes a PDF of it: what stands there is the domain's to say, how it looks the printer's.

export type Tone = 'plain' | 'good' | 'bad' | 'unsure' | 'muted'

export type PrintedBlock =
  | { kind: 'heading'; text: string; level: 1 | 2 }
  | { kind: 'paragraph'; text: string; tone?: Tone }
  /** A word that is seen first: a verdict, a state. */
  | { kind: 'badge'; text: string; tone: Tone; note: string }
  /** Label and value, one pair a line. */
  | { kind: 'facts'; rows: readonly (readonly [label: string, value: string])[] }
  /** `widths` are shares of the line; a cell's tone colours it. */
  | { kind: 'table'; columns: readonly string[]; widths: readonly number[]; rows: readonly (readonly { text: string; tone?: Tone }[])[] }

/** `footer` stands at the foot of every page, with its number. `atMs` is the only time that the file mentions about itself. */
export type PrintedDocument = { title: string; language: string; atMs: number; footer: string; blocks: readonly PrintedBlock[] }

export type Printer = {
  /** A4 pages with embedded fonts; the same document gives the same pages. */
  print(document: PrintedDocument): Promise<Buffer>
}

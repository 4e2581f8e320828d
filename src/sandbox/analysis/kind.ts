// What kind of document it is, by words that such documents use. Each word counts once however often it stands.
import type { TextAnalysis } from '../../contracts/document-parts.ts'

type Name = TextAnalysis['kind']['name']

const marks: readonly (readonly [Name, readonly string[]])[] = [
  [
    'contract',
    [
      'agreement',
      'hereby',
      'the parties',
      'witness whereof',
      'governing law',
      'termination',
      'party of',
      'contract',
      'vertrag',
      'vertragsparteien',
      'contrat',
      'contrato',
      'overeenkomst',
      'ooreenkoms',
    ],
  ],
  [
    'invoice',
    [
      'invoice',
      'amount due',
      'subtotal',
      'vat',
      'bill to',
      'payment terms',
      'rechnung',
      'rechnungsnummer',
      'mwst',
      'facture',
      'factura',
      'fatura',
      'factuur',
      'faktuur',
    ],
  ],
  [
    'letter',
    [
      'dear ',
      'yours sincerely',
      'yours faithfully',
      'kind regards',
      'sehr geehrte',
      'mit freundlichen grüßen',
      'madame, monsieur',
      'estimado',
      'geagte',
    ],
  ],
  [
    'form',
    ['please complete', 'tick the box', 'fill in', 'for office use', 'applicant', 'formular', 'formulaire', 'formulario', 'form no'],
  ],
  [
    'report',
    [
      'abstract',
      'executive summary',
      'table of contents',
      'introduction',
      'conclusion',
      'references',
      'annual report',
      'bericht',
      'rapport',
      'informe',
    ],
  ],
  [
    'certificate',
    ['certificate', 'certify that', 'is hereby certified', 'urkunde', 'zertifikat', 'certificat', 'certificado', 'sertifikaat'],
  ],
  [
    'statement',
    ['statement of account', 'opening balance', 'closing balance', 'account number', 'kontoauszug', 'relevé de compte', 'extracto'],
  ],
]

/** `other` with confidence 0 when nothing speaks for anything. */
export function guessKind(text: string): TextAnalysis['kind'] {
  const lower = text.slice(0, 400_000).toLowerCase()
  const scores = marks
    .map(([name, words]) => ({ name, hits: words.filter((word) => lower.includes(word)).length }))
    .toSorted((a, b) => b.hits - a.hits)
  const [best, second] = scores
  if (!best || best.hits === 0) return { name: 'other', confidence: 0 }
  const confidence = Math.min(1, (best.hits - (second?.hits ?? 0) / 2) / 4)
  return { name: best.name, confidence: Math.round(Math.max(0.05, confidence) * 100) / 100 }
}

// What the stages of a document's processing find, as the sandbox answers and as clients see it. The parent checks every answer of a child against these.
import { z } from 'zod'

const page = z.int().min(1).max(2_000)
const count = z.int().min(0)
/** Where something stands: page from 1, offset in characters of that page's text from 0. */
const place = { page, offset: count }
const found = z.string().max(300)

export const preflightReport = z.strictObject({
  pages: count.max(2_000),
  objects: count,
  revisions: count,
  isEncrypted: z.boolean(),
  inflatedBytes: count,
  images: count,
  leniencies: z.array(z.string().max(60)).max(40).describe('where the file departs from the standard and was read all the same'),
})

export const textPage = z.strictObject({
  page,
  widthPoints: z.number().min(0),
  heightPoints: z.number().min(0),
  characters: count,
  text: z.string(),
  isCut: z.boolean().optional().describe('true: it was longer than what is kept'),
})

export const textReport = z.strictObject({
  pageCount: count,
  characters: count,
  pages: z.array(textPage).max(2_000),
  failedPages: z.array(page).max(2_000),
})

/** One batch. `next` is the page at which to go on. */
export const thumbnailBatch = z.strictObject({
  images: z.array(z.strictObject({ page, webp: z.base64().max(3_000_000) })).max(100),
  failedPages: z.array(page).max(100),
  next: z.int().min(1).max(2_101),
})

const languages = ['en', 'de', 'fr', 'es', 'pt', 'nl', 'af'] as const
const kinds = ['contract', 'invoice', 'letter', 'form', 'report', 'certificate', 'statement', 'other'] as const
const personalKinds = ['email', 'phone', 'iban', 'payment_card', 'identity_number', 'birth_date', 'tax_number'] as const

/** What rules found in the text: no model has a part in it. */
export const textAnalysis = z.strictObject({
  language: z.strictObject({ code: z.enum(languages).nullable(), confidence: z.number().min(0).max(1) }),
  kind: z.strictObject({ name: z.enum(kinds), confidence: z.number().min(0).max(1) }),
  parties: z.array(z.strictObject({ name: found, role: z.string().max(60).optional(), ...place })).max(100),
  dates: z.array(z.strictObject({ date: z.iso.date(), text: found, ...place })).max(200),
  amounts: z.array(z.strictObject({ currency: z.string().max(3), value: z.number(), text: found, ...place })).max(200),
  signaturePlaces: z.array(z.strictObject({ text: found, ...place })).max(100),
  personalData: z.array(z.strictObject({ kind: z.enum(personalKinds), masked: found, ...place })).max(200),
  isCut: z.boolean().describe('true: the text was longer than what is looked at, or more was found than is listed'),
})

/** What a language model may add. It is text about a text: nothing decides by it. */
export const modelAnswer = z.strictObject({
  summary: z.string().trim().min(1).max(2_000),
  keyTerms: z.array(z.strictObject({ term: z.string().trim().min(1).max(120), explanation: z.string().trim().max(500) })).max(20),
})

export type PreflightReport = z.infer<typeof preflightReport>
export type TextReport = z.infer<typeof textReport>
export type ThumbnailBatch = z.infer<typeof thumbnailBatch>
export type TextAnalysis = z.infer<typeof textAnalysis>
export type ModelAnswer = z.infer<typeof modelAnswer>

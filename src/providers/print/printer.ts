// Makes PDFs of our own documents (certificates, reports) with @libpdf/core. Only words of ours and of our users' fields come in here, never a file.
import { PDF } from '@libpdf/core'
import type { Printer } from '../../domain/print-ports.ts'
import { drawBlock, drawTitle } from './blocks.ts'
import { embedFonts } from './fonts.ts'
import { Sheet } from './sheet.ts'

export function createPrinter(): Printer {
  return {
    async print({ title, language, atMs, footer, blocks }) {
      const pdf = PDF.create()
      pdf.setTitle(title)
      pdf.setLanguage(language)
      pdf.setProducer('Sallyport')
      pdf.setCreator('Sallyport')
      pdf.setCreationDate(new Date(atMs))
      pdf.setModificationDate(new Date(atMs))
      const sheet = new Sheet(pdf, embedFonts(pdf))
      drawTitle(sheet, title)
      for (const block of blocks) drawBlock(sheet, block)
      sheet.foot(footer)
      return Buffer.from(await pdf.save({ subsetFonts: true }))
    },
  }
}

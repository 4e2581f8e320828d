// What each stage of a document does with the sandbox. Results go by content, so that nothing here may depend on whose document it is.
import type { DocumentStage } from '../../contracts/document.ts'
import { preflightReport, textReport } from '../../contracts/document-parts.ts'
import type { StageResult, StageVerdict } from '../document-ports.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { askModel } from './ask-model.ts'
import { makeThumbnails } from './make-thumbnails.ts'
import { maxDocumentBytes } from './policy.ts'
import { asResult, inStored, type StageCall } from './stage-call.ts'

type Stage = {
  run: (deps: DocumentWorkDeps, call: StageCall) => Promise<StageResult>
  /** What the document's own record learns of the result; may lower the verdict. */
  finish?: (deps: DocumentWorkDeps, call: StageCall, result: StageResult) => Promise<Partial<StageVerdict>>
}

export const stages: Readonly<Record<DocumentStage, Stage>> = {
  preflight: {
    async run(deps, { record, run }) {
      // Should the request have died before it wrote the row.
      await deps.documentRows.save(record)
      if (record.bytes > maxDocumentBytes) return { kind: 'rejected', reason: 'too_large' }
      return inStored(deps, record, run, (path) => deps.sandbox.preflight(path, run.signal))
    },
    async finish(_deps, _call, result) {
      return result.kind === 'ok' ? { pages: preflightReport.parse(result.value).pages } : {}
    },
  },
  text: { run: (deps, { record, run }) => inStored(deps, record, run, (path) => deps.sandbox.text(path, run.signal)) },
  thumbnails: { run: makeThumbnails },
  signatures: {
    run: (deps, { record, run }) => inStored(deps, record, run, (path) => deps.sandbox.signatures(path, deps.clock.nowMs(), run.signal)),
  },
  analysis: {
    async run(deps, { record, run }) {
      const text = await deps.documentResults.read({ sha256: record.sha256, stage: 'text', version: record.version })
      if (!text || !('value' in text)) return { kind: 'rejected', reason: 'no_text' }
      const pages = textReport.parse(text.value).pages.map(({ page, text: content }) => ({ page, text: content }))
      return asResult(await deps.documentFiles.withText(JSON.stringify(pages), (path) => deps.sandbox.analyse(path, run.signal)), run)
    },
    finish: askModel,
  },
}

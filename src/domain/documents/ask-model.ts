// What a language model adds to the analysis, where there is one. Its answer is kept apart from what rules found and is shown as what it is.
import { textReport } from '../../contracts/document-parts.ts'
import { RetryLater } from '../../errors.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { DocumentRecord, StageResult, StageVerdict } from '../document-ports.ts'
import type { DocumentWorkDeps } from './deps.ts'
import { modelKey } from './model-key.ts'
import { maxModelCharacters, modelTries } from './policy.ts'
import type { StageCall } from './stage-call.ts'

/** Asks once for the same bytes. A model that does not answer makes the analysis partial and nothing worse. */
export async function askModel(deps: DocumentWorkDeps, { record, run }: StageCall, result: StageResult): Promise<Partial<StageVerdict>> {
  const { analyst } = deps
  if (!analyst || !('value' in result)) return {}
  const key = modelKey(record, analyst.model)
  if (await deps.documentResults.reusable(key, deps.clock.nowMs())) return { model: analyst.model }
  const text = await textOf(deps, record)
  if (text === '') return {}
  try {
    const value = await analyst.summarise(text, run.signal)
    await deps.documentResults.write(key, { kind: 'ok', value }, deps.clock.nowMs())
    return { model: analyst.model }
  } catch {
    run.signal.throwIfAborted()
    if (run.tries < modelTries) throw new RetryLater('model_unavailable', backoffMs(run.backoff, run.tries))
    return { status: 'partial', reason: 'model_unavailable' }
  }
}

async function textOf(deps: DocumentWorkDeps, { sha256, version }: DocumentRecord): Promise<string> {
  const result = await deps.documentResults.read({ sha256, stage: 'text', version })
  if (!result || !('value' in result)) return ''
  const { pages } = textReport.parse(result.value)
  return pages
    .map(({ page, text }) => `[page ${page}]\n${text}`)
    .join('\n')
    .slice(0, maxModelCharacters)
    .trim()
}

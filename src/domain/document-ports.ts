// What documents need from the world: a book of documents (Redis), durable rows and results (Postgres), a sandbox, copies of files, perhaps a model.
import type { DocumentStage, DocumentStatus, StageStatus } from '../contracts/document.ts'
import type { ModelAnswer, PreflightReport, TextAnalysis, TextReport, ThumbnailBatch } from '../contracts/document-parts.ts'
import type { Trace } from './state-ports.ts'
import type { Inspection } from './upload-ports.ts'

export type StageRecord = { status: StageStatus; reason?: string }

/** A document as the stores keep it. Its title is in `sealed`; what was found lies with the results, by content. */
export type DocumentRecord = {
  id: string
  status: DocumentStatus
  sequence: number
  /** Fingerprint of whoever it belongs to, under the key that wrote then. */
  owner: string
  uploadId: string
  storageKey: string
  sha256: string
  bytes: number
  sealed: string
  /** Of the analyser, as it was when the document was made: its results are those of this version. */
  version: string
  /** The model that added to the analysis. */
  model?: string
  stages: Readonly<Record<DocumentStage, StageRecord>>
  /** Of the stage under way; null before and after. */
  step: DocumentStage | null
  progress: number
  pages?: number
  reason?: string
  createdAtMs: number
  endedAtMs?: number
  requestId: string
}

export type NewDocument = Pick<
  DocumentRecord,
  'id' | 'owner' | 'uploadId' | 'storageKey' | 'sha256' | 'bytes' | 'sealed' | 'version' | 'createdAtMs'
>

/** A later run of a stage supersedes an earlier one: the job's own time stamp, and how often it was started. */
export type StageFence = { jobMs: number; starts: number }
export type StageClaim = { kind: 'go'; record: DocumentRecord } | { kind: 'done'; word: string }

/** `rejected` and `quarantined` end the document, the others the stage. */
export type StageVerdict = {
  status: 'done' | 'partial' | 'failed' | 'rejected' | 'quarantined'
  reason?: string
  pages?: number
  model?: string
}

/** `next`: the stages that are owed now. `ended`: the document is at its end, and its row is to be written. */
export type SettledStage = { kind: 'settled'; next: readonly DocumentStage[]; ended: boolean } | { kind: 'stale' }

export type DocumentStore = {
  /** State, intent of the first stage and event in one step. Twice is once. */
  create(document: NewDocument, trace: Trace, nowMs: number): Promise<DocumentRecord>
  read(id: string): Promise<DocumentRecord | null>
  claimStage(id: string, stage: DocumentStage, fence: StageFence, nowMs: number): Promise<StageClaim>
  /** Shows how far a stage has come, 0 to 100; false when another run has taken over. */
  noteProgress(id: string, stage: DocumentStage, fence: StageFence, percent: number, nowMs: number): Promise<boolean>
  /** Counts a process that the document brought down in this stage; how many there were. */
  noteKill(id: string, stage: DocumentStage, fence: StageFence, nowMs: number): Promise<number>
  settleStage(id: string, stage: DocumentStage, fence: StageFence, verdict: StageVerdict, nowMs: number): Promise<SettledStage>
  /** Settles a stage whose job ended without doing so. */
  abandonStage(id: string, stage: DocumentStage, nowMs: number): Promise<void>
  /** The row is written: nothing is owed any more, and the record may go after a while. */
  confirmRecorded(id: string, nowMs: number): Promise<void>
}

/** Newest first: what is older than this place. */
export type DocumentPosition = { createdAtMs: number; id: string }

export type DocumentRows = {
  /** Inserts the row or brings it up to a later sequence; never back. */
  save(document: DocumentRecord): Promise<void>
  read(id: string): Promise<DocumentRecord | null>
  /** Of an owner's (any of its fingerprints), or of all. */
  page(
    owners: readonly string[] | null,
    before: DocumentPosition | undefined,
    limit: number,
  ): Promise<{ records: DocumentRecord[]; total: number }>
}

/** By what a result is found again: the same bytes seen by the same version give the same result. */
export type ResultKey = { sha256: string; stage: DocumentStage | 'model'; version: string }

/** `killed`: the process did not survive it. */
export type StageResult =
  | { kind: 'ok'; value: unknown }
  | { kind: 'partial'; value: unknown; reason: string }
  | { kind: 'rejected'; reason: string }
  | { kind: 'killed'; reason: string }

export type ResultStore = {
  /** Whatever was kept last, however old; null when there is none. */
  read(key: ResultKey): Promise<StageResult | null>
  /** The same, unless it is too old to be used for another document. */
  reusable(key: ResultKey, nowMs: number): Promise<StageResult | null>
  /** `keptMs`: for how long it may be used for other documents; left out, for good. */
  write(key: ResultKey, result: StageResult, nowMs: number, keptMs?: number): Promise<void>
  addThumbnails(key: Omit<ResultKey, 'stage'>, images: readonly { page: number; webp: Buffer }[]): Promise<void>
  thumbnail(key: Omit<ResultKey, 'stage'>, page: number): Promise<Buffer | null>
  /** Which pages have one, in order. */
  thumbnailPages(key: Omit<ResultKey, 'stage'>): Promise<number[]>
}

/** Each call is one child process. `path` is a file that nobody else changes. */
export type DocumentSandbox = {
  preflight(path: string, signal: AbortSignal): Promise<Inspection<PreflightReport>>
  text(path: string, signal: AbortSignal): Promise<Inspection<TextReport>>
  /** Pages `from` to `until`; small ones unless `widthPixels` says otherwise. */
  thumbnails(path: string, from: number, until: number, signal: AbortSignal, widthPixels?: number): Promise<Inspection<ThumbnailBatch>>
  signatures(path: string, nowMs: number, signal: AbortSignal): Promise<Inspection<unknown>>
  /** The file holds what `analysisInput` wrote. */
  analyse(path: string, signal: AbortSignal): Promise<Inspection<TextAnalysis>>
}

/** Copies on this machine, for the sandbox; gone when `use` has ended. */
export type DocumentFiles = {
  withStored<Value>(storageKey: string, signal: AbortSignal, use: (path: string) => Promise<Value>): Promise<Value>
  withText<Value>(text: string, use: (path: string) => Promise<Value>): Promise<Value>
}

/** A language model. Rejects when it does not answer in time, or not in the form that is asked for. */
export type Analyst = { model: string; summarise(text: string, signal: AbortSignal): Promise<ModelAnswer> }

/** How much of the whole each stage is, in percent. */
export const stageWeights: Readonly<Record<DocumentStage, number>> = {
  preflight: 10,
  text: 20,
  thumbnails: 40,
  signatures: 20,
  analysis: 10,
}
/** What may begin once a stage is done. */
export const stageFollowers: Readonly<Record<DocumentStage, readonly DocumentStage[]>> = {
  preflight: ['text', 'thumbnails', 'signatures'],
  text: ['analysis'],
  thumbnails: [],
  signatures: [],
  analysis: [],
}

// What tests of documents do again and again over HTTP: upload a file, make a document of it, wait for its end.
import { until } from './infra.ts'
import type { System } from './system.ts'
import { bytesType, metadata, send } from './upload-client.ts'

type Credential = Record<string, string>

/** Uploads a PDF and waits until it is stored; its id. */
export async function storeUpload(system: System, who: Credential, bytes: Buffer, filename = 'a.pdf'): Promise<string> {
  const headers = { ...who, ...bytesType, 'upload-length': String(bytes.length), 'upload-metadata': metadata({ filename }) }
  const begun = await send(system.url, 'POST', '/v1/uploads', headers, bytes)
  if (begun.status !== 201) throw new Error(`the upload was refused: ${begun.status} ${begun.text}`)
  const path = new URL(String(begun.headers.location), system.url).pathname
  const ended = await until(
    async () => {
      const { body } = await system.call('GET', `${path}/session`, undefined, who)
      return ['stored', 'rejected', 'failed'].includes(String(body['status'])) ? body : null
    },
    { timeoutMs: 40_000 },
  )
  if (ended['status'] !== 'stored') throw new Error(`the upload ended: ${JSON.stringify(ended)}`)
  return path.split('/').at(-1) ?? ''
}

/** Makes a document of a stored upload; its path. */
export async function createDocument(system: System, who: Credential, uploadId: string, title = 'A title'): Promise<string> {
  const made = await system.call('POST', '/v1/documents', { uploadId, title }, who)
  if (made.status !== 202) throw new Error(`the document was refused: ${made.status} ${made.text}`)
  return made.headers.get('location') ?? ''
}

/** The document once it has ended. */
export async function endedDocument(system: System, who: Credential, path: string, timeoutMs = 40_000): Promise<Record<string, unknown>> {
  return until(
    async () => {
      const { body } = await system.call('GET', path, undefined, who)
      return ['processed', 'partial', 'rejected', 'quarantined'].includes(String(body['status'])) ? body : null
    },
    { timeoutMs },
  )
}

/** All three at once. */
export async function processPdf(system: System, who: Credential, bytes: Buffer): Promise<Record<string, unknown>> {
  return endedDocument(system, who, await createDocument(system, who, await storeUpload(system, who, bytes)))
}

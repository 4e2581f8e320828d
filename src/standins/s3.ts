// Stands in for an S3 service in development and tests: one bucket in memory, the rules of multipart uploads enforced (5 MiB parts, ETags, order), and the
// headers refused that some services refuse. Signatures are looked for, not checked.
import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const leastPartBytes = 5 * 1_048_576

type Stored = { body: Buffer; etag: string; at: Date; headers: Record<string, string> }
type Multipart = { key: string; at: Date; parts: Map<number, Stored> }
type Reply = { status: number; headers?: Record<string, string>; body?: Buffer | string }

export type S3Standin = {
  url: string
  bucket: string
  objects: ReadonlyMap<string, Stored>
  multiparts: ReadonlyMap<string, Multipart>
  /** Fails the next calls of this kind (`PUT part`, `POST complete`, …) with 503, before or after they are done. */
  fail(kind: string, times: number, when?: 'before' | 'after'): void
  calls(): readonly string[]
  stop(): Promise<void>
}

/** A service on a free port with one empty bucket, addressed by path. */
export async function startS3Standin(port = 0): Promise<S3Standin> {
  const bucket = 'uploads'
  const objects = new Map<string, Stored>()
  const multiparts = new Map<string, Multipart>()
  const failures = new Map<string, { times: number; when: 'before' | 'after' }>()
  const calls: string[] = []
  const store = createBucket(bucket, objects, multiparts)
  const server = createServer((req, res) => {
    void readBody(req).then((body) => {
      const url = new URL(req.url ?? '/', 'http://standin')
      const kind = kindOf(req, url)
      calls.push(kind)
      const failure = failures.get(kind)
      const isFailing = failure !== undefined && failure.times > 0
      if (isFailing) failure.times--
      const reply = isFailing && failure.when === 'before' ? null : answer(store, kind, req, url, body)
      send(res, isFailing || !reply ? fault(503, 'SlowDown') : reply)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    objects,
    multiparts,
    fail: (kind, times, when = 'before') => void failures.set(kind, { times, when }),
    calls: () => calls,
    stop: async () => {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function kindOf({ method = 'GET', headers }: IncomingMessage, { searchParams: query }: URL): string {
  const isCopy = headers['x-amz-copy-source'] !== undefined
  if (query.has('partNumber')) return isCopy ? 'PUT part-copy' : 'PUT part'
  if (query.has('uploadId')) return method === 'POST' ? 'POST complete' : `${method} multipart`
  if (query.has('uploads')) return `${method} multiparts`
  if (query.has('list-type')) return 'GET list'
  return isCopy ? 'PUT copy' : `${method} object`
}

function answer(store: Bucket, kind: string, req: IncomingMessage, url: URL, body: Buffer): Reply {
  const isSigned = req.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ') || url.searchParams.has('X-Amz-Signature')
  if (!isSigned || isExpired(url.searchParams)) return fault(403, 'AccessDenied')
  // What the SDK sends by itself unless told not to, and R2 and others refuse.
  if (Object.keys(req.headers).some((name) => name.startsWith('x-amz-checksum-') || name === 'x-amz-sdk-checksum-algorithm'))
    return fault(501, 'NotImplemented')
  const [, bucket, ...rest] = url.pathname.split('/')
  if (bucket !== store.name) return fault(404, 'NoSuchBucket')
  return store.handle(kind, rest.map(decodeURIComponent).join('/'), req, url.searchParams, body)
}

function isExpired(query: URLSearchParams): boolean {
  const date = query.get('X-Amz-Date')
  if (date === null) return false
  const beganMs = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  return Date.now() > beganMs + Number(query.get('X-Amz-Expires')) * 1_000
}

type Bucket = {
  name: string
  handle(kind: string, key: string, req: IncomingMessage, query: URLSearchParams, body: Buffer): Reply
}

function createBucket(name: string, objects: Map<string, Stored>, multiparts: Map<string, Multipart>): Bucket {
  const source = ({ headers }: IncomingMessage): Buffer | null => {
    const path = decodeURIComponent(String(headers['x-amz-copy-source'])).replace(/^\//, '')
    const body = objects.get(path.slice(name.length + 1))?.body
    const range = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'] ?? ''))
    return body ? (range ? body.subarray(Number(range[1]), Number(range[2]) + 1) : body) : null
  }
  const keepPart = (query: URLSearchParams, body: Buffer | null): Stored | Reply => {
    const upload = multiparts.get(query.get('uploadId') ?? '')
    if (!upload) return fault(404, 'NoSuchUpload')
    if (!body) return fault(404, 'NoSuchKey')
    const number = Number(query.get('partNumber'))
    if (!(number >= 1 && number <= 10_000)) return fault(400, 'InvalidArgument')
    const part = stored(body)
    upload.parts.set(number, part)
    return part
  }
  const handlers: Record<string, (key: string, req: IncomingMessage, query: URLSearchParams, body: Buffer) => Reply> = {
    'PUT object': (key, _req, _query, body) => {
      objects.set(key, stored(body))
      return { status: 200, headers: { etag: objects.get(key)?.etag ?? '' } }
    },
    'PUT copy': (key, req) => {
      const body = source(req)
      if (!body) return fault(404, 'NoSuchKey')
      objects.set(key, stored(Buffer.from(body)))
      return xml('CopyObjectResult', `<ETag>${objects.get(key)?.etag}</ETag>`)
    },
    'GET object': (key, req, query) => get(objects.get(key), req, query),
    'HEAD object': (key, req, query) => ({ ...get(objects.get(key), req, query), body: '' }),
    'DELETE object': (key) => {
      objects.delete(key)
      return { status: 204 }
    },
    'GET list': (_key, _req, query) => list(objects, query),
    'POST multiparts': (key) => {
      const id = randomUUID()
      multiparts.set(id, { key, at: new Date(), parts: new Map() })
      return xml('InitiateMultipartUploadResult', `<Bucket>${name}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId>`)
    },
    'GET multiparts': (_key, _req, query) => {
      const found = [...multiparts].filter(([, { key }]) => key.startsWith(query.get('prefix') ?? ''))
      return xml(
        'ListMultipartUploadsResult',
        found
          .map(
            ([id, { key, at }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`,
          )
          .join(''),
      )
    },
    'PUT part': (_key, _req, query, body) => {
      const part = keepPart(query, body)
      return 'status' in part ? part : { status: 200, headers: { etag: part.etag } }
    },
    'PUT part-copy': (_key, req, query) => {
      const part = keepPart(query, source(req))
      return 'status' in part ? part : xml('CopyPartResult', `<ETag>${part.etag}</ETag>`)
    },
    'POST complete': (key, _req, query, body) => complete(objects, multiparts, key, query.get('uploadId') ?? '', body.toString('utf8')),
    'DELETE multipart': (_key, _req, query) =>
      multiparts.delete(query.get('uploadId') ?? '') ? { status: 204 } : fault(404, 'NoSuchUpload'),
  }
  return { name, handle: (kind, key, req, query, body) => handlers[kind]?.(key, req, query, body) ?? fault(405, 'MethodNotAllowed') }
}

function stored(body: Buffer): Stored {
  return { body, etag: `"${createHash('md5').update(body).digest('hex')}"`, at: new Date(), headers: {} }
}

function complete(objects: Map<string, Stored>, multiparts: Map<string, Multipart>, key: string, id: string, text: string): Reply {
  const upload = multiparts.get(id)
  if (!upload) return fault(404, 'NoSuchUpload')
  const asked = [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
  }))
  if (asked.length === 0) return fault(400, 'MalformedXML')
  if (asked.some(({ number }, at) => at > 0 && number <= (asked[at - 1]?.number ?? 0))) return fault(400, 'InvalidPartOrder')
  const parts = asked.map(({ number, etag }) => ({ part: upload.parts.get(number), etag }))
  if (parts.some(({ part, etag }) => part?.etag !== etag)) return fault(400, 'InvalidPart')
  if (parts.slice(0, -1).some(({ part }) => (part?.body.length ?? 0) < leastPartBytes)) return fault(400, 'EntityTooSmall')
  objects.set(key, stored(Buffer.concat(parts.flatMap(({ part }) => (part ? [part.body] : [])))))
  multiparts.delete(id)
  return xml('CompleteMultipartUploadResult', `<Key>${key}</Key><ETag>${objects.get(key)?.etag}</ETag>`)
}

function get(object: Stored | undefined, req: IncomingMessage, query: URLSearchParams): Reply {
  if (!object) return fault(404, 'NoSuchKey')
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? []
  const body = first === undefined ? object.body : object.body.subarray(Number(first), Number(last) + 1)
  const asked = { 'content-disposition': query.get('response-content-disposition'), 'content-type': query.get('response-content-type') }
  const headers = Object.fromEntries(Object.entries(asked).flatMap(([header, value]) => (value === null ? [] : [[header, value]])))
  return {
    status: first === undefined ? 200 : 206,
    headers: { etag: object.etag, 'last-modified': object.at.toUTCString(), 'content-length': String(body.length), ...headers },
    body,
  }
}

function list(objects: Map<string, Stored>, query: URLSearchParams): Reply {
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? ''
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort()
  const page = keys.slice(0, 100)
  const contents = page.map(
    (key) =>
      `<Contents><Key>${key}</Key><Size>${objects.get(key)?.body.length}</Size><LastModified>${objects.get(key)?.at.toISOString()}</LastModified></Contents>`,
  )
  const isMore = keys.length > page.length
  return xml(
    'ListBucketResult',
    `${contents.join('')}<IsTruncated>${isMore}</IsTruncated>${isMore ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''}`,
  )
}

function xml(root: string, inner: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?><${root}>${inner}</${root}>` }
}

function fault(status: number, code: string): Reply {
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
  }
}

function send(res: ServerResponse, { status, headers = {}, body = '' }: Reply): void {
  res.writeHead(status, headers)
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

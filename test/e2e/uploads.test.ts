// Uploads over HTTP with real processes, disk, Redis and Postgres: what a tus client sees, and what is stored in the end.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { until } from '../support/infra.ts'
import { startSystem, type System } from '../support/system.ts'
import { bytesType, metadata, send, sha256, textBytes, type TusAnswer } from '../support/upload-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-uploads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('an upload', () => {
  let system: System
  let alice: Record<string, string>
  let bob: Record<string, string>
  let admin: Record<string, string>
  beforeAll(async () => {
    system = await startSystem({ env: { STORAGE_URL: `file:${folder}` } })
    alice = await system.as({ sub: 'alice' })
    bob = await system.as({ sub: 'bob' })
    admin = await system.as({ sub: 'root', roles: ['admin'] })
  })

  const tus = (method: string, path: string, headers: Record<string, string> = {}, body?: Buffer, options = {}): Promise<TusAnswer> =>
    send(system.url, method, path, headers, body, options)
  const begin = async (length: number, entries: Record<string, string> = {}, more: Record<string, string> = {}): Promise<string> => {
    const answer = await tus('POST', '/v1/uploads', {
      ...alice,
      'upload-length': String(length),
      'upload-metadata': metadata({ filename: 'a.txt', ...entries }),
      ...more,
    })
    expect([answer.status, answer.text]).toEqual([201, ''])
    return String(answer.headers.location)
  }
  const patch = (path: string, offset: number, body: Buffer, headers: Record<string, string> = {}, options = {}): Promise<TusAnswer> =>
    tus('PATCH', path, { ...alice, ...bytesType, 'upload-offset': String(offset), ...headers }, body, options)
  const session = async (path: string, who = alice) => (await system.call('GET', `${path}/session`, undefined, who)).body
  const ended = (path: string) =>
    until(
      async () => {
        const now = await session(path)
        return ['stored', 'rejected', 'failed'].includes(String(now['status'])) ? now : null
      },
      { timeoutMs: 20_000 },
    )

  it('in one piece is stored with its hash, listed, and can be downloaded in whole and in part', async () => {
    const bytes = textBytes(200_000)
    const path = await begin(bytes.length, { filename: 'Überweisung «1».txt', filetype: 'text/plain', sha256: sha256(bytes) })
    expect(await session(path)).toMatchObject({ status: 'initialized', progress: 0, canResume: true, totalBytes: 200_000, nextOffset: 0 })
    const sent = await patch(path, 0, bytes)
    expect([sent.status, sent.headers['upload-offset']]).toEqual([204, '200000'])
    expect(await ended(path)).toMatchObject({
      status: 'stored',
      progress: 100,
      sha256: sha256(bytes),
      scan: 'not_scanned',
      completedChunks: 1,
      totalChunks: 1,
    })
    const file = await fetch(`${system.url}${path}/file`, { headers: alice })
    expect(file.status).toBe(200)
    expect(sha256(Buffer.from(await file.arrayBuffer()))).toBe(sha256(bytes))
    expect(file.headers.get('content-disposition')).toMatch(
      /^attachment; filename="[ -~]+"; filename\*=UTF-8''%C3%9Cberweisung%20%C2%AB1%C2%BB\.txt$/,
    )
    expect(file.headers.get('x-content-type-options')).toBe('nosniff')
    const part = await fetch(`${system.url}${path}/file`, { headers: { ...alice, range: 'bytes=100-199' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 100-199/200000'])
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(100, 200))).toBe(true)
    const stale = await fetch(`${system.url}${path}/file`, { headers: { ...alice, range: 'bytes=100-199', 'if-range': '"other"' } })
    expect(stale.status).toBe(200)
    await stale.body?.cancel()
    expect((await fetch(`${system.url}${path}/file`, { headers: { ...alice, range: 'bytes=200000-' } })).status).toBe(416)
    expect((await fetch(`${system.url}${path}/file`, { headers: { ...alice, 'if-none-match': `"${sha256(bytes)}"` } })).status).toBe(304)
    expect((await fetch(`${system.url}${path}/file`, { headers: bob })).status).toBe(404)
    const asAdmin = await fetch(`${system.url}${path}/file`, { headers: admin })
    expect(asAdmin.status).toBe(200)
    await asAdmin.body?.cancel()
    expect((await system.call('GET', `${path}/session`, undefined, bob)).status).toBe(404)
    const list = await system.call('GET', '/v1/uploads', undefined, alice)
    expect(list.body).toMatchObject({
      nodes: [{ id: path.split('/').at(-1), status: 'stored', filename: 'Überweisung «1».txt' }],
      totalCount: 1,
    })
    expect((await system.call('GET', '/v1/uploads', undefined, bob)).body['totalCount']).toBe(0)
  })

  it('in chunks tells where it stands, and pages of the list follow each other', async () => {
    const carol = await system.as({ sub: 'carol' })
    const paths: string[] = []
    for (let i = 0; i < 5; i++) paths.push(await begin(1_000, {}, carol))
    const first = await patch(paths[0] ?? '', 0, textBytes(400), carol)
    expect(first.status).toBe(204)
    const head = await tus('HEAD', paths[0] ?? '', carol)
    expect(head.status).toBe(200)
    expect(head.headers).toMatchObject({
      'upload-offset': '400',
      'upload-length': '1000',
      'cache-control': 'no-store',
      'tus-resumable': '1.0.0',
      'upload-metadata': metadata({ filename: 'a.txt' }),
    })
    expect(Date.parse(String(head.headers['upload-expires']))).toBeGreaterThan(Date.now() + 7_000_000)
    const one = await system.call('GET', '/v1/uploads?first=2', undefined, carol)
    const page = one.body['pageInfo'] as { endCursor: string; hasNextPage: boolean }
    const two = await system.call('GET', `/v1/uploads?first=100&after=${page.endCursor}`, undefined, carol)
    const ids = [...(one.body['nodes'] as { id: string }[]), ...(two.body['nodes'] as { id: string }[])].map(
      ({ id }) => `/v1/uploads/${id}`,
    )
    expect(ids).toEqual(paths.toReversed())
    expect(page.hasNextPage).toBe(true)
    expect((await system.call('GET', `/v1/uploads?after=${page.endCursor}`, undefined, alice)).status).toBe(400)
  })

  it('with the first bytes in the creating request, and with a length that comes later', async () => {
    const bytes = textBytes(5_000)
    const created = await tus(
      'POST',
      '/v1/uploads',
      { ...alice, ...bytesType, 'upload-length': '5000', 'upload-metadata': metadata({ filename: 'b.txt' }) },
      bytes.subarray(0, 3_000),
    )
    expect([created.status, created.headers['upload-offset']]).toEqual([201, '3000'])
    expect((await patch(String(created.headers.location), 3_000, bytes.subarray(3_000))).status).toBe(204)
    expect(await ended(String(created.headers.location))).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
    const deferred = await tus('POST', '/v1/uploads', {
      ...alice,
      'upload-defer-length': '1',
      'upload-metadata': metadata({ filename: 'c.txt' }),
    })
    const path = String(deferred.headers.location)
    expect((await patch(path, 0, bytes.subarray(0, 1_000))).status).toBe(204)
    expect((await tus('HEAD', path, alice)).headers).toMatchObject({ 'upload-defer-length': '1', 'upload-offset': '1000' })
    expect(await session(path)).toMatchObject({ totalBytes: null, totalChunks: null })
    expect((await patch(path, 1_000, bytes.subarray(1_000), { 'upload-length': '5000' })).status).toBe(204)
    expect(await ended(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
  })

  it('joins parallel parts into one file', async () => {
    const bytes = textBytes(9_000)
    const parts = await Promise.all(
      [0, 1, 2].map(async (n) => {
        const path = await begin(3_000, {}, { 'upload-concat': 'partial' })
        expect((await patch(path, 0, bytes.subarray(n * 3_000, n * 3_000 + 3_000))).status).toBe(204)
        return path
      }),
    )
    const final = await tus('POST', '/v1/uploads', {
      ...alice,
      'upload-concat': `final;${parts.join(' ')}`,
      'upload-metadata': metadata({ filename: 'joined.txt' }),
    })
    expect(final.status).toBe(201)
    const path = String(final.headers.location)
    expect((await patch(path, 9_000, Buffer.from('x'))).status).toBe(403)
    expect((await tus('HEAD', path, alice)).headers).toMatchObject({ 'upload-length': '9000', 'upload-concat': `final;${parts.join(' ')}` })
    expect(await ended(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
    const again = await tus('POST', '/v1/uploads', { ...alice, 'upload-concat': `final;${parts.join(' ')}` })
    expect(again.status).toBe(404)
  })

  it('keeps nothing of a chunk whose checksum is wrong', async () => {
    const bytes = textBytes(2_000)
    const path = await begin(2_000)
    const wrong = await patch(path, 0, bytes, { 'upload-checksum': `sha256 ${Buffer.alloc(32).toString('base64')}` })
    expect([wrong.status, wrong.body['code']]).toEqual([460, 'checksum_mismatch'])
    expect((await tus('HEAD', path, alice)).headers['upload-offset']).toBe('0')
    expect((await patch(path, 0, bytes, { 'upload-checksum': 'md5 AAAA' })).status).toBe(400)
    expect((await patch(path, 0, bytes, { 'upload-checksum': 'sha1 AAAA' })).status).toBe(400)
    const { createHash } = await import('node:crypto')
    const right = createHash('sha1').update(bytes).digest('base64')
    expect((await patch(path, 0, bytes, { 'upload-checksum': `sha1 ${right}` })).status).toBe(204)
    expect(await ended(path)).toMatchObject({ status: 'stored', sha256: sha256(bytes) })
  })

  it('answers bad requests with the status of the protocol and a problem document, and keeps nothing of them', async () => {
    const path = await begin(1_000)
    const cases: [string, () => Promise<TusAnswer>, number, string][] = [
      ['an offset that is not the next', () => patch(path, 5, Buffer.from('x')), 409, 'offset_conflict'],
      ['a body longer than the upload', () => patch(path, 0, textBytes(1_001)), 413, 'too_large'],
      ['a chunked body longer than the upload', () => patch(path, 0, textBytes(5_000), {}, { isChunked: true }), 413, 'too_large'],
      [
        'another content type',
        () => patch(path, 0, Buffer.from('x'), { 'content-type': 'application/json' }),
        415,
        'unsupported_media_type',
      ],
      ['another version', () => patch(path, 0, Buffer.from('x'), { 'tus-resumable': '0.2.2' }), 412, 'protocol_version'],
      ...['0x0', '00', '0abc', '-0', '1e0', '', '+0', '9999999999999999999'].map(
        (offset): [string, () => Promise<TusAnswer>, number, string] => [
          `offset ${offset}`,
          () => patch(path, 0, Buffer.from('x'), { 'upload-offset': offset }),
          400,
          'invalid_request',
        ],
      ),
      ['no such id', () => patch('/v1/uploads/upl_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0, Buffer.from('x')), 404, 'upload_not_found'],
      ['no id at all', () => patch('/v1/uploads/..%2f..%2fetc%2fpasswd', 0, Buffer.from('x')), 404, 'upload_not_found'],
      ["somebody else's", () => patch(path, 0, Buffer.from('x'), bob), 404, 'upload_not_found'],
    ]
    for (const [name, answer, status, code] of cases) {
      const { status: got, body, headers } = await answer()
      expect([name, got, body['code'], headers['tus-resumable'], headers['content-type']]).toEqual([
        name,
        status,
        code,
        '1.0.0',
        'application/problem+json',
      ])
    }
    expect((await tus('HEAD', path, alice)).headers['upload-offset']).toBe('0')
    expect((await patch(path, 0, textBytes(1_000))).status).toBe(204)
    expect(await ended(path)).toMatchObject({ status: 'stored', sha256: sha256(textBytes(1_000)) })
  })

  it('refuses lengths, names and sessions that are none before it takes a byte', async () => {
    const create = (headers: Record<string, string>, who = alice) => tus('POST', '/v1/uploads', { ...who, ...headers })
    expect((await create({ 'upload-length': String(5 * 1_024 ** 3 + 1) })).status).toBe(413)
    expect((await create({ 'upload-length': String(200 * 1_024 ** 2), 'upload-metadata': metadata({ uploadType: 'image' }) })).status).toBe(
      413,
    )
    expect((await create({})).status).toBe(400)
    expect((await create({ 'upload-length': '-1' })).status).toBe(400)
    expect((await create({ 'upload-length': '1', 'upload-defer-length': '1' })).status).toBe(400)
    for (const filename of [
      '../../etc/passwd',
      'a/b.txt',
      'a\\b.txt',
      'a\u0000.txt',
      'a\r\nb.txt',
      '..',
      'x'.repeat(300),
      'exe\u202efdp.txt',
    ])
      expect([filename, (await create({ 'upload-length': '1', 'upload-metadata': metadata({ filename }) })).status]).toEqual([
        filename,
        400,
      ])
    for (const header of [
      'filename',
      'filename ???',
      'filename YQ== b',
      'filename YQ==,filename YQ==',
      `filename ${Buffer.from([0xff, 0xfe]).toString('base64')}`,
    ])
      expect([header, (await create({ 'upload-length': '1', 'upload-metadata': header })).status]).toEqual([
        header,
        header === 'filename' ? 201 : 400,
      ])
    for (const entries of [{ sessionId: 'x' }, { sha256: 'A'.repeat(64) }, { uploadType: '__proto__' }, { filetype: 'text' }])
      expect((await create({ 'upload-length': '1', 'upload-metadata': metadata(entries) })).status).toBe(400)
    expect((await create({ 'upload-length': '1' }, {})).status).toBe(400)
  })

  it('of an anonymous browser belongs to its session, and a session belongs to whoever used it first', async () => {
    const sessionId = randomUUID()
    const created = await tus('POST', '/v1/uploads', {
      'upload-length': '600',
      'upload-metadata': metadata({ filename: 'anon.txt', sessionId }),
    })
    expect(created.status).toBe(201)
    const path = String(created.headers.location)
    expect((await tus('PATCH', path, { ...bytesType, 'upload-offset': '0' }, textBytes(600))).status).toBe(204)
    await until(async () => (await session(path, {}))['status'] === 'stored')
    expect((await system.call('GET', `${path}/file`)).status).toBe(401)
    const own = randomUUID()
    await begin(1, { sessionId: own })
    expect(
      (await tus('POST', '/v1/uploads', { ...bob, 'upload-length': '1', 'upload-metadata': metadata({ sessionId: own }) })).status,
    ).toBe(404)
    expect((await tus('POST', '/v1/uploads', { 'upload-length': '1', 'upload-metadata': metadata({ sessionId: own }) })).status).toBe(404)
  })

  it('that is ended by its owner is gone, and one that is whole cannot be ended', async () => {
    const path = await begin(1_000)
    await patch(path, 0, textBytes(100))
    expect((await tus('DELETE', path, bob)).status).toBe(404)
    expect((await tus('DELETE', path, alice)).status).toBe(204)
    expect((await tus('HEAD', path, alice)).status).toBe(410)
    expect((await patch(path, 100, Buffer.from('x'))).status).toBe(410)
    const whole = await begin(100)
    await patch(whole, 0, textBytes(100))
    expect((await tus('DELETE', whole, alice)).status).toBe(409)
    expect((await patch(whole, 100, Buffer.alloc(0))).status).toBe(204)
    expect((await patch(whole, 100, Buffer.from('x'))).status).toBe(413)
  })

  it('that is not what it says is rejected with its reason and leaves no bytes', async () => {
    const pdf = Buffer.from('%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\nstartxref\n9\n%%EOF\n')
    const cases: [string, Buffer, Record<string, string>, string][] = [
      ['a PDF named .png', pdf, { filename: 'a.png' }, 'type_mismatch'],
      ['a PDF declared as text', pdf, { filename: 'a.pdf', filetype: 'text/plain' }, 'type_mismatch'],
      [
        'an executable',
        Buffer.concat([Buffer.from('MZ\u0090\u0000', 'latin1'), Buffer.alloc(500)]),
        { filename: 'setup' },
        'type_not_allowed',
      ],
      ['a page', Buffer.from('<!DOCTYPE html><script>1</script>'), { filename: 'a.txt' }, 'type_not_allowed'],
      ['bytes of another hash', textBytes(100), { filename: 'a.txt', sha256: 'a'.repeat(64) }, 'checksum_mismatch'],
      ['a PDF as an image', pdf, { filename: 'a.pdf', uploadType: 'image' }, 'type_not_allowed'],
    ]
    for (const [name, bytes, entries, reason] of cases) {
      const path = await begin(bytes.length, entries)
      expect((await patch(path, 0, bytes)).status).toBe(204)
      expect([name, await ended(path)]).toMatchObject([name, { status: 'rejected', reason }])
      expect((await system.call('GET', `${path}/file`, undefined, alice)).status).toBe(409)
    }
    const { readdirSync } = await import('node:fs')
    const left = () => readdirSync(join(folder, 'quarantine'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    // The word is written first, and the bytes go right after it.
    await until(() => left().every(({ name }) => name !== 'whole'))
  })

  it('whose creation is repeated with its key is the same one', async () => {
    const headers = { ...alice, 'upload-length': '10', 'upload-metadata': metadata({ filename: 'k.txt' }), 'idempotency-key': randomUUID() }
    const first = await tus('POST', '/v1/uploads', headers)
    const second = await tus('POST', '/v1/uploads', headers)
    expect([second.status, second.headers.location, second.headers['idempotent-replayed']]).toEqual([201, first.headers.location, 'true'])
    expect((await tus('POST', '/v1/uploads', { ...headers, 'upload-length': '11' })).status).toBe(422)
  })

  it('tells browsers what tus-js-client and Uppy want to know', async () => {
    const options = await send(system.url, 'OPTIONS', '/v1/uploads', {})
    expect(options.status).toBe(204)
    expect(options.headers).toMatchObject({ 'tus-version': '1.0.0', 'tus-max-size': '5368709120', 'tus-checksum-algorithm': 'sha1,sha256' })
    expect(String(options.headers['tus-extension']).split(',')).toEqual([
      'creation',
      'creation-with-upload',
      'creation-defer-length',
      'expiration',
      'checksum',
      'termination',
      'concatenation',
    ])
    const preflight = await send(system.url, 'OPTIONS', '/v1/uploads/x', {
      origin: 'http://localhost:5173',
      'access-control-request-method': 'PATCH',
    })
    expect(String(preflight.headers['access-control-allow-headers'])).toMatch(/Upload-Offset.*Upload-Checksum/)
    const exposed = await send(system.url, 'HEAD', '/v1/uploads/x', { ...alice, origin: 'http://localhost:5173' })
    expect(String(exposed.headers['access-control-expose-headers'])).toMatch(/Upload-Offset.*Tus-Resumable/)
  })

  it('is bounded in number for one owner', async () => {
    const dave = await system.as({ sub: 'dave' })
    for (let i = 0; i < 20; i++) await begin(10, {}, dave)
    const refused = await tus('POST', '/v1/uploads', { ...dave, 'upload-length': '10' })
    expect([refused.status, refused.body['code']]).toEqual([429, 'too_many_uploads'])
    expect(refused.headers['retry-after']).toBeDefined()
  })
})

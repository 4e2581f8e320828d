// Verifies an evidence bundle. The same file is put into every bundle as verify.ts, where `node verify.ts` (Node 22.18 or later) runs it beside the other
// files: it therefore stands alone, imports nothing but Node itself, and does nothing on import. Who signed the bundle's key is for its reader to ask
// (README.txt).
import { createHash, createPublicKey, verify, X509Certificate, constants, type KeyObject } from 'node:crypto'

/** One look: `ok` null says that there was nothing to look at, which is no fault. */
export type EvidenceLook = { file: string; what: string; ok: boolean | null; detail: string }
export type EvidenceVerdict = { ok: boolean; looks: readonly EvidenceLook[] }

type Files = ReadonlyMap<string, Buffer>
type Json = Readonly<Record<string, unknown>>
type Line = { sequence: number; previousHash: string; hash: string; entry: Json | null }
type Manifest = { subject: string; kind: string; files: readonly { name: string; bytes: number; sha256: string }[] }

const zeros = '0'.repeat(64)
const selfDescribing = ['manifest.json', 'manifest.jws']

/**
 * Looks at every file of a bundle (by name). `others`: names of what lies beside the files and is none (folders, links). Never throws: what cannot be read is a fault
 * that names its file.
 */
export function verifyEvidence(files: Files, others: readonly string[] = []): EvidenceVerdict {
  const looks: EvidenceLook[] = []
  const look = (file: string, what: string, work: () => string | null | { nothing: string }): void => {
    try {
      const found = work()
      if (typeof found === 'object' && found !== null) looks.push({ file, what, ok: null, detail: found.nothing })
      else looks.push({ file, what, ok: found === null, detail: found ?? '' })
    } catch (error) {
      looks.push({ file, what, ok: false, detail: error instanceof Error ? error.message : 'unreadable' })
    }
  }
  look('manifest.jws', 'the manifest is signed by the key in jwks.json', () => manifestFault(files))
  const manifest = readManifest(files)
  for (const listed of manifest?.files ?? []) look(listed.name, 'is as the manifest lists it', () => listingFault(files, listed))
  const names = new Set([...selfDescribing, ...(manifest?.files ?? []).map(({ name }) => name)])
  for (const name of files.keys()) if (!names.has(name)) look(name, 'is as the manifest lists it', () => 'the manifest does not list it')
  for (const name of others)
    look(name, 'is as the manifest lists it', () => 'it is a folder, a link or the like: the manifest lists files alone')
  look('audit.ndjson', 'each entry is what was hashed, and follows the one before', () => auditFault(linesOf(files)))
  look('checkpoint.jws', 'a signed checkpoint speaks for the entries', () => checkpointFault(files))
  if (manifest?.kind === 'envelope') lookAtEnvelope(files, look)
  if (manifest?.kind === 'document')
    look('document.pdf', 'is the document that was recorded', () =>
      digestFault(files, 'document.pdf', jsonOf(files, 'document.json').sha256),
    )
  return { ok: manifest !== null && looks.every(({ ok }) => ok !== false), looks }
}

type Look = (file: string, what: string, work: () => string | null | { nothing: string }) => void

function lookAtEnvelope(files: Files, look: Look): void {
  look('envelope.json', 'is of the envelope that the manifest names', () =>
    jsonOf(files, 'envelope.json').id === readManifest(files)?.subject ? null : 'it is of another envelope',
  )
  look('acts.json', 'each act is what was hashed, and follows the one before', () => actsFault(files))
  look('envelope.json', 'says what the acts say', () => factsFault(files))
  look('audit.ndjson', 'the hash of each act stands in an entry of the trail', () => anchorFault(files))
  look('original.pdf', 'is the document that was sent', () => digestFault(files, 'original.pdf', recordOf(files, 'document').sha256))
  look('certificate.pdf', 'is the certificate that was made with the seal', () =>
    digestFault(files, 'certificate.pdf', recordOf(files, 'seal').certificateFileSha256),
  )
  look('sealed.pdf', 'is the copy that was sealed', () => digestFault(files, 'sealed.pdf', recordOf(files, 'seal').sha256))
  look('sealed.pdf', 'begins with the document that was sent, byte for byte', () => {
    const original = fileOf(files, 'original.pdf')
    return fileOf(files, 'sealed.pdf').subarray(0, original.length).equals(original) ? null : 'the original is not its beginning'
  })
  look('sealed.pdf', 'the seal is of these bytes and by its certificate', () => sealFault(files))
  look('certificates.pem', 'holds the certificate of the seal', () => {
    const expected = recordOf(files, 'seal').certificateSha256
    const found = certificatesIn(fileOf(files, 'certificates.pem').toString('latin1'))
    return found.some(({ raw }) => sha256(raw) === expected) ? null : 'the certificate of the seal is not among them'
  })
}

// Files and JSON.

function fileOf(files: Files, name: string): Buffer {
  const content = files.get(name)
  if (!content) throw new Error(`${name} is missing`)
  return content
}

function jsonOf(files: Files, name: string): Json {
  const value: unknown = JSON.parse(fileOf(files, name).toString('utf8'))
  if (typeof value !== 'object' || value === null) throw new Error(`${name} holds no object`)
  return value as Json
}

function recordOf(files: Files, name: 'document' | 'seal'): Json {
  const value = jsonOf(files, 'envelope.json')[name]
  if (typeof value !== 'object' || value === null) throw new Error(`envelope.json has no ${name}`)
  return value as Json
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

function digestFault(files: Files, name: string, expected: unknown): string | null {
  return sha256(fileOf(files, name)) === expected ? null : 'its SHA-256 is another one'
}

/** RFC 8785: members sorted by UTF-16 code units, no blanks. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`
}

function hashWithout(value: Json, left: readonly string[]): string {
  return sha256(Buffer.from(canonical(Object.fromEntries(Object.entries(value).filter(([name]) => !left.includes(name))))))
}

// The manifest.

function readManifest(files: Files): Manifest | null {
  try {
    const manifest = jsonOf(files, 'manifest.json') as unknown as Manifest
    return typeof manifest.subject === 'string' && Array.isArray(manifest.files) ? manifest : null
  } catch {
    return null
  }
}

function manifestFault(files: Files): string | null {
  const { payload, type } = readJws(files, 'manifest.jws')
  if (type !== 'evidence-manifest') return 'it is signed as something else'
  return payload.equals(fileOf(files, 'manifest.json')) ? null : 'manifest.json is not what was signed'
}

function listingFault(files: Files, { name, bytes, sha256: expected }: Manifest['files'][number]): string | null {
  const content = files.get(name)
  if (!content) return 'it is missing'
  if (content.length !== bytes) return `it has ${content.length} bytes instead of ${bytes}`
  return sha256(content) === expected ? null : 'its SHA-256 is another one'
}

/** A compact JWS by Ed25519, checked by the key of jwks.json that it names. Throws when the signature does not match. */
function readJws(files: Files, name: string): { payload: Buffer; type: unknown } {
  const parts = fileOf(files, name).toString('utf8').trim().split('.')
  const [head = '', payload = '', signature = ''] = parts
  const { alg, typ, kid } = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Json
  const isRight =
    parts.length === 3 &&
    alg === 'EdDSA' &&
    verify(null, Buffer.from(`${head}.${payload}`), publicKey(files, kid), Buffer.from(signature, 'base64url'))
  if (!isRight) throw new Error('the signature does not match')
  return { payload: Buffer.from(payload, 'base64url'), type: typ }
}

function publicKey(files: Files, kid: unknown): KeyObject {
  const keys = jsonOf(files, 'jwks.json').keys as readonly Json[]
  const jwk = keys.find((key) => key.kid === kid)
  if (!jwk) throw new Error('jwks.json has no such key')
  return createPublicKey({ key: jwk, format: 'jwk' })
}

// Acts and trail.

function actsOf(files: Files): readonly Json[] {
  const acts: unknown = JSON.parse(fileOf(files, 'acts.json').toString('utf8'))
  if (!Array.isArray(acts)) throw new Error('it holds no list')
  return acts as readonly Json[]
}

function actsFault(files: Files): string | null {
  const acts = actsOf(files)
  const envelope = jsonOf(files, 'envelope.json')
  let previous = zeros
  for (const [index, act] of acts.entries()) {
    const place = `act ${index + 1}`
    if (act.sequence !== index + 1 || act.envelopeId !== envelope.id) return `${place} is missing or out of its place`
    if (hashWithout(act, ['hash', 'isErased']) !== act.hash) return `${place} was edited`
    if (act.previousHash !== previous) return `${place} does not follow the one before`
    previous = act.hash
  }
  if (acts.length !== envelope.sequence || previous !== envelope.actsHead) return 'the last acts are not there'
  return null
}

/** Something that envelope.json and the acts both say. */
type Said = readonly [what: string, envelope: unknown, acts: unknown]

/** Whoever changes envelope.json must have changed the acts as well; those are hashed, and their hashes stand in the trail. */
function factsFault(files: Files): string | null {
  const envelope = jsonOf(files, 'envelope.json')
  const acts = actsOf(files)
  const said = [...sendingSaid(files, envelope, acts), ...signersSaid(envelope, acts), ...sealSaid(files, acts)]
  const differing = said.filter(([, ours, theirs]) => canonical(ours ?? null) !== canonical(theirs ?? null))
  return differing.length === 0 ? null : `the acts say something else of ${differing.map(([what]) => what).join(', ')}`
}

function factsOf(acts: readonly Json[], type: string): Json {
  return (acts.find((act) => act.type === type)?.facts ?? {}) as Json
}

function firstAt(acts: readonly Json[], type: string): unknown {
  return acts.find((act) => act.type === type)?.at
}

const endings = ['completed', 'declined', 'expired', 'canceled', 'seal_failed'].map((status) => `envelope.${status}`)

function sendingSaid(files: Files, envelope: Json, acts: readonly Json[]): Said[] {
  const sent = factsOf(acts, 'envelope.sent')
  const document = recordOf(files, 'document')
  const ended = acts.filter(({ type }) => endings.includes(String(type)))
  return [
    ['the required class', envelope.requiredClass, sent.requiredClass],
    ['the order', envelope.order, sent.order],
    ['what was declared', envelope.declarations, JSON.parse(String(sent.declarations))],
    ['the document', document.id, sent.documentId],
    ['its SHA-256', document.sha256, sent.documentSha256],
    ['its length', document.bytes, sent.documentBytes],
    ['its pages', document.pages, sent.pages],
    ['its earlier signatures', document.wasSigned, sent.isSigned],
    ['when it was sent', envelope.createdAt, firstAt(acts, 'envelope.sent')],
    ['when it expires', envelope.expiresAt, sent.expiresAt],
    ['its status', [`envelope.${String(envelope.status)}`], ended.map(({ type }) => type)],
    ['when it ended', envelope.endedAt, ended.at(-1)?.at],
  ]
}

/** What a signer did, by the member of envelope.json that says when. */
const signerSteps = ['invited', 'viewed', 'verified', 'reviewed', 'consented', 'signed'] as const

function signersSaid(envelope: Json, acts: readonly Json[]): Said[] {
  const signers = (Array.isArray(envelope.signers) ? envelope.signers : []) as readonly Json[]
  const numbers = signers.map(({ number }) => number)
  const named = new Set(acts.flatMap(({ signer }) => (signer === null ? [] : [signer])))
  return [
    ['how many signers there are', signers.length, factsOf(acts, 'envelope.sent').signers],
    ['who the signers are', numbers, numbers.map((_, index) => index + 1)],
    ['who acted', [...named].filter((number) => !numbers.includes(number)), []],
    ...signers.flatMap((signer): Said[] => {
      const own = acts.filter((act) => act.signer === signer.number)
      const typed = own.find(({ type }) => type === 'envelope.signed')?.personal as Json | undefined
      const whose = `signer ${String(signer.number)}`
      return [
        [`whether ${whose} signed`, signer.status === 'signed', typed !== undefined],
        [`the name that ${whose} typed`, signer.signedName, typed?.typedName],
        ...signerSteps.map((step): Said => [`when ${whose} was ${step}`, signer[`${step}At`], firstAt(own, `envelope.${step}`)]),
      ]
    }),
  ]
}

function sealSaid(files: Files, acts: readonly Json[]): Said[] {
  const seal = recordOf(files, 'seal')
  const sealed = factsOf(acts, 'envelope.sealed')
  const range = Array.isArray(seal.byteRange) ? seal.byteRange.map(String).join(' ') : null
  return [
    ['the sealed copy', seal.sha256, sealed.sha256],
    ['its length', seal.bytes, sealed.bytes],
    ['what the seal covers', range, sealed.byteRange],
    ['the certificate of the seal', seal.certificateSha256, sealed.certificateSha256],
    ['the certificate of completion', seal.certificateFileSha256, sealed.certificateFileSha256],
    ['its length', seal.certificateFileBytes, sealed.certificateFileBytes],
    ['the signatures before the seal', seal.signaturesBefore, sealed.signaturesBefore],
    ['when it was sealed', seal.sealedAt, sealed.sealedAt],
  ]
}

/** Entries of this subject are there in full, of others only their place and hashes; where many were left out a line says so. */
function linesOf(files: Files): Line[] {
  const texts = fileOf(files, 'audit.ndjson').toString('utf8').split('\n')
  return texts
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Json)
    .filter((value) => value.omitted === undefined)
    .map((value) => ({
      sequence: Number(value.sequence),
      previousHash: String(value.previousHash),
      hash: String(value.hash),
      entry: 'action' in value ? value : null,
    }))
}

function auditFault(lines: readonly Line[]): string | null {
  let last: Line | undefined
  for (const line of lines) {
    const place = `entry ${line.sequence}`
    if (line.entry && hashWithout(line.entry, ['hash']) !== line.hash) return `${place} was edited`
    if (last && line.sequence <= last.sequence) return `${place} is out of its place`
    if (last && line.sequence === last.sequence + 1 && line.previousHash !== last.hash) return `${place} does not follow the one before`
    last = line
  }
  return null
}

function anchorFault(files: Files): string | null {
  const entries = linesOf(files).flatMap(({ entry }) => (entry ? [entry] : []))
  const { id } = jsonOf(files, 'envelope.json')
  for (const act of actsOf(files)) {
    const anchors = entries.filter((entry) => entry.subject === id && entry.subjectSequence === act.sequence && entry.action === act.type)
    if (anchors.length === 0) return `no entry tells of act ${String(act.sequence)}`
    if (!anchors.every(({ data }) => (data as Json).hash === act.hash)) return `the entry of act ${String(act.sequence)} has another hash`
  }
  return null
}

function checkpointFault(files: Files): string | null | { nothing: string } {
  const { payload, type } = readJws(files, 'checkpoint.jws')
  if (type !== 'audit-checkpoint') return 'it is signed as something else'
  const { sequence, hash } = JSON.parse(payload.toString('utf8')) as Json
  const lines = linesOf(files)
  const last = lines.findLast(({ entry }) => entry !== null)
  if (!last) return { nothing: 'there are no entries' }
  if (Number(sequence) < last.sequence) return `it ends before entry ${last.sequence}`
  const line = lines.find((candidate) => candidate.sequence === sequence)
  if (!line) return `the line of entry ${String(sequence)} is missing`
  return line.hash === hash ? null : `entry ${String(sequence)} has another hash`
}

// The seal: PDF byte range, CMS (RFC 5652), certificate.

type Der = { tag: number; content: Buffer; whole: Buffer; next: number }

function derAt(bytes: Buffer, at: number): Der {
  const tag = bytes[at] ?? 0
  const first = bytes[at + 1] ?? 0
  const lengthBytes = first < 0x80 ? 0 : first - 0x80
  if (at + 2 + lengthBytes > bytes.length || lengthBytes > 4 || first === 0x80) throw new Error('the signature is no DER')
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(at + 2, lengthBytes)
  const start = at + 2 + lengthBytes
  if (start + length > bytes.length) throw new Error('the signature is cut off')
  return { tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length), next: start + length }
}

function childrenOf({ content }: Der): Der[] {
  const children: Der[] = []
  for (let at = 0; at < content.length; at = children.at(-1)?.next ?? content.length) children.push(derAt(content, at))
  return children
}

const oids = {
  signedData: '2a864886f70d010702',
  data: '2a864886f70d010701',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
  messageDigest: '2a864886f70d010904',
  pss: '2a864886f70d01010a',
} as const
const tags = { octets: 0x04, oid: 0x06, sequence: 0x30, set: 0x31, first: 0xa0 } as const

type Cms = {
  certificates: X509Certificate[]
  digest: 'sha256' | 'sha384' | 'sha512'
  attributes: Der
  isPss: boolean
  signature: Buffer
  end: number
}

/** The element that stands there. Throws when it is not of this kind. */
function need(der: Der | undefined, tag: number): Der {
  if (der?.tag !== tag) throw new Error('the signature is no CMS')
  return der
}

function oidOf(der: Der | undefined): string {
  return need(childrenOf(need(der, tags.sequence))[0], tags.oid).content.toString('hex')
}

/** The one signer of a detached CMS signature. Throws for anything else. */
export function readCms(bytes: Buffer): Cms {
  const outer = need(derAt(bytes, 0), tags.sequence)
  const [wrapped, more] = childrenOf(outer).slice(1)
  if (oidOf(outer) !== oids.signedData || more) throw new Error('the signature is no CMS')
  const parts = childrenOf(need(childrenOf(need(wrapped, tags.first))[0], tags.sequence))
  const content = need(parts[2], tags.sequence)
  if (oidOf(content) !== oids.data || childrenOf(content).length !== 1) throw new Error('the signature holds content of its own')
  const certificates = parts[3]?.tag === tags.first ? childrenOf(parts[3]) : []
  const [signer, second] = childrenOf(need(parts.at(-1), tags.set))
  if (second) throw new Error('the signature has more than one signer')
  const members = childrenOf(need(signer, tags.sequence))
  const digestOid = oidOf(members[2])
  const digest = (['sha256', 'sha384', 'sha512'] as const).find((name) => oids[name] === digestOid)
  if (!digest) throw new Error('the digest of the signature is not known')
  return {
    certificates: certificates.filter(({ tag }) => tag === tags.sequence).map(({ whole }) => new X509Certificate(whole)),
    digest,
    attributes: need(members[3], tags.first),
    isPss: oidOf(members[4]) === oids.pss,
    signature: need(members[5], tags.octets).content,
    end: outer.next,
  }
}

function sealFault(files: Files): string | null {
  const pdf = fileOf(files, 'sealed.pdf')
  const seal = recordOf(files, 'seal')
  const [start, before, after, rest] = rangeOf(seal.byteRange, pdf.length)
  const contents = pdf.subarray(before, after).toString('latin1')
  if (start !== 0 || !/^<[0-9a-fA-F]+>$/.test(contents)) return 'the gap of its byte range is not its signature alone'
  const raw = Buffer.from(contents.slice(1, -1), 'hex')
  const cms = readCms(raw)
  if (raw.subarray(cms.end).some((byte) => byte !== 0)) return 'something stands behind the signature'
  const signed = createHash(cms.digest)
    .update(pdf.subarray(0, before))
    .update(pdf.subarray(after, after + rest))
    .digest()
  const claims = childrenOf(cms.attributes).filter((der) => oidOf(der) === oids.messageDigest)
  const [claimed] = claims.flatMap((der) => childrenOf(need(childrenOf(der)[1], tags.set)))
  if (claims.length !== 1 || !need(claimed, tags.octets).content.equals(signed)) return 'the signed digest is of other bytes'
  const certificate = cms.certificates.find((candidate) => sha256(candidate.raw) === seal.certificateSha256)
  if (!certificate) return 'the certificate that sealed is not in it'
  // What is signed is the attributes as a SET (RFC 5652, 5.4).
  const attributes = Buffer.concat([Buffer.from([0x31]), cms.attributes.whole.subarray(1)])
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
  const key = cms.isPss ? { key: certificate.publicKey, ...pss } : certificate.publicKey
  return verify(cms.digest, attributes, key, cms.signature) ? null : 'the signature does not match'
}

function rangeOf(value: unknown, fileBytes: number): [number, number, number, number] {
  const numbers = Array.isArray(value) ? value.map(Number) : []
  const [start = Number.NaN, before = Number.NaN, after = Number.NaN, rest = Number.NaN] = numbers
  const isSound = numbers.length === 4 && numbers.every(Number.isSafeInteger) && before > 0 && after > before && after + rest === fileBytes
  if (!isSound) throw new Error('the byte range does not reach to the end of the file')
  return [start, before, after, rest]
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((text) => new X509Certificate(text))
}

// The command.

async function main(): Promise<void> {
  const { readdirSync, readFileSync } = await import('node:fs')
  const { dirname, join } = await import('node:path')
  const folder = process.argv[2] ?? dirname(process.argv[1] ?? '.')
  const entries = readdirSync(folder, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }): [string, Buffer] => [name, readFileSync(join(folder, name))])
  const others = entries.filter((entry) => !entry.isFile()).map(({ name }) => name)
  const { ok, looks } = verifyEvidence(new Map(files), others)
  const width = Math.max(...looks.map(({ file }) => file.length))
  for (const { file, what, ok, detail } of looks) {
    const word = ok === null ? 'none' : ok ? 'ok  ' : 'FAIL'
    console.log(`${word}  ${file.padEnd(width)}  ${what}${detail === '' ? '' : `: ${detail}`}`)
  }
  console.log(
    ok
      ? '\nThe bundle is whole. Now compare jwks.json with the key that the service publishes (README.txt).'
      : '\nThe bundle is NOT whole.',
  )
  process.exitCode = ok ? 0 : 1
}

if (import.meta.main) await main()

// The rotating master keys and what is derived from them: sealed data, derived secrets, keyed tags and fingerprints.
// It knows nothing of what is sealed; callers name the purpose of every key with a label.
import { createCipheriv, createDecipheriv, createHash, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { randomBytes } from './random.ts'

/** One master key. `tag` is the two bytes by which an id names the key it was derived under. */
type MasterKey = { kid: string; tag: number; secret: KeyObject; derived: Map<string, KeyObject> }

/** What a sealed record is: its kind and id are authenticated with it, its expiry is inside. */
export type SealContext = { kind: string; id: string }

const IV_BYTES = 12
const AUTH_TAG_BYTES = 16
const EXPIRY_BYTES = 8

export class Keyring {
  readonly #keys: readonly MasterKey[]

  private constructor(keys: readonly MasterKey[]) {
    this.#keys = keys
  }

  /**
   * Reads `kid:base64,kid:base64`. The first key writes, all of them read. Throws a RangeError that names the fault (never the key) for
   * an empty list, a key under 32 bytes, a kid twice, or two kids with the same tag.
   */
  static parse(text: string): Keyring {
    const keys = text.split(',').map((entry) => {
      const [kid = '', encoded = ''] = entry.trim().split(':', 2)
      // Without a colon the whole entry is a key: it must not be taken for a kid and shown.
      if (encoded === '' || !/^[A-Za-z0-9_-]{1,32}$/.test(kid))
        throw new RangeError('each key is kid:base64, the kid 1-32 letters, digits, "-" or "_"')
      const bytes = Buffer.from(encoded, 'base64')
      if (bytes.length < 32) throw new RangeError(`key ${kid} has fewer than 32 bytes`)
      const tag = createHash('sha256').update(kid).digest().readUInt16BE(0)
      return { kid, tag, secret: createSecretKey(bytes), derived: new Map<string, KeyObject>() }
    })
    if (new Set(keys.map((key) => key.tag)).size !== keys.length) throw new RangeError('two kids are equal or share a tag: rename one')
    return new Keyring(keys)
  }

  /** The tag of the key that writes, to be carried in an id. */
  get writingTag(): number {
    return this.#first.tag
  }

  get #first(): MasterKey {
    const first = this.#keys[0]
    if (!first) throw new RangeError('a keyring has at least one key')
    return first
  }

  /** Whether ids that carry this tag can still be served. */
  holds(tag: number): boolean {
    return this.#keys.some((key) => key.tag === tag)
  }

  /** HMAC-SHA-256 (32 bytes) of `text` under the key that `tag` names, derived for `label`; null when that key has left the ring. */
  mac(tag: number, label: string, text: string): Buffer | null {
    const key = this.#keys.find((candidate) => candidate.tag === tag)
    return key ? createHmac('sha256', subkey(key, label)).update(text).digest() : null
  }

  /**
   * A keyed fingerprint (128 bits, base64url) by which a value is found without being stored. It is made with the oldest key of the ring,
   * so that putting a new key in front changes none; taking the oldest away restarts what is counted by fingerprint.
   */
  fingerprint(label: string, text: string): string {
    return fingerprintOf(this.#keys.at(-1) ?? this.#first, label, text)
  }

  /**
   * The fingerprint under every key of the ring, the writing one's first. What must still be found after the oldest key has gone is stored under the
   * first and looked for under all.
   */
  fingerprints(label: string, text: string): [string, ...string[]] {
    const prints = this.#keys.map((key) => fingerprintOf(key, label, text))
    return [fingerprintOf(this.#first, label, text), ...prints.slice(1)]
  }

  /** The key of the writing master key for `label`, with the kid by which `readingKey` finds it again. */
  writingKey(label: string): { kid: string; key: KeyObject } {
    return { kid: this.#first.kid, key: subkey(this.#first, label) }
  }

  /** The same key by its kid; null when that has left the ring. */
  readingKey(kid: string, label: string): KeyObject | null {
    const key = this.#keys.find((candidate) => candidate.kid === kid)
    return key ? subkey(key, label) : null
  }

  /**
   * AES-256-GCM over the expiry and the text, with kind and id as associated data, under a key of the record's own (so that random
   * nonces never meet under one key). The result is `kid.base64url`.
   */
  seal(context: SealContext, expiresAtMs: number, plaintext: string): string {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', recordKey(this.#first, context), iv)
    cipher.setAAD(associatedData(context))
    const expiry = Buffer.alloc(EXPIRY_BYTES)
    expiry.writeBigUInt64BE(BigInt(expiresAtMs))
    const body = Buffer.concat([iv, cipher.update(expiry), cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${this.#first.kid}.${body.toString('base64url')}`
  }

  /** Opens what `seal` made for the same kind and id. Null for anything altered, foreign, or sealed under a key that left the ring. */
  open(context: SealContext, sealed: string): { expiresAtMs: number; plaintext: string } | null {
    const [kid, encoded] = sealed.split('.', 2)
    const key = this.#keys.find((candidate) => candidate.kid === kid)
    const body = Buffer.from(encoded ?? '', 'base64url')
    if (!key || body.length < IV_BYTES + EXPIRY_BYTES + AUTH_TAG_BYTES) return null
    try {
      const decipher = createDecipheriv('aes-256-gcm', recordKey(key, context), body.subarray(0, IV_BYTES), {
        authTagLength: AUTH_TAG_BYTES,
      })
      decipher.setAAD(associatedData(context))
      decipher.setAuthTag(body.subarray(-AUTH_TAG_BYTES))
      const plain = Buffer.concat([decipher.update(body.subarray(IV_BYTES, -AUTH_TAG_BYTES)), decipher.final()])
      return { expiresAtMs: Number(plain.readBigUInt64BE(0)), plaintext: plain.subarray(EXPIRY_BYTES).toString('utf8') }
    } catch {
      return null
    }
  }
}

/** KeyObjects are made once and kept: on Node 24 a Buffer as key makes HMAC seven times slower. */
function subkey(key: MasterKey, label: string): KeyObject {
  let derived = key.derived.get(label)
  if (!derived) {
    derived = createSecretKey(Buffer.from(hkdfSync('sha256', key.secret, Buffer.alloc(0), `sallyport ${label}`, 32)))
    key.derived.set(label, derived)
  }
  return derived
}

function fingerprintOf(key: MasterKey, label: string, text: string): string {
  return createHmac('sha256', subkey(key, `fingerprint ${label}`))
    .update(text)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
}

function recordKey(key: MasterKey, context: SealContext): KeyObject {
  return createSecretKey(createHmac('sha256', subkey(key, 'seal')).update(associatedData(context)).digest())
}

function associatedData({ kind, id }: SealContext): Buffer {
  return Buffer.from(JSON.stringify([kind, id]))
}

// Passwords of PKCS#12 files: the keys that are derived from them (RFC 7292, appendix B; RFC 8018), and what they open.
import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto'
import { BerError, childOf, numberOf, oidOf, type Ber } from './ber.ts'
import { decryptRc2 } from './rc2.ts'

/** The file asks for something that is not known here. */
export class UnknownAlgorithm extends Error {}
/** The password does not open it. */
export class WrongPassword extends Error {}

const prfs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
const ciphers: Readonly<Record<string, { name: string; keyBytes: number }>> = {
  '2.16.840.1.101.3.4.1.2': { name: 'aes-128-cbc', keyBytes: 16 },
  '2.16.840.1.101.3.4.1.22': { name: 'aes-192-cbc', keyBytes: 24 },
  '2.16.840.1.101.3.4.1.42': { name: 'aes-256-cbc', keyBytes: 32 },
  '1.2.840.113549.3.7': { name: 'des-ede3-cbc', keyBytes: 24 },
}
/** pbeWithSHAAnd… of RFC 7292, appendix C. */
const legacy: Readonly<Record<string, { cipher: 'des-ede3-cbc' | 'rc2'; keyBytes: number }>> = {
  '1.2.840.113549.1.12.1.3': { cipher: 'des-ede3-cbc', keyBytes: 24 },
  '1.2.840.113549.1.12.1.5': { cipher: 'rc2', keyBytes: 16 },
  '1.2.840.113549.1.12.1.6': { cipher: 'rc2', keyBytes: 5 },
}
const pbes2 = '1.2.840.113549.1.5.13'
const pbkdf2 = '1.2.840.113549.1.5.12'
/** What costs longer than a start may take. */
const maxIterations = 10_000_000

/** Opens what an AlgorithmIdentifier of password-based encryption says of `data`. Throws UnknownAlgorithm, WrongPassword or BerError. */
export function decryptByPassword(algorithm: Ber, password: string, data: Buffer): Buffer {
  const oid = oidOf(childOf(algorithm, 0))
  if (oid === pbes2) return decryptModern(childOf(algorithm, 1), password, data)
  const known = legacy[oid]
  if (!known) throw new UnknownAlgorithm(oid)
  const parameters = childOf(algorithm, 1)
  const [salt, iterations] = [childOf(parameters, 0).content, iterationsOf(childOf(parameters, 1))]
  const key = deriveKey('sha1', password, salt, iterations, 1, known.keyBytes)
  const iv = deriveKey('sha1', password, salt, iterations, 2, 8)
  if (known.cipher !== 'rc2') return decrypt(known.cipher, key, iv, data)
  const clear = decryptRc2(key, iv, data)
  if (!clear) throw new WrongPassword()
  return clear
}

function decryptModern(parameters: Ber, password: string, data: Buffer): Buffer {
  const [derivation, scheme] = [childOf(parameters, 0), childOf(parameters, 1)]
  const cipher = ciphers[oidOf(childOf(scheme, 0))]
  if (oidOf(childOf(derivation, 0)) !== pbkdf2 || !cipher) throw new UnknownAlgorithm('PBES2')
  const [salt, iterations, ...rest] = childOf(derivation, 1).children
  if (!salt || !iterations) throw new BerError('the key derivation is cut short')
  const prf = rest.find(({ children }) => children.length > 0)
  const hash = prf ? prfs[oidOf(childOf(prf, 0))] : 'sha1'
  if (hash === undefined) throw new UnknownAlgorithm('PBKDF2')
  const key = pbkdf2Sync(password, salt.content, iterationsOf(iterations), cipher.keyBytes, hash)
  return decrypt(cipher.name, key, childOf(scheme, 1).content, data)
}

export function iterationsOf(element: Ber): number {
  const count = numberOf(element)
  if (count < 1 || count > maxIterations) throw new UnknownAlgorithm('iterations')
  return count
}

function decrypt(cipher: string, key: Buffer, iv: Buffer, data: Buffer): Buffer {
  try {
    const decipher = createDecipheriv(cipher, key, iv)
    return Buffer.concat([decipher.update(data), decipher.final()])
  } catch (cause) {
    throw new WrongPassword('', { cause })
  }
}

const hashBlockBytes: Readonly<Record<string, number>> = { sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128 }

/** RFC 7292, appendix B.2. `purpose`: 1 a key, 2 an initial vector, 3 a key for a MAC. */
export function deriveKey(hash: string, password: string, salt: Buffer, iterations: number, purpose: 1 | 2 | 3, bytes: number): Buffer {
  const size = hashBlockBytes[hash] ?? 64
  const secret = Buffer.from(`${password}\0`, 'utf16le').swap16()
  const input = Buffer.concat([filled(salt, size), filled(secret, size)])
  const made: Buffer[] = []
  for (let length = 0; length < bytes;) {
    let digest = createHash(hash).update(Buffer.alloc(size, purpose)).update(input).digest()
    for (let round = 1; round < iterations; round++) digest = createHash(hash).update(digest).digest()
    made.push(digest)
    length += digest.length
    addToBlocks(input, filled(digest, size).subarray(0, size), size)
  }
  return Buffer.concat(made).subarray(0, bytes)
}

/** As many copies as make whole blocks. */
function filled(bytes: Buffer, size: number): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / size) * size, bytes)
}

/** Each block becomes block + digest + 1, as a number. */
function addToBlocks(input: Buffer, digest: Buffer, size: number): void {
  for (let start = 0; start < input.length; start += size) {
    let carry = 1
    for (let at = size - 1; at >= 0; at--) {
      carry += (input[start + at] ?? 0) + (digest[at] ?? 0)
      input[start + at] = carry & 0xff
      carry >>= 8
    }
  }
}

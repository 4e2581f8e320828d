// Reads a PKCS#12 file (RFC 7292): one private key and the certificates beside it. Whether they may seal is sealing-key.ts'.
import { createHmac, createPrivateKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { BerError, childOf, oidOf, readBer, type Ber } from './ber.ts'
import { decryptByPassword, deriveKey, iterationsOf, UnknownAlgorithm, WrongPassword } from './pbe.ts'

/** `reason` is one of a few words for the operator. */
export class Pkcs12Error extends Error {
  readonly reason: 'unreadable' | 'wrong_password' | 'unknown_algorithm' | 'no_key' | 'no_certificate'
  constructor(reason: Pkcs12Error['reason'], options?: ErrorOptions) {
    super(reason, options)
    this.name = 'Pkcs12Error'
    this.reason = reason
  }
}

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certificateBag: '1.2.840.113549.1.12.10.1.3',
  nestedBag: '1.2.840.113549.1.12.10.1.6',
  x509: '1.2.840.113549.1.9.22.1',
} as const
const macHashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}

/** The first key, and all certificates (DER) as they stand in the file. Throws Pkcs12Error. */
export function readPkcs12(bytes: Buffer, password: string): { key: KeyObject; certificates: Buffer[] } {
  try {
    const bags = bagsOf(readBer(bytes), password)
    const keys = bags.filter(({ type }) => type === oids.keyBag || type === oids.shroudedKeyBag)
    const [first] = keys
    if (!first) throw new Pkcs12Error('no_key')
    const certificates = bags.filter(({ type }) => type === oids.certificateBag).flatMap(({ value }) => certificateOf(value))
    if (certificates.length === 0) throw new Pkcs12Error('no_certificate')
    return { key: keyOf(first, password), certificates }
  } catch (error) {
    if (error instanceof WrongPassword) throw new Pkcs12Error('wrong_password')
    if (error instanceof UnknownAlgorithm) throw new Pkcs12Error('unknown_algorithm')
    if (error instanceof BerError) throw new Pkcs12Error('unreadable')
    throw error
  }
}

type Bag = { type: string; value: Ber }

function bagsOf(file: Ber, password: string): Bag[] {
  const [content, mac] = [childOf(file, 1), file.children[2]]
  if (oidOf(childOf(content, 0)) !== oids.data) throw new UnknownAlgorithm('signed files')
  const authenticated = childOf(childOf(content, 1), 0).content
  if (mac) checkMac(mac, password, authenticated)
  return readBer(authenticated).children.flatMap((part) => bagsIn(contentOf(part, password)))
}

function contentOf(part: Ber, password: string): Buffer {
  const type = oidOf(childOf(part, 0))
  const inner = childOf(childOf(part, 1), 0)
  if (type === oids.data) return inner.content
  if (type !== oids.encryptedData) throw new UnknownAlgorithm(type)
  const encrypted = childOf(inner, 1)
  return decryptByPassword(childOf(encrypted, 1), password, childOf(encrypted, 2).content)
}

function bagsIn(contents: Buffer): Bag[] {
  return readBer(contents).children.flatMap((bag) => {
    const type = oidOf(childOf(bag, 0))
    const value = childOf(childOf(bag, 1), 0)
    return type === oids.nestedBag ? bagsIn(value.raw) : [{ type, value }]
  })
}

// RFC 7292, 4: what the password protects was not altered, so a wrong password is told from a damaged file.
function checkMac(mac: Ber, password: string, authenticated: Buffer): void {
  const [digestInfo, salt, iterations] = mac.children
  if (!digestInfo || !salt) throw new BerError('the MAC is cut short')
  const hash = macHashes[oidOf(childOf(childOf(digestInfo, 0), 0))]
  if (hash === undefined) throw new UnknownAlgorithm('MAC')
  const expected = childOf(digestInfo, 1).content
  const key = deriveKey(hash, password, salt.content, iterations ? iterationsOf(iterations) : 1, 3, expected.length)
  const found = createHmac(hash, key).update(authenticated).digest()
  if (found.length !== expected.length || !timingSafeEqual(found, expected)) throw new WrongPassword()
}

function certificateOf(bag: Ber): Buffer[] {
  return oidOf(childOf(bag, 0)) === oids.x509 ? [childOf(childOf(bag, 1), 0).content] : []
}

function keyOf({ type, value }: Bag, password: string): KeyObject {
  const der = type === oids.keyBag ? value.raw : decryptByPassword(childOf(value, 0), password, childOf(value, 1).content)
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch {
    throw new Pkcs12Error('no_key')
  }
}

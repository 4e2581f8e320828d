// The key that seals in development and tests: a certificate that vouches for nobody but itself, in the form in which operators bring theirs.
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import { der, derBits, derInteger, derOctets, derOid, derSequence, derSet, derTime, derUtf8 } from '../lib/der.ts'
import { DAY_MS } from '../lib/durations.ts'

const lifeMs = 3_653 * DAY_MS
const name = derSequence(derSet(derSequence(derOid('2.5.4.3'), derUtf8('Sallyport development seal'))))
const ecdsaWithSha256 = derSequence(derOid('1.2.840.10045.4.3.2'))
const yes = der(0x01, Buffer.from([0xff]))
/** digitalSignature and nonRepudiation (RFC 5280, 4.2.1.3). */
const keyUsage = derSequence(derOid('2.5.29.15'), yes, derOctets(derBits(Buffer.from([0xc0]), 6)))

const data = '1.2.840.113549.1.7.1'
const keyBag = '1.2.840.113549.1.12.10.1.1'
const certificateBag = '1.2.840.113549.1.12.10.1.3'
const x509 = '1.2.840.113549.1.9.22.1'

/** PKCS#12 (RFC 7292) of a new P-256 key and its certificate, good from a day before `nowMs` for ten years, with neither password nor MAC. */
export function createSealingKey(nowMs: number): Buffer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = bag(keyBag, privateKey.export({ type: 'pkcs8', format: 'der' }))
  const certificate = bag(certificateBag, derSequence(derOid(x509), explicit(derOctets(selfSigned(publicKey, privateKey, nowMs)))))
  const contents = derSequence(content(derSequence(key)), content(derSequence(certificate)))
  return derSequence(derInteger(3), content(contents))
}

function selfSigned(publicKey: KeyObject, privateKey: KeyObject, nowMs: number): Buffer {
  const body = derSequence(
    explicit(derInteger(2)),
    serialNumber(),
    ecdsaWithSha256,
    name,
    derSequence(derTime(nowMs - DAY_MS), derTime(nowMs + lifeMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, derSequence(keyUsage)),
  )
  return derSequence(body, ecdsaWithSha256, derBits(sign('sha256', body, privateKey)))
}

// Positive, and not begun with zeros: its first byte is from 0x40 to 0x7f.
function serialNumber(): Buffer {
  const bytes = randomBytes(8)
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return derInteger(bytes)
}

function bag(type: string, value: Buffer): Buffer {
  return derSequence(derOid(type), explicit(value))
}

function content(bytes: Buffer): Buffer {
  return derSequence(derOid(data), explicit(derOctets(bytes)))
}

function explicit(element: Buffer): Buffer {
  return der(0xa0, element)
}

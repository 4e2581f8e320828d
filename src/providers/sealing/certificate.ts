// What sealing needs of an X.509 certificate (RFC 5280) beyond what Node tells.
import { childOf, oidOf, readBer, type Ber } from './ber.ts'

/** `issuer` and `serialNumber` are elements as they stand in it. `maySign`: its key usage, if it has one, is for signatures. */
export type CertificateParts = { der: Buffer; issuer: Buffer; serialNumber: Buffer; maySign: boolean }

const keyUsage = '2.5.29.15'
/** digitalSignature and nonRepudiation. */
const signingBits = 0x80 | 0x40

/** Throws BerError for what is no certificate. */
export function readCertificateParts(der: Buffer): CertificateParts {
  const fields = childOf(readBer(der), 0).children
  const isVersioned = fields[0]?.isContext === true
  const [serialNumber, , issuer] = isVersioned ? fields.slice(1) : fields
  const extensions = fields.find(({ isContext, tag }) => isContext && tag === 3)
  return {
    der,
    issuer: issuer?.raw ?? Buffer.alloc(0),
    serialNumber: serialNumber?.raw ?? Buffer.alloc(0),
    maySign: extensions === undefined || maySign(childOf(extensions, 0).children),
  }
}

function maySign(extensions: readonly Ber[]): boolean {
  const usage = extensions.find((extension) => oidOf(childOf(extension, 0)) === keyUsage)?.children.at(-1)
  return usage === undefined || ((readBer(usage.content).content[1] ?? 0) & signingBits) !== 0
}

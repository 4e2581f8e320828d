// A self-signed certificate for a name, made when a test runs.
import { webcrypto } from 'node:crypto'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'

const commonName = '2.5.4.3'
const subjectAlternativeName = '2.5.29.17'
const dnsName = 2
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const

/** PEM of key and certificate, good for a day. */
export async function createCertificate(names: readonly string[]): Promise<{ key: string; cert: string }> {
  pkijs.setEngine('test', new pkijs.CryptoEngine({ name: 'test', crypto: webcrypto as unknown as Crypto }))
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  certificate.serialNumber = new asn1js.Integer({ value: 1 })
  for (const name of [certificate.subject, certificate.issuer]) {
    name.typesAndValues.push(
      new pkijs.AttributeTypeAndValue({ type: commonName, value: new asn1js.Utf8String({ value: names[0] ?? 'test' }) }),
    )
  }
  certificate.notBefore.value = new Date(Date.now() - 3_600_000)
  certificate.notAfter.value = new Date(Date.now() + 86_400_000)
  const alternatives = new pkijs.GeneralNames({ names: names.map((value) => new pkijs.GeneralName({ type: dnsName, value })) })
  certificate.extensions = [
    new pkijs.Extension({
      extnID: subjectAlternativeName,
      critical: false,
      extnValue: alternatives.toSchema().toBER(),
      parsedValue: alternatives,
    }),
  ]
  await certificate.subjectPublicKeyInfo.importKey(publicKey as unknown as CryptoKey)
  await certificate.sign(privateKey as unknown as CryptoKey, 'SHA-256')
  const der = await webcrypto.subtle.exportKey('pkcs8', privateKey)
  return { key: toPem('PRIVATE KEY', der), cert: toPem('CERTIFICATE', certificate.toSchema().toBER()) }
}

function toPem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

// Signers as a sender names them: names and addresses made canonical, nobody asked twice, and how each will be identified.
import type { CreateEnvelopeRequest } from '../../contracts/envelope.ts'
import { AppError, type FieldFault } from '../../errors.ts'
import type { VerificationPolicy } from '../ports.ts'
import { maskDestination } from '../verification/destination.ts'
import { canonicalEmailAddress } from '../verification/email-address.ts'
import { canonicalPhoneNumber } from '../verification/phone-number.ts'
import { foldName, writtenName } from './names.ts'
import type { SignerPersonal } from './personal.ts'

type Asked = CreateEnvelopeRequest['signers'][number]

/** In the order of the request. Throws `invalid_request` with a pointer for each fault. */
export function newSigners(policy: VerificationPolicy, asked: readonly Asked[], locale: string): SignerPersonal[] {
  const faults: FieldFault[] = []
  const signers = asked.flatMap((signer, index) => {
    const { made, found } = newSigner(policy, signer, index, locale)
    faults.push(...found)
    return made ? [made] : []
  })
  faults.push(...repeated(asked.length === signers.length ? signers : []))
  if (faults.length > 0) throw new AppError('invalid_request', { faults })
  return signers
}

function newSigner(
  policy: VerificationPolicy,
  signer: Asked,
  index: number,
  locale: string,
): { made?: SignerPersonal; found: readonly FieldFault[] } {
  const email = canonicalEmailAddress(signer.email)
  const phone = signer.phone === undefined ? undefined : canonicalPhone(policy, signer.phone)
  const found = [
    ...(email.ok ? [] : [{ pointer: `/signers/${index}/email`, message: email.message }]),
    ...(phone === undefined || phone.ok ? [] : [{ pointer: `/signers/${index}/phone`, message: phone.message }]),
  ]
  if (!email.ok || phone?.ok === false) return { found }
  const to = { email: email.canonical, ...(phone === undefined ? {} : { phone: phone.canonical }) }
  return { made: { name: writtenName(signer.name), locale: signer.locale ?? locale, ...to, ...identificationOf(policy, to) }, found }
}

/** By a code to the phone where there is one and text messages are sent at all, else to the e-mail address. */
export function identificationOf(
  { channels }: Pick<VerificationPolicy, 'channels'>,
  { email, phone }: Pick<SignerPersonal, 'email' | 'phone'>,
): Pick<SignerPersonal, 'channel' | 'maskedTo'> {
  if (phone !== undefined && channels.includes('sms')) return { channel: 'sms', maskedTo: maskDestination('sms', phone) }
  return { channel: 'email', maskedTo: maskDestination('email', email) }
}

function canonicalPhone(
  { allowedCountries }: VerificationPolicy,
  phone: string,
): { ok: true; canonical: string } | { ok: false; message: string } {
  const number = canonicalPhoneNumber(phone)
  if (!number.ok || allowedCountries === undefined || allowedCountries.includes(number.country ?? '')) return number
  return { ok: false, message: 'numbers of this country are not served' }
}

/** Two people may share a mailbox, and one person may have two; the same name at the same address is one person twice. */
function repeated(signers: readonly SignerPersonal[]): FieldFault[] {
  const keyOf = ({ email, name }: SignerPersonal): string => JSON.stringify([email, foldName(name)])
  const keys = signers.map(keyOf)
  return keys.flatMap((key, index) =>
    keys.indexOf(key) < index ? [{ pointer: `/signers/${index}`, message: 'is the same person as a signer before' }] : [],
  )
}

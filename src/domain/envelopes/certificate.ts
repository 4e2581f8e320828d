// The certificate of an envelope: what is printed behind the document, or beside it when it was signed before. It tells what happened and judges nothing.
import type { Keyring } from '../../lib/keyring.ts'
import type { Act, ActType, EnvelopeRecord } from '../envelope-ports.ts'
import type { PrintedBlock, PrintedDocument } from '../print-ports.ts'
import { maskEmailAddress } from '../verification/email-address.ts'
import { nameOf, openEnvelope, openSigner, type EnvelopePersonal, type SignerPersonal } from './personal.ts'

const disclaimer = 'This page records what happened. It does not decide validity and is not legal advice.'

const actWords: Readonly<Record<ActType, string>> = {
  'envelope.sent': 'Sent by the sender',
  'envelope.prepared': 'Pages prepared',
  'envelope.invited': 'Asked to sign',
  'envelope.viewed': 'Asked for a code',
  'envelope.verified': 'Entered the code',
  'envelope.reviewed': 'Reviewed the document',
  'envelope.corrected': 'Corrected the name',
  'envelope.consented': 'Agreed to sign electronically',
  'envelope.signed': 'Signed',
  'envelope.declined': 'Declined',
  'envelope.resent': 'Asked again',
  'envelope.sealing': 'All have signed; sealing begins',
  'envelope.sealed': 'Sealed',
  'envelope.completed': 'Completed',
  'envelope.expired': 'Expired',
  'envelope.canceled': 'Canceled',
  'envelope.seal_failed': 'Sealing failed',
  'envelope.purged': 'Removed',
}

/** Null when what is personal of the envelope cannot be opened any more. The same record and acts give the same document. */
export function certificateOf(keyring: Keyring, record: EnvelopeRecord, acts: readonly Act[], brand: string): PrintedDocument | null {
  const personal = openEnvelope(keyring, record.id, record.sealed)
  const signers = record.signers.map(({ number, sealed }) => ({ number, personal: openSigner(keyring, record.id, number, sealed) }))
  if (!personal || signers.some((signer) => signer.personal === null)) return null
  return {
    title: 'Certificate of signing',
    language: 'en',
    atMs: record.seal?.requestedAtMs ?? record.createdAtMs,
    footer: `${brand} · ${record.id} · ${disclaimer}`,
    blocks: [
      ...documentBlocks(record, personal),
      { kind: 'heading', level: 1, text: 'Signers' },
      ...signers.flatMap(({ number, personal: own }) => (own ? signerBlocks(number, own, acts) : [])),
      ...actBlocks(acts),
      { kind: 'paragraph', tone: 'muted', text: disclaimer },
    ],
  }
}

function documentBlocks(record: EnvelopeRecord, { title, sender }: EnvelopePersonal): PrintedBlock[] {
  const count = record.signers.length
  const address = sender.email === undefined ? '' : maskEmailAddress(sender.email)
  const from = [sender.name ?? '', address].filter((part) => part !== '').join(', ')
  const note = `${count === 1 ? 'The signer was' : 'Each signer was'} identified by a code and shown the document before signing. All times are this server’s, in UTC.`
  return [
    { kind: 'badge', tone: 'good', text: `Signed by ${count} of ${count} ${count === 1 ? 'signer' : 'signers'}`, note },
    { kind: 'heading', level: 1, text: 'Document' },
    {
      kind: 'facts',
      rows: [
        ['Title', title],
        ['Envelope', record.id],
        ['SHA-256 as sent', record.documentSha256],
        ['Pages', String(record.pages)],
        ['Size', `${record.documentBytes} bytes`],
        ['Sender', from === '' ? 'not named' : from],
        ['Order', record.order === 'sequential' ? 'one after the other' : 'all at once'],
        ['Sent', timeOf(new Date(record.createdAtMs).toISOString())],
      ],
    },
  ]
}

function signerBlocks(number: number, personal: SignerPersonal, acts: readonly Act[]): PrintedBlock[] {
  const own = acts.filter((act) => act.signer === number)
  const last = (type: ActType): Act | undefined => own.findLast((act) => act.type === type)
  const signed = last('envelope.signed')
  const channel = personal.channel === 'sms' ? 'text message' : 'e-mail'
  const steps: readonly (readonly [string, ActType])[] = [
    ['Opened', 'envelope.viewed'],
    ['Code entered', 'envelope.verified'],
    ['Reviewed', 'envelope.reviewed'],
    ['Agreed', 'envelope.consented'],
    ['Signed', 'envelope.signed'],
  ]
  return [
    { kind: 'heading', level: 2, text: `${number}. ${nameOf(personal)}` },
    {
      kind: 'facts',
      rows: [
        ['Name as typed', signed?.personal['typedName'] ?? personal.signedName ?? ''],
        ['E-mail', maskEmailAddress(personal.email)],
        ['Identified by', `a code sent by ${channel} to ${personal.maskedTo}`],
        ...steps.map(([label, type]) => [label, timeOf(last(type)?.at)] as const),
        ['Statement of intent', textVersion(signed)],
      ],
    },
  ]
}

function textVersion(signed: Act | undefined): string {
  const version = signed?.facts['intentVersion']
  const sha256 = String(signed?.facts['intentSha256'] ?? '')
  return version === undefined ? '' : `version ${version}${sha256 === '' ? '' : `, SHA-256 ${sha256.slice(0, 16)}…`}`
}

function actBlocks(acts: readonly Act[]): PrintedBlock[] {
  return [
    { kind: 'heading', level: 1, text: 'What happened' },
    {
      kind: 'paragraph',
      tone: 'muted',
      text: 'Each line is hashed together with the one before it, and each hash stands in the audit trail. Sealing and completion follow after this page was made.',
    },
    {
      kind: 'table',
      columns: ['No.', 'Time (UTC)', 'What', 'Act', 'Signer', 'SHA-256'],
      widths: [5, 20, 29, 20, 8, 18],
      rows: acts.map(({ sequence, at, type, signer, hash }) => [
        { text: String(sequence) },
        { text: timeOf(at) },
        { text: actWords[type] },
        { text: type, tone: 'muted' },
        { text: signer === null ? '' : String(signer) },
        { text: `${hash.slice(0, 16)}…`, tone: 'muted' },
      ]),
    },
    { kind: 'facts', rows: [['Hash of the last line', acts.at(-1)?.hash ?? '']] },
  ]
}

/** `2026-11-21 14:05:06`, of a time in UTC. */
function timeOf(at: string | undefined): string {
  return at === undefined ? '' : at.slice(0, 19).replace('T', ' ')
}

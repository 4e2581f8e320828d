// Asking signers: from then on it is their turn.
import type { Keyring } from '../../lib/keyring.ts'
import type { NewAct } from './acts.ts'
import { withSigner, type Draft } from './draft.ts'
import { nextSigners } from './standing.ts'
import { mailSigners, notifySigners } from './tell.ts'

/** Asks whoever comes next, with a mail and a record each; nobody when it is still somebody's turn. */
export function inviteNext(keyring: Keyring, draft: Draft, nowMs: number): Draft {
  const numbers = nextSigners(draft.record).map(({ number }) => number)
  const record = numbers.reduce((changed, number) => withSigner(changed, number, { invitedAtMs: nowMs }), draft.record)
  const asked = askSigners(keyring, { ...draft, record }, 'envelope.invited', numbers, nowMs)
  return notifySigners(keyring, asked, 'signature_requested', numbers, nowMs)
}

/** The mail with the link to each of these, and an act for each that names its mail. */
export function askSigners(
  keyring: Keyring,
  draft: Draft,
  type: 'envelope.invited' | 'envelope.resent',
  numbers: readonly number[],
  nowMs: number,
): Draft {
  const mailed = mailSigners(keyring, draft, 'signature_request', numbers, nowMs)
  const fresh = mailed.notices.slice(draft.notices.length)
  const acts = numbers.map((signer): NewAct => {
    const noticeId = fresh.find((notice) => notice.signer === signer)?.id
    return { type, signer, facts: noticeId === undefined ? {} : { noticeId } }
  })
  return { ...mailed, acts: [...mailed.acts, ...acts] }
}

// News of what is refused from now on, out of the event streams: for those who serve a caller longer than one request.
import type { RevocationFeed } from '../../domain/session-ports.ts'
import type { EventTail } from './event-tail.ts'

export function createRevocationFeed(tail: Pick<EventTail, 'follow'>): RevocationFeed {
  return {
    watch: ({ owners, tokenKeys, sessionId, issuedAtMs }, onRefused) => {
      const subjects = new Set(tokenKeys.map((key) => `token.revoked token:${key}`))
      if (sessionId !== undefined) subjects.add(`session.ended session:${sessionId}`)
      const accounts = new Set(owners.map((owner) => `account:${owner}`))
      return tail.follow((event) => {
        const { type = '', subject = '', at, data = '' } = event
        const isAccount = type === 'account.signed_out' && accounts.has(subject) && !data.includes('"kept":"1"') && issuedAtMs <= Number(at)
        if (isAccount || subjects.has(`${type} ${subject}`)) onRefused()
      })
    },
  }
}

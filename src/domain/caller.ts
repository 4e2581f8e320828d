// Who is asking, as far as the rules care: the API names the caller, everything else only compares.

/** The token behind a user's request. `sessionId` and `elevatedUntilMs` are those of the session that it names, which lives. */
export type TokenFacts = { tokenId: string; issuedAtMs: number; expiresAtMs: number; sessionId?: string; elevatedUntilMs?: number }

/**
 * Whoever sent a request. `network` is the end user's address (IPv6 by /64), missing when a server names none. `binding` is the browser's
 * binding cookie; `isNewBinding` says that this very answer sets it and the request came without. `signer` names the signer of an envelope whose link was
 * opened: only the domain sets it, no request can.
 */
export type Caller = { network?: string; binding?: string; isNewBinding?: boolean } & (
  | { kind: 'anonymous'; network: string; signer?: string }
  | { kind: 'user'; subject: string; roles: readonly string[]; email?: string; phoneNumber?: string; token?: TokenFacts }
  | { kind: 'api-key'; keyId: string; scopes: readonly string[] }
)

/** Callers that see everything: admins, the system itself, servers with a key. */
export function isPrivileged(caller: Caller): boolean {
  if (caller.kind === 'api-key') return true
  return caller.kind === 'user' && (caller.roles.includes('admin') || caller.roles.includes('system'))
}

/** The credential, or else the network: what "the same caller" means. A signer is the same one in every network. */
export function callerKey(caller: Caller): string {
  if (caller.kind === 'anonymous' && caller.signer !== undefined) return `signer:${caller.signer}`
  return countedKey(caller)
}

/** The credential, or else the network: what limits by caller mean. */
export function countedKey(caller: Caller): string {
  switch (caller.kind) {
    case 'anonymous':
      return `network:${caller.network}`
    case 'user':
      return `user:${caller.subject}`
    case 'api-key':
      return `key:${caller.keyId}`
  }
}

// What goes with a request besides its body.

/** `requestId` follows the work through logs, jobs and events; `idempotencyKey` is the client's own. */
export type RequestContext = { requestId: string; idempotencyKey?: string }

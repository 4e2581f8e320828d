// What an API key may be allowed to do. Keys themselves are durable records and belong to the stores.

/** `admin` includes the others. */
export const apiKeyScopes = ['verifications', 'admin'] as const

export type ApiKeyScope = (typeof apiKeyScopes)[number]

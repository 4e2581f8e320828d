// The API's window on the stand-ins' outbox, in development.

/** A function that asks the outbox at `url` for the messages sent to `to`, newest first. Rejects when it is away. */
export function fetchOutbox(url: string): (to?: string) => Promise<readonly unknown[]> {
  return async (to) => {
    const address = new URL(url)
    if (to !== undefined) address.searchParams.set('to', to)
    const response = await fetch(address, { signal: AbortSignal.timeout(2_000) })
    if (!response.ok) throw new Error(`the outbox answered ${response.status}`)
    return (await response.json()) as unknown[]
  }
}

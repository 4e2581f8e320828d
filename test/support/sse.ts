// A client of a stream of server-sent events, as far as tests care: whether it runs, and when it has ended.
export type StreamClient = { status: number; ended: Promise<void> }

/** Opens the stream by POST; `ended` resolves when the server ends it. */
export async function createClient(url: string, body: unknown, headers: Record<string, string>): Promise<StreamClient> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: JSON.stringify(body),
  })
  const reader = response.body?.getReader()
  const ended = (async () => {
    while (reader && !(await reader.read()).done);
  })()
  return { status: response.status, ended }
}

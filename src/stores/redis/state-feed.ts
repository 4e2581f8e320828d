// Changes of temporary state as they are told by the event streams. What a listener may see is not decided here.
import type { StateFeed, StateNotice } from '../../domain/state-ports.ts'
import type { EventTail } from './event-tail.ts'

export function createStateFeed(tail: Pick<EventTail, 'follow'>): StateFeed {
  return {
    follow: (kind, onChange) =>
      tail.follow((event) => {
        const notice = noticeOf(event)
        if (notice?.kind === kind) onChange(notice)
      }),
  }
}

/** Null for an event of another shape: other writers share the stream. */
function noticeOf({ type = '', subject = '', sequence, data = '{}' }: Record<string, string>): StateNotice | null {
  const [kind = '', verb = ''] = type.split('.', 2)
  const id = subject.slice(kind.length + 1)
  if (!verb || subject !== `${kind}:${id}`) return null
  try {
    const { facts } = JSON.parse(data) as { facts?: Readonly<Record<string, string>> }
    return { kind, id, verb, version: Number(sequence), facts: facts ?? {} }
  } catch {
    return null
  }
}

// From mails that are kept to their jobs. The loop over what is owed makes good what fails here.
import type { NewNotice } from '../notice-ports.ts'
import type { Enqueue, JobRequest, Telemetry } from '../ports.ts'
import { enqueueSoon } from '../verification/enqueue-soon.ts'

type EnqueueDeps = { enqueue: Enqueue; telemetry: Pick<Telemetry, 'repaired'> }

export function noticeJob(noticeId: string): JobRequest {
  return { name: 'notice.send', payload: { noticeId } }
}

/** Queues mails right after they were kept, those of later with their delay; never fails. */
export async function enqueueNotices(
  deps: EnqueueDeps,
  notices: readonly Pick<NewNotice, 'id' | 'dueAtMs'>[],
  nowMs: number,
): Promise<void> {
  await Promise.all(notices.map(({ id, dueAtMs }) => enqueueSoon(deps, noticeJob(id), Math.max(0, dueAtMs - nowMs))))
}

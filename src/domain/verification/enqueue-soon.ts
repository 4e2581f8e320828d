// From a committed intent to its job. The reconciler owes what fails here, so nothing that happens here may refuse the request.
import { withDeadline } from '../../lib/deadline.ts'
import type { Enqueue, JobRequest, Telemetry } from '../ports.ts'

const patienceMs = 300

type EnqueueDeps = { enqueue: Enqueue; telemetry: Pick<Telemetry, 'repaired'> }

/** Adds the job at once, to run after `delayMs`, if that can be done within 300 ms; never fails. */
export async function enqueueSoon(deps: EnqueueDeps, job: JobRequest, delayMs = 0): Promise<void> {
  try {
    await withDeadline(deps.enqueue(job, delayMs), patienceMs, () => new Error('the queue did not answer in time'))
  } catch {
    deps.telemetry.repaired('enqueue_deferred')
  }
}

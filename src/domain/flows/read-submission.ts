// Reading a submission: its owner's, and everybody's for admins, the system and servers.
import type { SubmissionView } from '../../contracts/flow.ts'
import { AppError } from '../../errors.ts'
import { isPrivileged, type Caller } from '../caller.ts'
import type { FlowDeps } from './deps.ts'
import { ownerOf } from './owner.ts'
import { openSubmission } from './submission-data.ts'
import { plain, time } from './view.ts'

/** The submission with its data. Throws `not_found`, also for another's and for one that was never completed, and `service_degraded`. */
export async function readSubmission(deps: Pick<FlowDeps, 'submissions' | 'keyring'>, caller: Caller, id: string): Promise<SubmissionView> {
  const submission = await deps.submissions.find(id)
  const data = submission && openSubmission(deps.keyring, id, submission.sealed)
  if (!submission || !data || submission.completedAtMs === undefined) throw new AppError('not_found')
  if (!isPrivileged(caller) && submission.owner !== ownerOf(deps, caller)) throw new AppError('not_found')
  return {
    id,
    kind: kindOf(submission.kind),
    definition: submission.definition,
    version: submission.definitionVersion,
    status: submission.handedOverAtMs === undefined ? 'accepted' : 'handed_over',
    userId: data.userId ?? null,
    completedAt: time(submission.completedAtMs),
    handedOverAt: submission.handedOverAtMs === undefined ? null : time(submission.handedOverAtMs),
    data: plain(data.steps),
    ...(Object.keys(data.unplaced).length === 0 ? {} : { unplaced: plain(data.unplaced) }),
  }
}

function kindOf(kind: string): SubmissionView['kind'] {
  if (kind === 'form' || kind === 'onboarding' || kind === 'wizard') return kind
  throw new TypeError('a submission of an unknown kind')
}

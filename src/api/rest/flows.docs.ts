// What the generated document says of the routes of forms, onboarding, wizards and flows.
import * as flow from '../../contracts/flow.ts'
import type { Documentation } from '../route.ts'

const keyProblems = ['idempotency_key_reused', 'idempotency_key_in_progress'] as const
const idempotencyKey = { in: 'header', name: 'Idempotency-Key', means: 'The same key and body give the same answer for 24 hours.' } as const
const accepted = {
  status: 202,
  means: 'Sent in: stored durably; the draft is gone and the hand-over is on its way. Twice is once.',
  schema: flow.completion,
  headers: { Location: 'the submission' },
}
const merged =
  'Merged field by field (RFC 7396: null takes a field away). With `version` another tab’s change is a conflict that shows both values.'
const resumed = { status: 200, means: 'What was saved and where to go on.', schema: flow.formResume }
const progress = { status: 200, means: 'How far it is.', schema: flow.onboardingProgress }
const changed = { status: 200, means: 'The wizard.', schema: flow.wizard }

/** One entry for each route of rest/forms.ts. */
export const formDocs = {
  save: {
    id: 'saveFormProgress',
    tag: 'Forms',
    summary: 'Save a step',
    details: `${merged} What is not valid yet is saved too; what the step does not know is refused. An anonymous browser owns its draft by a cookie.`,
    example: { step: 1, data: { firstName: 'Ada' }, expiresIn: '2h' },
    answers: [{ status: 200, means: 'Saved.', schema: flow.formProgress }],
    problems: ['not_found', 'version_conflict', 'flow_completed', 'forbidden'],
  },
  read: { id: 'getFormProgress', tag: 'Forms', summary: 'Read what was saved', answers: [resumed], problems: ['not_found', 'forbidden'] },
  resume: { id: 'resumeForm', tag: 'Forms', summary: 'Where to go on', answers: [resumed], problems: ['not_found', 'forbidden'] },
  discard: {
    id: 'discardForm',
    tag: 'Forms',
    summary: 'Throw the draft away',
    answers: [{ status: 204, means: 'Nothing is saved any more.' }],
    problems: ['not_found', 'forbidden'],
  },
  complete: {
    id: 'completeForm',
    tag: 'Forms',
    summary: 'Send the form in',
    details: 'Every step is checked again. Nothing is lost should this fail: the draft is as it was.',
    answers: [accepted],
    problems: ['not_found', 'forbidden', 'step_invalid', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

/** One entry for each route of rest/onboarding.ts. */
export const onboardingDocs = {
  start: {
    id: 'startOnboarding',
    tag: 'Onboarding',
    summary: 'Begin an onboarding',
    details: 'One that can still be continued is answered with instead (200).',
    parameters: [idempotencyKey],
    example: { userType: 'expert' },
    answers: [
      { status: 201, means: 'Begun.', schema: flow.onboardingProgress, headers: { Location: 'its address' } },
      { ...progress, means: 'It was begun before.' },
    ],
    problems: ['not_found', ...keyProblems],
  },
  current: { id: 'getOnboarding', tag: 'Onboarding', summary: 'The caller’s onboarding', answers: [progress], problems: ['not_found'] },
  read: { id: 'getOnboardingSession', tag: 'Onboarding', summary: 'Read an onboarding', answers: [progress], problems: ['not_found'] },
  save: {
    id: 'saveOnboardingStep',
    tag: 'Onboarding',
    summary: 'Save a step',
    details: `${merged} \`completed: true\` needs the step to be valid and the earlier ones to be completed.`,
    example: { data: { displayName: 'Ada' }, completed: true },
    answers: [progress],
    problems: ['not_found', 'version_conflict', 'flow_completed', 'flow_expired', 'step_not_open', 'step_invalid'],
  },
  complete: {
    id: 'completeOnboarding',
    tag: 'Onboarding',
    summary: 'Complete the onboarding',
    answers: [accepted],
    problems: ['not_found', 'flow_expired', 'step_invalid', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

/** One entry for each route of rest/wizards.ts. */
export const wizardDocs = {
  start: {
    id: 'startWizard',
    tag: 'Wizards',
    summary: 'Begin a wizard',
    parameters: [idempotencyKey],
    example: { wizardType: 'campaign', initialData: { '1': { name: 'Spring' } } },
    answers: [{ status: 201, means: 'Begun.', schema: flow.wizard, headers: { Location: 'its address' } }],
    problems: ['not_found', 'forbidden', ...keyProblems],
  },
  read: { id: 'getWizard', tag: 'Wizards', summary: 'Read a wizard', answers: [changed], problems: ['not_found'] },
  save: {
    id: 'saveWizard',
    tag: 'Wizards',
    summary: 'Save steps',
    details: merged,
    example: { stepData: { '1': { goal: 'awareness' } } },
    answers: [changed],
    problems: ['not_found', 'version_conflict'],
  },
  discard: {
    id: 'discardWizard',
    tag: 'Wizards',
    summary: 'Throw a wizard away',
    answers: [{ status: 204, means: 'Gone.' }],
    problems: ['not_found'],
  },
  navigate: {
    id: 'navigateWizard',
    tag: 'Wizards',
    summary: 'Go on, back, or to a step',
    details: 'A move that the order does not allow yet is an answer too: `success` is false and `reason` says why.',
    example: { direction: 'next' },
    answers: [{ status: 200, means: 'Where the wizard is now.', schema: flow.wizardMove }],
    problems: ['not_found'],
  },
  complete: {
    id: 'completeWizard',
    tag: 'Wizards',
    summary: 'Complete the wizard',
    answers: [accepted],
    problems: ['not_found', 'step_invalid', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

/** One entry for each route of rest/flows.ts. */
export const flowDocs = {
  claim: {
    id: 'claimFlows',
    tag: 'Flows',
    summary: 'Take over what this browser began',
    details:
      'After sign-in, with the binding cookie: its drafts become the user’s. Where the user has one of the same flow, that one stays.',
    answers: [{ status: 200, means: 'What was moved and what was kept aside.', schema: flow.claimResult }],
    problems: ['invalid_request', 'forbidden'],
  },
  analytics: {
    id: 'getFlowAnalytics',
    tag: 'Flows',
    summary: 'How flows go',
    parameters: [{ in: 'query', name: 'definition', means: 'one flow; without it the answer is `{ "nodes": [] }` with all of them' }],
    answers: [
      { status: 200, means: 'Started, completed and abandoned for each step, and its median time.', schema: flow.flowAnalyticsAnswer },
    ],
    problems: ['not_found'],
  },
  submission: {
    id: 'getSubmission',
    tag: 'Flows',
    summary: 'Read a submission',
    answers: [{ status: 200, means: 'What was sent in, for its owner, admins and servers.', schema: flow.submissionView }],
    problems: ['not_found', 'service_degraded'],
  },
} as const satisfies Record<string, Documentation>

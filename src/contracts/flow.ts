// Public shapes of forms, onboarding and wizards: what a client may send and what it gets.
import { z } from 'zod'
import { expiresIn } from './expires-in.ts'

const daySeconds = 86_400
const stepNumber = z.int().min(1).max(50)
const data = z.record(z.string(), z.unknown())
const stepData = z.record(z.string(), data).describe('objects by step number: { "1": {} }')
const version = z.int().min(0).describe('the version last seen; another tab’s change is then a conflict')
const time = z.iso.datetime()
const completedSteps = z.array(z.int())
const unplaced = stepData.optional().describe('what the present version of the flow has no place for; kept, never asked for')

export const saveFormRequest = z.strictObject({
  step: stepNumber,
  data: data.describe('the step’s own object; merged, null takes a field away'),
  expiresIn: expiresIn(daySeconds).optional().describe('seconds or 90s, 30m, 24h; from each save on'),
  version: version.optional(),
})

export const formProgress = z.object({
  currentStep: z.int(),
  totalSteps: z.int(),
  completedSteps,
  formData: stepData,
  lastUpdated: time,
  version: z.int(),
  expiresAt: time,
  unplaced,
})

export const formResume = z.object({
  canResume: z.boolean(),
  startFromStep: z.int(),
  totalSteps: z.int(),
  completedSteps,
  savedData: stepData,
  lastUpdated: time.nullable(),
  message: z.string(),
  version: z.int().optional(),
  expiresAt: time.optional(),
  unplaced,
})

export const completion = z.object({
  submissionId: z.string(),
  status: z.literal('accepted'),
  completedAt: time,
})

export const submissionView = z.object({
  id: z.string(),
  kind: z.enum(['form', 'onboarding', 'wizard']),
  definition: z.string(),
  version: z.int(),
  status: z.enum(['accepted', 'handed_over']),
  userId: z.string().nullable(),
  completedAt: time,
  handedOverAt: time.nullable(),
  data: stepData,
  unplaced,
})

export const startOnboardingRequest = z.strictObject({ userType: z.enum(['user', 'expert']) })

export const onboardingProgress = z.object({
  sessionId: z.string(),
  userType: z.string(),
  currentStep: z.int(),
  totalSteps: z.int(),
  completedSteps,
  progressPercentage: z.int(),
  canResume: z.boolean(),
  lastActivity: time,
  isComplete: z.boolean(),
  estimatedTimeRemaining: z.int().describe('seconds, from how long others took'),
  version: z.int(),
  expiresAt: time,
  savedData: stepData,
  unplaced,
})

export const saveOnboardingStepRequest = z.strictObject({
  data: data.default({}),
  completed: z.boolean().optional().describe('true: the step must be valid, and every earlier one completed'),
  version: version.optional(),
})

export const startWizardRequest = z.strictObject({
  wizardType: z.string().min(1).max(64),
  initialData: data.optional().describe('objects by step number, or the first step’s own'),
})

export const saveWizardRequest = z.strictObject({
  stepData: data.describe('objects by step number, or the current step’s own'),
  version: version.optional(),
})

const direction = z.union([z.enum(['next', 'previous']), z.int()])
export const navigateWizardRequest = z.union([z.strictObject({ direction }), z.int()]).describe('next, previous, or the number of a step')

export const wizard = z.object({
  id: z.string(),
  wizardType: z.string(),
  currentStep: z.int(),
  totalSteps: z.int(),
  completedSteps,
  isValid: z.boolean().describe('whether the current step is'),
  canProceed: z.boolean(),
  validationErrors: z.array(z.object({ pointer: z.string(), message: z.string() })),
  nextStep: z.int().nullable(),
  stepData,
  version: z.int(),
  lastUpdated: time,
  expiresAt: time,
  unplaced,
})

export const wizardMove = z.object({
  success: z.boolean(),
  currentStep: z.int(),
  stepData,
  isLastStep: z.boolean(),
  canGoBack: z.boolean(),
  canGoForward: z.boolean(),
  reason: z.string().optional(),
})

const claimed = z.object({ kind: z.string(), definition: z.string(), id: z.string(), from: z.string() })
export const claimResult = z.object({
  claimed: z.array(claimed),
  keptAside: z.array(claimed).describe('drafts of the browser that stay where they are, since the user has one of the same flow'),
})

const stepAnalytics = z.object({
  step: z.int(),
  id: z.string(),
  title: z.string(),
  started: z.int(),
  completed: z.int(),
  abandoned: z.int(),
  medianSeconds: z.number().nullable(),
})

export const flowAnalytics = z.object({
  definition: z.string(),
  kind: z.string(),
  title: z.string(),
  version: z.int(),
  started: z.int(),
  completed: z.int(),
  abandoned: z.int(),
  discarded: z.int(),
  steps: z.array(stepAnalytics),
})
/** One flow's, or all. */
export const flowAnalyticsAnswer = z.union([flowAnalytics, z.object({ nodes: z.array(flowAnalytics) })])

export type SaveFormRequest = z.output<typeof saveFormRequest>
export type FormProgress = z.infer<typeof formProgress>
export type FormResume = z.infer<typeof formResume>
export type Completion = z.infer<typeof completion>
export type SubmissionView = z.infer<typeof submissionView>
export type OnboardingProgress = z.infer<typeof onboardingProgress>
export type SaveOnboardingStepRequest = z.output<typeof saveOnboardingStepRequest>
export type Wizard = z.infer<typeof wizard>
export type WizardMove = z.infer<typeof wizardMove>
export type StartWizardRequest = z.output<typeof startWizardRequest>
export type SaveWizardRequest = z.output<typeof saveWizardRequest>
export type NavigateWizardRequest = z.output<typeof navigateWizardRequest>
export type ClaimResult = z.infer<typeof claimResult>
export type FlowAnalytics = z.infer<typeof flowAnalytics>

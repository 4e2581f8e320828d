// Generates the OpenAPI 3.1 document from the routes and the zod contracts, so that it cannot say anything else than what runs.
import { z } from 'zod'
import { emailReceiptRequest, publicKeySet } from '../contracts/receipt.ts'
import { health, readiness } from '../contracts/health.ts'
import * as documents from '../contracts/document.ts'
import * as flows from '../contracts/flow.ts'
import * as oauth from '../contracts/oauth-state.ts'
import * as operations from '../contracts/pending-operation.ts'
import * as apiKeys from '../contracts/api-key.ts'
import * as audit from '../contracts/audit.ts'
import * as deadLetters from '../contracts/dead-letter.ts'
import { problem } from '../contracts/problem.ts'
import * as webhooks from '../contracts/webhook.ts'
import * as activity from '../contracts/activity.ts'
import { loginAttemptRequest, loginStanding } from '../contracts/login-attempt.ts'
import { rateLimitAnswer, rateLimitRequest } from '../contracts/rate-limit.ts'
import * as sessions from '../contracts/session.ts'
import * as verifications from '../contracts/verification.ts'
import { errorRow, type ErrorCode } from '../errors.ts'
import type { Answer, Documentation, Route } from './route.ts'

export type JsonSchema = { readonly [key: string]: unknown }
type Content = Readonly<Record<string, { schema?: JsonSchema; example?: unknown }>>
export type Parameter = { in: string; name: string; description?: string; required: boolean; schema: JsonSchema }
export type ResponseObject = {
  description: string
  headers?: Readonly<Record<string, { description: string; schema: JsonSchema }>>
  content?: Content
}
export type Operation = {
  operationId: string
  tags: readonly string[]
  summary: string
  description?: string
  security: readonly Readonly<Record<string, readonly string[]>>[]
  parameters: readonly Parameter[]
  requestBody?: { required: boolean; content: Content }
  responses: Readonly<Record<string, ResponseObject>>
}
export type OpenApiDocument = {
  openapi: '3.1.0'
  info: { title: string; version: string; description: string }
  servers: readonly { url: string }[]
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  components: { schemas: Readonly<Record<string, JsonSchema>>; securitySchemes: JsonSchema }
}

const requestSchemas = {
  CreateApiKeyRequest: apiKeys.createApiKeyRequest,
  RotateApiKeyRequest: apiKeys.rotateApiKeyRequest,
  CreateWebhookEndpointRequest: webhooks.createEndpointRequest,
  ChangeWebhookEndpointRequest: webhooks.changeEndpointRequest,
  RotateWebhookKeyRequest: webhooks.rotateRequest,
  RedriveRequest: deadLetters.redriveRequest,
  CreateSessionRequest: sessions.createSessionRequest,
  PatchSessionRequest: sessions.patchSessionRequest,
  StepUpRequest: sessions.stepUpRequest,
  BatchSignOutRequest: sessions.batchSignOutRequest,
  RevokeTokenRequest: sessions.revokeTokenRequest,
  ValidateUuidRequest: sessions.validateUuidRequest,
  RecordActivityRequest: activity.recordActivityRequest,
  BatchActivityRequest: activity.batchActivityRequest,
  LoginAttemptRequest: loginAttemptRequest,
  RateLimitRequest: rateLimitRequest,
  StartVerificationRequest: verifications.startVerificationRequest,
  CheckVerificationRequest: verifications.checkVerificationRequest,
  ResendVerificationRequest: verifications.resendVerificationRequest,
  ConfirmVerificationRequest: verifications.confirmVerificationRequest,
  VerifyProofRequest: verifications.verifyProofRequest,
  EmailReceiptRequest: emailReceiptRequest,
  CreateDocumentRequest: documents.createDocumentRequest,
  CreateOperationRequest: operations.createOperationRequest,
  LookupOperationRequest: operations.lookupOperationRequest,
  PatchOperationRequest: operations.patchOperationRequest,
  UpdateOperationRequest: operations.updateOperationRequest,
  ConsumeOperationRequest: operations.consumeOperationRequest,
  BulkOperationRequest: operations.bulkOperationRequest,
  SaveFormRequest: flows.saveFormRequest,
  StartOnboardingRequest: flows.startOnboardingRequest,
  SaveOnboardingStepRequest: flows.saveOnboardingStepRequest,
  StartWizardRequest: flows.startWizardRequest,
  SaveWizardRequest: flows.saveWizardRequest,
  NavigateWizardRequest: flows.navigateWizardRequest,
  CreateOauthStateRequest: oauth.createOauthStateRequest,
  ConsumeOauthStateRequest: oauth.consumeOauthStateRequest,
}

const answerSchemas = {
  ApiKey: apiKeys.apiKey,
  ApiKeyWithSecret: apiKeys.apiKeyWithSecret,
  ApiKeyPage: apiKeys.apiKeyPage,
  WebhookEndpoint: webhooks.webhookEndpoint,
  WebhookEndpointWithSecret: webhooks.webhookEndpointWithSecret,
  WebhookEndpointPage: webhooks.webhookEndpointPage,
  WebhookDelivery: webhooks.webhookDelivery,
  WebhookDeliveryPage: webhooks.webhookDeliveryPage,
  WebhookAccepted: webhooks.webhookAccepted,
  WebhookBody: webhooks.webhookBody,
  AuditEntry: audit.auditEntry,
  AuditPage: audit.auditPage,
  AuditVerification: audit.auditVerification,
  DeadLetter: deadLetters.deadLetter,
  DeadLetterPage: deadLetters.deadLetterPage,
  RedriveResponse: deadLetters.redriveResponse,
  Session: sessions.session,
  SessionPage: sessions.sessionPage,
  SignedOut: sessions.signedOut,
  BatchSignedOut: sessions.batchSignedOut,
  SessionStatistics: sessions.sessionStatistics,
  RevokedToken: sessions.revokedToken,
  SessionUuid: sessions.sessionUuid,
  ValidatedUuid: sessions.validatedUuid,
  ActivityEntry: activity.activityEntry,
  ActivityPage: activity.activityPage,
  BatchActivityResponse: activity.batchActivityResponse,
  ActivityStatistics: activity.activityStatistics,
  LoginStanding: loginStanding,
  RateLimitAnswer: rateLimitAnswer,
  Problem: problem,
  Verification: verifications.verification,
  CheckVerificationResponse: verifications.checkVerificationResponse,
  Attempt: verifications.attempt,
  AttemptList: verifications.attemptList,
  VerifyProofResponse: verifications.verifyProofResponse,
  PublicKeySet: publicKeySet,
  DocumentSummary: documents.documentSummary,
  Document: documents.documentView,
  DocumentPage: documents.documentPage,
  CreatedOperation: operations.createdOperation,
  PendingOperation: operations.pendingOperation,
  PendingOperationPage: operations.operationPage,
  ConsumedOperation: operations.consumedOperation,
  BulkOperationResponse: operations.bulkOperationResponse,
  OperationStatistics: operations.operationStatistics,
  FormProgress: flows.formProgress,
  FormResume: flows.formResume,
  FlowCompletion: flows.completion,
  Submission: flows.submissionView,
  OnboardingProgress: flows.onboardingProgress,
  Wizard: flows.wizard,
  WizardMove: flows.wizardMove,
  ClaimResult: flows.claimResult,
  FlowAnalytics: flows.flowAnalytics,
  CreatedOauthState: oauth.createdOauthState,
  OauthStateStatus: oauth.oauthStateStatus,
  ConsumedOauthState: oauth.consumedOauthState,
  Health: health,
  Readiness: readiness,
}

/** The document of all routes that have documentation. `isPublic`: whether anonymous calls are open here. */
export function createOpenApi(routes: readonly Route[], options: { publicUrl: string; title: string; isPublic: boolean }): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const route of routes) {
    if (route.doc) paths[route.path] = { ...paths[route.path], [route.method]: describeRoute(route, route.doc, options.isPublic) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: `${options.title} API`,
      version: '1.0',
      description:
        'Verifications by code and link: accepted at once, sent by workers, followed by status. Errors are problem documents (RFC 9457).',
    },
    servers: [{ url: options.publicUrl }],
    paths,
    components: {
      schemas: { ...namedSchemas(requestSchemas, 'input'), ...namedSchemas(answerSchemas, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: "A user's JWT, or an API key (sk_…)." } },
    },
  }
}

function describeRoute(route: Route, doc: Documentation, isPublic: boolean): Operation {
  const content = route.body && {
    schema: refOrSchema(route.body.schema, 'input'),
    ...(doc.example === undefined ? {} : { example: doc.example }),
  }
  return {
    operationId: doc.id,
    tags: [doc.tag],
    summary: doc.summary,
    ...(doc.details === undefined ? {} : { description: doc.details }),
    security: securityOf(route, isPublic),
    parameters: parametersOf(route, doc),
    ...(route.body && content ? { requestBody: { required: !route.body.isOptional, content: { 'application/json': content } } } : {}),
    responses: {
      ...Object.fromEntries(doc.answers.map((answer) => [answer.status, describeAnswer(answer)])),
      ...describeProblems(route, doc),
    },
  }
}

function securityOf({ access }: Route, isPublic: boolean): Operation['security'] {
  if (access === 'open') return []
  return access === 'anonymous' && isPublic ? [{}, { bearer: [] }] : [{ bearer: [] }]
}

function parametersOf(route: Route, doc: Documentation): Parameter[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    in: 'path',
    name: match[1] ?? '',
    required: true,
    schema: { type: 'string' },
  }))
  const others = doc.parameters ?? []
  return [
    ...inPath,
    ...others.map(({ name, means, isRequired = false, ...rest }) => ({
      in: rest.in,
      name,
      description: means,
      required: isRequired,
      schema: { type: 'string' },
    })),
  ]
}

function describeAnswer(answer: Answer): ResponseObject {
  const headers = Object.entries(answer.headers ?? {}).map(([name, description]) => [name, { description, schema: { type: 'string' } }])
  const type = answer.schema ? 'application/json' : answer.type
  return {
    description: answer.means,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...(type === undefined ? {} : { content: { [type]: answer.schema ? { schema: refOrSchema(answer.schema, 'output') } : {} } }),
  }
}

/** Refusals by status: what the route names, and what its access, limit and body imply. A status that answers otherwise keeps that. */
function describeProblems(route: Route, doc: Documentation): Record<string, ResponseObject> {
  const implied: ErrorCode[] = [
    'invalid_request',
    ...(route.assurance === 'elevated' ? (['assurance_required'] as const) : []),
    ...(route.access === 'open' ? [] : (['unauthenticated', 'forbidden', 'rate_limited', 'service_degraded'] as const)),
    ...(route.limit === 'none' ? [] : (['rate_limited', 'service_degraded'] as const)),
    ...(route.body || route.reads ? (['too_large'] as const) : []),
    ...(route.body || route.reads === 'form' ? (['unsupported_media_type'] as const) : []),
  ]
  const codes = new Set<ErrorCode>([...doc.problems, ...implied])
  const taken = new Set(doc.answers.map((answer) => answer.status))
  const groups = [...Map.groupBy(codes, (code) => errorRow(code).status)].filter(([status]) => !taken.has(status))
  return Object.fromEntries(groups.map(([status, group]) => [status, problemResponse(group)]))
}

function problemResponse(codes: readonly ErrorCode[]): ResponseObject {
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: [...codes].toSorted() } } }] }
  return {
    description: codes.map((code) => `\`${code}\`: ${errorRow(code).title}`).join(' '),
    content: { 'application/problem+json': { schema } },
  }
}

function refOrSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const named = Object.entries<z.ZodType>(io === 'input' ? requestSchemas : answerSchemas).find(([, known]) => known === schema)
  return named ? { $ref: `#/components/schemas/${named[0]}` } : withoutDialect(z.toJSONSchema(schema, { io }))
}

/** Schemas that know each other by name, so that one inside another becomes a reference. */
function namedSchemas(named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutDialect(schema)]))
}

function withoutDialect(schema: JsonSchema): JsonSchema {
  const { $schema: _dialect, $id: _id, id: _name, ...rest } = schema
  return rest
}

// The Express application: the order of what every request passes, and the list of all routes. It opens no port and no connection.
import express, { type Express } from 'express'
import { mountBoard } from './board.ts'
import type { ApiDeps } from './deps.ts'
import { graphqlRoutes } from './graphql/routes.ts'
import { bodyDeadline } from './middleware/body-deadline.ts'
import { cors } from './middleware/cors.ts'
import { notFound, problems } from './middleware/problems.ts'
import { readablePath } from './middleware/readable-path.ts'
import { requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { mountRoutes } from './mount.ts'
import { documentRoutes } from './openapi-routes.ts'
import { linkRoutes } from './pages/link.ts'
import { signInRoutes } from './pages/sign-in.ts'
import { signerRoutes } from './pages/signer.ts'
import { apiKeyRoutes } from './rest/api-keys.ts'
import { auditRoutes } from './rest/audit.ts'
import { activityRoutes } from './rest/activity.ts'
import { callbackRoutes } from './rest/callbacks.ts'
import { complianceRoutes } from './rest/compliance.ts'
import { deadLetterRoutes } from './rest/dead-letters.ts'
import { documentsRoutes } from './rest/documents.ts'
import { envelopeRoutes } from './rest/envelopes.ts'
import { evidenceRoutes } from './rest/evidence.ts'
import { flowRoutes } from './rest/flows.ts'
import { formRoutes } from './rest/forms.ts'
import { notificationRoutes } from './rest/notifications.ts'
import { oauthStateRoutes } from './rest/oauth-states.ts'
import { onboardingRoutes } from './rest/onboarding.ts'
import { pendingOperationRoutes } from './rest/pending-operations.ts'
import { proofRoutes } from './rest/proofs.ts'
import { loginAttemptRoutes } from './rest/login-attempts.ts'
import { rateLimitRoutes } from './rest/rate-limits.ts'
import { retentionRoutes } from './rest/retention.ts'
import { sealedRoutes } from './rest/sealed.ts'
import { sessionUuidRoutes } from './rest/session-uuids.ts'
import { sessionRoutes } from './rest/sessions.ts'
import { tokenRoutes } from './rest/tokens.ts'
import { metricsType, serviceRoutes } from './rest/service.ts'
import { uploadRoutes } from './rest/uploads.ts'
import { verificationRoutes } from './rest/verifications.ts'
import { webhookRoutes } from './rest/webhooks.ts'
import { wizardRoutes } from './rest/wizards.ts'
import type { Route } from './route.ts'
import { tusRoutes } from './tus/routes.ts'

/** Every route there is, but Bull Board's own. */
export function createRoutes(deps: ApiDeps): Route[] {
  const routes = [
    ...verificationRoutes(deps),
    ...proofRoutes(deps),
    ...pendingOperationRoutes(deps),
    ...graphqlRoutes(deps),
    ...formRoutes(deps),
    ...onboardingRoutes(deps),
    ...wizardRoutes(deps),
    ...flowRoutes(deps),
    ...oauthStateRoutes(deps),
    ...tusRoutes(deps),
    ...uploadRoutes(deps),
    ...documentsRoutes(deps),
    ...complianceRoutes(deps),
    ...envelopeRoutes(deps),
    ...sealedRoutes(deps),
    ...evidenceRoutes(deps),
    ...retentionRoutes(deps),
    ...notificationRoutes(deps),
    ...apiKeyRoutes(deps),
    ...webhookRoutes(deps),
    ...auditRoutes(deps),
    ...deadLetterRoutes(deps),
    ...sessionRoutes(deps),
    ...sessionUuidRoutes(deps),
    ...tokenRoutes(deps),
    ...loginAttemptRoutes(deps),
    ...rateLimitRoutes(deps),
    ...activityRoutes(deps),
    ...callbackRoutes(deps),
    ...serviceRoutes(deps),
    ...linkRoutes(deps),
    ...signerRoutes(deps),
    ...signInRoutes(deps),
  ]
  return [...routes, ...documentRoutes(deps.config, routes)]
}

/** The HTTP surface over its ports. Throws a TypeError when TRUST_PROXY names something that is no address. */
export function createApp(deps: ApiDeps): Express {
  const { config, log } = deps
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.set('query parser', 'simple')
  app.set('case sensitive routing', true)
  app.set('trust proxy', config.TRUST_PROXY.length > 0 ? [...config.TRUST_PROXY] : false)
  app.use(requestId(log, deps.telemetry.requested))
  app.use(securityHeaders(config.PUBLIC_URL))
  app.use(cors({ origins: config.CORS_ORIGINS, allowLocal: config.NODE_ENV !== 'production' }))
  app.use(readablePath())
  app.use(bodyDeadline())
  mountRoutes(app, deps, createRoutes(deps))
  mountBoard(app, deps)
  app.use(notFound())
  app.use(problems(log))
  return app
}

/** The server of METRICS_PORT: measures and probes, no credential; keep it inside the network. */
export function createMetricsApp({ metrics, readiness, log }: Pick<ApiDeps, 'metrics' | 'readiness' | 'log'>): Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('etag', false)
  app.get('/metrics', async (_req, res) => {
    const text = await metrics()
    res.setHeader('Content-Type', metricsType)
    res.end(text)
  })
  app.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' })
  })
  app.get('/readyz', async (_req, res) => {
    const report = await readiness()
    res.status(report.ready ? 200 : 503).json(report)
  })
  app.use(notFound())
  app.use(problems(log))
  return app
}

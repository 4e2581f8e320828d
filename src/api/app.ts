// The Express application: the order of what every request passes, and the list of all routes. It opens no port and no connection.
import express, { type Express } from 'express'
import { mountBoard } from './board.ts'
import type { ApiDeps } from './deps.ts'
import { cors } from './middleware/cors.ts'
import { notFound, problems } from './middleware/problems.ts'
import { readablePath } from './middleware/readable-path.ts'
import { requestId } from './middleware/request-id.ts'
import { securityHeaders } from './middleware/security-headers.ts'
import { mountRoutes } from './mount.ts'
import { documentRoutes } from './openapi-routes.ts'
import { linkRoutes } from './pages/link.ts'
import { signInRoutes } from './pages/sign-in.ts'
import { callbackRoutes } from './rest/callbacks.ts'
import { proofRoutes } from './rest/proofs.ts'
import { metricsType, serviceRoutes } from './rest/service.ts'
import { verificationRoutes } from './rest/verifications.ts'
import type { Route } from './route.ts'

/** Every route there is, but Bull Board's own. */
export function createRoutes(deps: ApiDeps): Route[] {
  const routes = [
    ...verificationRoutes(deps),
    ...proofRoutes(deps),
    ...callbackRoutes(deps),
    ...serviceRoutes(deps),
    ...linkRoutes(deps),
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

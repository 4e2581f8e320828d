// Answers about the service itself: alive, ready, measured; and in development what the stand-ins received.
import { z } from 'zod'
import { health, readiness } from '../../contracts/health.ts'
import { outboxMessage } from '../../contracts/receipt.ts'
import { AppError } from '../../errors.ts'
import type { ApiDeps } from '../deps.ts'
import type { Route } from '../route.ts'

const tag = 'Service'
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/** Health, readiness, metrics (unless they have a port of their own) and the outbox of development. */
export function serviceRoutes(deps: ApiDeps): Route[] {
  return [...probeRoutes(deps), ...(deps.config.METRICS_PORT === undefined ? [metricsRoute(deps)] : []), outboxRoute(deps)]
}

function probeRoutes(deps: Pick<ApiDeps, 'readiness'>): Route[] {
  const shared = { method: 'get', access: 'open', limit: 'none' } as const
  return [
    {
      ...shared,
      path: '/healthz',
      doc: {
        id: 'getHealth',
        tag,
        summary: 'Is the process alive?',
        answers: [{ status: 200, means: 'Yes.', schema: health }],
        problems: [],
      },
      handle: ({ res }) => {
        res.json({ status: 'ok' })
      },
    },
    {
      ...shared,
      path: '/readyz',
      doc: {
        id: 'getReadiness',
        tag,
        summary: 'Can it serve?',
        answers: [
          { status: 200, means: 'Yes.', schema: readiness },
          { status: 503, means: 'No; `parts` says which part is not ready.', schema: readiness },
        ],
        problems: [],
      },
      handle: async ({ res }) => {
        const report = await deps.readiness()
        res.status(report.ready ? 200 : 503).json(report)
      },
    },
  ]
}

function metricsRoute(deps: ApiDeps): Route {
  return {
    method: 'get',
    path: '/metrics',
    access: 'admin',
    limit: 'none',
    doc: {
      id: 'getMetrics',
      tag,
      summary: 'Measures, for Prometheus',
      answers: [{ status: 200, means: 'The text exposition format.', type: 'text/plain' }],
      problems: ['unauthenticated', 'forbidden'],
    },
    handle: async ({ res }) => {
      const text = await deps.metrics()
      res.setHeader('Content-Type', metricsType)
      res.end(text)
    },
  }
}

function outboxRoute({ outbox, config }: ApiDeps): Route {
  const isThere = outbox !== undefined && config.NODE_ENV !== 'production'
  return {
    method: 'get',
    path: '/dev/outbox',
    access: 'open',
    limit: 'none',
    ...(isThere
      ? {
          doc: {
            id: 'readOutbox',
            tag,
            summary: 'Messages that the stand-ins received (development only)',
            parameters: [{ in: 'query', name: 'to', means: 'only those to this destination' }],
            answers: [{ status: 200, means: 'Newest first.', schema: z.array(outboxMessage) }],
            problems: [],
          },
        }
      : {}),
    handle: async ({ req, res }) => {
      if (!isThere) throw new AppError('not_found')
      const { to } = req.query
      // A plus sign in a query stands for a blank; a phone number typed into the address bar means the plus.
      res.json(await outbox(typeof to === 'string' ? to.replace(/^ (?=\d)/, '+') : undefined))
    },
  }
}

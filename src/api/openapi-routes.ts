// Serves the generated document, for programs and for people.
import type { ApiConfig } from './deps.ts'
import { createOpenApi } from './openapi.ts'
import { docsPage } from './pages/docs.ts'
import { sendPage, type Page } from './pages/layout.ts'
import type { Route } from './route.ts'

const cacheControl = 'public, max-age=300'

/** `/openapi.json` and `/docs` over the other routes; both are made once, when first asked for. */
export function documentRoutes(config: ApiConfig, routes: readonly Route[]): Route[] {
  const shared = { method: 'get', access: 'open', limit: 'none' } as const
  const build = once(() => createOpenApi(routes, { publicUrl: config.PUBLIC_URL, title: config.BRAND_NAME, isPublic: config.PUBLIC_API }))
  const text = once(() => JSON.stringify(build()))
  const page = once((): Page => docsPage(build(), config.BRAND_NAME))
  return [
    {
      ...shared,
      path: '/openapi.json',
      handle: ({ res }) => {
        res.setHeader('Cache-Control', cacheControl)
        res.setHeader('Content-Type', 'application/json; charset=utf-8')
        res.end(text())
      },
    },
    {
      ...shared,
      path: '/docs',
      handle: ({ res }) => {
        res.setHeader('Cache-Control', cacheControl)
        sendPage(res, page())
      },
    },
  ]
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => (made ??= { value: make() }).value
}

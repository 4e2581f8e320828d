// Puts routes on an Express app: credential, limit, body, handler; and 405 with Allow for the methods that an address does not take.
import type { Express, Request, RequestHandler, Response } from 'express'
import { requireAssurance } from '../domain/sessions/step-up.ts'
import { AppError } from '../errors.ts'
import { readJson } from './body.ts'
import { nameCaller } from './caller.ts'
import type { ApiDeps } from './deps.ts'
import { factsOf } from './request-facts.ts'
import { takeListing, takeRequest } from './request-limit.ts'
import type { Route } from './route.ts'

/** Mounts the routes in their order, grouped by address. */
export function mountRoutes(app: Express, deps: ApiDeps, routes: readonly Route[]): void {
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    const target = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'))
    for (const route of group) target[route.method]((req, res) => runRoute(deps, route, req, res))
    target.all(refuseMethod(path, group))
  }
}

async function runRoute(deps: ApiDeps, route: Route, req: Request, res: Response): Promise<void> {
  const facts = factsOf(req)
  facts.route = route.path
  if (route.showError) facts.showError = route.showError
  const caller = await nameCaller(deps, req, route.access, route.scope)
  if (route.assurance) requireAssurance(caller, route.assurance, deps.clock.nowMs())
  if (route.limit === 'general') await takeRequest(deps, caller)
  if (route.limit === 'listing') await takeListing(deps, caller)
  const body = route.body ? await readJson(req, res) : undefined
  await route.handle({ req, res, caller, requestId: facts.requestId }, body)
}

function refuseMethod(path: string, group: readonly Route[]): RequestHandler {
  const methods = group.map((route) => route.method.toUpperCase())
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  return (req, res) => {
    factsOf(req).route = path
    res.setHeader('Allow', allowed)
    if (req.method !== 'OPTIONS') throw new AppError('method_not_allowed')
    res.status(204).end()
  }
}

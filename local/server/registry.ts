import type { Hono } from 'hono'
import { isProblem, readJson } from './body.ts'
import type { Served } from './served.ts'

/** Below this path the stand-in registry answers as MLflow's REST API does: an MLflow client may point its tracking URI here. */
const PREFIX = '/api/2.0/mlflow/'

/** The registry's REST API. */
export const registryRoutes = (app: Hono, { house }: Served): void => {
  app.all(`${PREFIX}*`, async (context) => {
    const { method, path } = context.req
    const read = method === 'GET' ? { value: context.req.query() } : await readJson(context.req.raw)
    if (isProblem(read)) return context.json(read, read.status)
    const { value } = read
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return context.json({ error_code: 'INVALID_PARAMETER_VALUE', message: 'The body is no JSON object.' }, 400)
    const answer = await house.mlflow(method, path.slice(PREFIX.length), value as Record<string, unknown>)
    return context.json(answer.body, answer.status as 200)
  })
}

import type { Hono } from 'hono'
import { ALERTS_LIMIT } from '../../functions/http.ts'
import type { Became } from '../house-type.ts'
import { isProblem, readBody, readJson, refuse } from './body.ts'
import type { Served } from './served.ts'

/** Most events of one request. */
const MOST_EVENTS = 100

/** Where events come in as EventBridge shapes them, and notices of budgets as SNS does. */
export const inputRoutes = (app: Hono, { house }: Served): void => {
  app.post('/events', async (context) => {
    const read = await readJson(context.req.raw)
    if (isProblem(read)) return refuse(context, read)
    const events = Array.isArray(read.value) ? read.value : [read.value]
    if (events.length === 0 || events.length > MOST_EVENTS)
      return refuse(context, { status: 400, error: 'bad-count', detail: `send 1 to ${MOST_EVENTS} events` })
    if (!events.every((event) => typeof event === 'object' && event !== null && !Array.isArray(event)))
      return refuse(context, { status: 400, error: 'not-an-object', detail: 'an event is a JSON object' })
    const became: Became[] = []
    for (const event of events) became.push(await house.deliver(event))
    return context.json({ events: became }, 202)
  })
  app.post('/notices', async (context) => {
    const read = await readJson(context.req.raw)
    return isProblem(read) ? refuse(context, read) : context.json({ events: [await house.notice(read.value)] }, 202)
  })
}

/** The webhooks, as their producers send them: what they send is signed, and needs no token. */
export const webhookRoutes = (app: Hono, { house }: Served): void => {
  for (const [path, route] of [
    ['/webhooks/mlflow', 'mlflow'],
    ['/webhooks/alerts', 'alerts'],
    ['/slack/interactions', 'slack'],
    ['/slack/commands', 'commands'],
  ] as const)
    app.post(path, async (context) => {
      const body = await readBody(context.req.raw, route === 'alerts' ? ALERTS_LIMIT : undefined)
      if (!(body instanceof Uint8Array)) return refuse(context, body)
      const answer = await house.webhook(route, { headers: context.req.header(), body })
      return context.json(answer.body, answer.status as 200)
    })
}

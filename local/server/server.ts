import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { Unavailable } from '../../flows/ports.ts'
import { onTerminal } from '../on-terminal.ts'
import { pageRoutes } from '../page/routes.ts'
import { notInForce } from '../policies/not-in-force.ts'
import { actingRoutes } from './acting.ts'
import { refuse } from './body.ts'
import { guard, tokenToWrite } from './guard.ts'
import { inputRoutes, webhookRoutes } from './inputs.ts'
import { readingRoutes } from './reading.ts'
import { registryRoutes } from './registry.ts'
import type { Served, ServerOptions } from './served.ts'
import { streamRoute } from './stream.ts'

export interface Server {
  url: string
  port: number
  close(): Promise<void>
}

/** The page and its routes on 127.0.0.1. Rejects with the system's error when the port is taken. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  const { token } = await options.house.secrets()
  const served: Served = { ...options, token }
  const app = appOf(served)
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: options.port }, ({ port }) => {
      server.off('error', reject)
      resolve({
        port,
        url: `http://127.0.0.1:${port}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            if ('closeAllConnections' in server) server.closeAllConnections()
          }),
      })
    })
    server.once('error', reject)
  })
}

/** The routes without a socket. */
export const appOf = (served: Served): Hono => {
  const app = new Hono()
  app.use(guard)
  // What stands before it is reached without a token: there a signature takes its place.
  webhookRoutes(app, served)
  app.use(tokenToWrite(served.token))
  app.get('/healthz', async (context) => {
    const { policies, clock } = served.house.ports
    const policy = { version: (await policies.load()).version, notInForce: await notInForce(policies) }
    return context.json({ health: { ok: true, version: served.version, now: clock.now(), policy } })
  })
  for (const add of [inputRoutes, registryRoutes, readingRoutes, actingRoutes, streamRoute, pageRoutes])
    add(app, served)
  app.notFound((context) =>
    refuse(context, { status: 404, error: 'not-found', detail: `there is nothing at ${context.req.path}` }),
  )
  app.onError((error, context) => {
    if (error instanceof Unavailable) {
      context.header('retry-after', '1')
      return refuse(context, { status: 503, error: 'unavailable', detail: 'try again' })
    }
    // Who breaks off while the body is read waits for no answer.
    if (context.req.raw.signal.aborted)
      return refuse(context, { status: 400, error: 'bad-body', detail: 'it broke off' })
    onTerminal('a bug in a route', error, { isBug: true })
    return refuse(context, { status: 500, error: 'bug', detail: 'this is a bug of Signalbox; the terminal shows it' })
  })
  return app
}

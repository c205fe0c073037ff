import type { Hono } from 'hono'
import { planText } from '../../core/plan-text.ts'
import type { Served } from './served.ts'

/** Everything that can be read: each answer is an object with one named list or thing. */
export const readingRoutes = (app: Hono, { house }: Served): void => {
  const { ledger, cluster, clock } = house.ports
  app.get('/api/lanes', async (context) =>
    context.json({ lanes: (await ledger.list('lane', { limit: 1000 })).map(({ value }) => value) }),
  )
  app.get('/api/plans', async (context) => {
    const runs = (await ledger.list('run', { limit: 1000 })).map(({ value }) => value)
    return context.json({ plans: runs.sort((a, b) => b.startedAt - a.startedAt) })
  })
  app.get('/api/plans/:id', async (context) => {
    const id = context.req.param('id')
    const plan = (await ledger.read('plan', id))?.value
    if (plan === undefined) return context.json({ error: 'not-found', detail: `there is no plan ${id}` }, 404)
    const run = (await ledger.read('run', id))?.value ?? null
    return context.json({ plan: { ...plan, run, text: planText(plan, clock.now()) } })
  })
  app.get('/api/timeline', async (context) => {
    const lane = context.req.query('lane')
    if (lane === undefined)
      return context.json({ error: 'missing-lane', detail: 'say which: /api/timeline?lane=train/…' }, 400)
    const before = context.req.query('before')
    if (before !== undefined && !/^\d+$/.test(before))
      return context.json({ error: 'bad-before', detail: 'before is the id of a moment' }, 400)
    return context.json({ timeline: await ledger.moments(lane, before === undefined ? {} : { before }) })
  })
  app.get('/api/feed', async (context) =>
    context.json({
      feed: {
        moments: (await ledger.moments(null, { limit: 100 })).filter(({ data }) => data?.['became'] !== undefined),
        counts: await ledger.counts(),
      },
    }),
  )
  app.get('/api/shadow', async (context) =>
    context.json({ shadow: (await ledger.list('shadow')).map(({ value }) => value) }),
  )
  app.get('/api/cards', async (context) => context.json({ cards: await house.cards() }))
  app.get('/api/cluster', async (context) => {
    const [nodePools, nodes, jobs, deployments, pods] = await Promise.all(
      (['NodePool', 'Node', 'Job', 'Deployment', 'Pod'] as const).map((kind) => cluster.list(kind)),
    )
    return context.json({ cluster: { nodePools, nodes, jobs, deployments, pods } })
  })
}

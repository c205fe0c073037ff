import type { Hono } from 'hono'
import type { Kind, KubeObject } from '../../core/kube.ts'
import { openQuestion } from '../../core/lane/awaited.ts'
import { stateOf } from '../../core/lane/lane-state.ts'
import { calledBy } from '../../core/lane-kinds/called.ts'
import { planText } from '../../core/plan-text.ts'
import { groupsOf } from '../../core/policy/approvals.ts'
import type { Outcome } from '../../core/reasons.ts'
import type { ShadowRow } from '../../core/rows.ts'
import { everyLane, laneNames } from '../../flows/lanes.ts'
import { poolsNow } from '../../flows/leases.ts'
import type { Ledger } from '../../flows/ledger-port.ts'
import { ourNamespaces } from '../../flows/namespaces.ts'
import { noticesOf } from '../../flows/notices.ts'
import { looseNow } from '../../flows/orphans.ts'
import { valuesOf } from '../../flows/rows.ts'
import { everyRun, listed, runOf } from '../../flows/runs.ts'
import { linesIn, spendIn } from '../../flows/spend.ts'
import { spendOf } from '../../flows/sums.ts'
import { refuse } from './body.ts'
import type { Served } from './served.ts'

/** Most lanes, and most runs, of one answer. */
const MOST = 1000
/** Most shadow plans of one lane. */
const SHADOWS = 100

/** Everything that can be read: each answer is an object with one named list or thing. */
export const readingRoutes = (app: Hono, served: Served): void => {
  for (const add of [laneRoutes, planRoutes, timelineRoutes, worldRoutes]) add(app, served)
}

const laneRoutes = (app: Hono, { house }: Served): void => {
  const { ledger } = house.ports
  app.get('/api/lanes', async (context) => {
    const docs = (await everyLane(ledger)).slice(0, MOST)
    const lanes = docs.map(async (doc) => ({ ...doc, state: stateOf(doc), why: await house.why(doc.lane) }))
    return context.json({ lanes: await Promise.all(lanes) })
  })
  app.get('/api/why', async (context) => {
    const lane = context.req.query('lane')
    if (lane === undefined)
      return refuse(context, { status: 400, error: 'missing-lane', detail: 'say which: /api/why?lane=pipeline/…' })
    return context.json({ why: await house.why(lane) })
  })
  app.get('/api/approvers', async (context) => {
    const { approvals } = await house.ports.policies.load()
    const groups = groupsOf(approvals)
    return context.json({ approvers: approvals.approvers.filter(({ id }) => !groups.includes(id)) })
  })
  app.get('/api/called', async (context) => context.json({ called: calledBy(await house.ports.policies.load()) }))
  app.get('/api/shadow', async (context) => context.json({ shadow: await shadowsOf(ledger) }))
}

/** What rules in shadow would have done, on every lane, the newest first. */
const shadowsOf = async (ledger: Ledger): Promise<ShadowRow[]> => {
  const names = await laneNames(ledger)
  const rows = names.map((lane) => ledger.list('shadow', { prefix: `${lane}#`, limit: SHADOWS, reverse: true }))
  return valuesOf((await Promise.all(rows)).flat()).sort((a, b) => b.at - a.at)
}

const planRoutes = (app: Hono, { house }: Served): void => {
  const { ledger, clock } = house.ports
  app.get('/api/plans', async (context) =>
    context.json({ plans: (await everyRun(ledger, clock.now(), MOST)).slice(0, MOST).map(listed) }),
  )
  app.get('/api/plans/:id', async (context) => {
    const id = context.req.param('id')
    const found = await runOf(ledger, id, clock.now())
    if (found === null) return refuse(context, { status: 404, error: 'not-found', detail: `there is no plan ${id}` })
    const { plan, run, outcome, cost, atMost, endedAt } = found
    if (plan === null)
      return refuse(context, { status: 404, error: 'not-found', detail: `${id} has no plan${endOf(outcome)}` })
    const text = planText(plan, clock.now(), outcome === null ? openQuestion({ run }) : null)
    return context.json({ plan: { ...plan, run: { ...run, outcome, cost, atMost, endedAt }, text } })
  })
}

const endOf = (outcome: Outcome | null): string => (outcome === null ? ' yet' : `: ${outcome.kind}, ${outcome.detail}`)

const timelineRoutes = (app: Hono, { house }: Served): void => {
  const { ledger } = house.ports
  app.get('/api/timeline', async (context) => {
    const lane = context.req.query('lane')
    if (lane === undefined)
      return refuse(context, { status: 400, error: 'missing-lane', detail: 'say which: /api/timeline?lane=pipeline/…' })
    const before = context.req.query('before')
    if (before !== undefined && !/^\d+$/.test(before))
      return refuse(context, { status: 400, error: 'bad-before', detail: 'before is the id of a moment' })
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
}

const worldRoutes = (app: Hono, { house }: Served): void => {
  const { cluster, ledger, policies, clock } = house.ports
  app.get('/api/budgets', async (context) =>
    context.json({ budgets: [await spendOf({ ledger }, await policies.load(), clock.now())] }),
  )
  app.get('/api/notices', async (context) => context.json({ notices: await noticesOf(ledger, await policies.load()) }))
  app.get('/api/pools', async (context) =>
    context.json({ pools: await poolsNow(ledger, { policy: await policies.load(), now: clock.now() }) }),
  )
  app.get('/api/spend', async (context) => {
    const { month, day } = context.req.query()
    if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      return refuse(context, { status: 400, error: 'bad-period', detail: 'month is one such as 2026-11' })
    if (day !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(day))
      return refuse(context, { status: 400, error: 'bad-period', detail: 'day is one such as 2026-11-29' })
    if (day !== undefined) return context.json({ lines: await linesIn(ledger, day) })
    return context.json({ spend: await spendIn(ledger, clock.now(), month) })
  })
  app.get('/api/loose', async (context) => context.json({ loose: await looseNow(house.ports) }))
  app.get('/api/cards', async (context) => context.json({ cards: await house.cards() }))
  app.get('/api/cluster', async (context) => {
    const namespaces = ourNamespaces(await house.ports.policies.load())
    const ours = async (kind: Kind): Promise<KubeObject[]> =>
      (await Promise.all(namespaces.map((namespace) => cluster.list(kind, { namespace })))).flat()
    const [nodePools, nodes, jobs, deployments, pods] = await Promise.all([
      cluster.list('NodePool'),
      cluster.list('Node'),
      ours('Job'),
      ours('Deployment'),
      ours('Pod'),
    ])
    return context.json({ cluster: { nodePools, nodes, jobs, deployments, pods } })
  })
}

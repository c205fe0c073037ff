import type { Config } from '../core/policy.ts'
import { spendIn } from '../flows/spend.ts'
import { spendOf } from '../flows/sums.ts'
import type { LocalHouse } from './house.ts'
import type { EditedStage, Play } from './tour-stage.ts'

const SERVICE = 'support-llama'
const PIPELINE = 'support-chats'
const POOL = 'gpu-train'
const [TRAIN, SERVE, LEASED] = ['pipeline/support-chats', 'service/support-llama', 'pool/gpu-train'] as const
const ALERT = { name: 'ModelDriftHigh', labels: { model: SERVICE } }
const HOUR = 3_600_000

/** An alert that the policy names fires: the newest dataset is run on once more, and what comes of it is promoted. */
export const playDrift = async (house: LocalHouse, { say, edit }: EditedStage, play: Play): Promise<void> => {
  say(`4 · The alert fires that means, by the policy, that ${SERVICE} drifts.`)
  edit(watched)
  await play.chapter({
    title: `${SERVICE} drifts → trained anew → registered`,
    lane: TRAIN,
    expected: 'succeeded',
    act: () => fire(house),
  })
  const version = (await play.registered()) ?? '?'
  say(`5 · v${version} is what it made. Somebody gives it the alias champion.`)
  await play.chapter({
    title: `v${version} promoted → rolled out behind its gate`,
    lane: SERVE,
    expected: 'succeeded',
    act: () => play.promote(version),
  })
}

/** The share of the month's money that the story has spent by then. */
const SOON = 0.004

/** Whether a rung of the budget's ladder is crossed now. */
const isCrossed = async (house: LocalHouse, rung: string): Promise<boolean> =>
  (await spendOf(house.ports, await house.ports.policies.load(), house.clock.now())).rungs?.some(
    ({ name, state }) => name === rung && state !== 'ahead',
  ) === true

/** The month's money goes: what nobody had to be asked about is asked about, since a rung says so; then pools are capped, and a lease is refused, until the month turns. */
export const playMonth = async (house: LocalHouse, stage: EditedStage, play: Play): Promise<void> => {
  const { say, edit, until } = stage
  const spent = (await spendIn(house.ports.ledger, house.clock.now())).dollars
  say(
    `6 · Nodes have cost $${spent.toFixed(2)} this month. The policy says that nobody is asked below $1000, and that everybody is from 0.4 % of the month’s money on. Another dataset lands.`,
  )
  edit((config) => ({
    ...config,
    approvals: { ...config.approvals, autoApproveBelow: 1000 },
    budget: { ...config.budget, ladder: [{ at: SOON, do: 'ask-always' }] },
  }))
  await until('the rung is crossed', () => isCrossed(house, 'ask-always'))
  await play.chapter({
    title: 'the month’s money goes → a rung asks about what nobody had to be asked about',
    lane: TRAIN,
    expected: 'succeeded',
    act: () => play.upload(),
  })
  await playCap(house, stage, play)
}

/** The month's budget is lowered below what nodes have cost. */
const playCap = async (house: LocalHouse, stage: EditedStage, play: Play): Promise<void> => {
  const { say, edit, until } = stage
  const spent = (await spendIn(house.ports.ledger, house.clock.now())).dollars
  const dollars = Math.floor(spent)
  say(
    `7 · By now they have cost $${spent.toFixed(2)}. The policy lowers its budget to $${dollars}, and says that pools are capped then.`,
  )
  edit((config) => withLadder(config, dollars))
  const capped = (): Promise<boolean> => isCrossed(house, 'cap-pools')
  await until('the budget is crossed', capped)
  const refused = await lease(house)
  say(`    ${refused.ok ? '✗' : '✓'} ${refused.detail}`)
  const title = 'the budget is crossed → pools are capped → a lease is refused'
  play.tell({ title, lane: LEASED, expected: 'refused', outcome: refused.ok ? 'asked' : 'refused' })
  say('8 · The month turns. The same lease once more.')
  await until('the rung is over', async () => !(await capped()))
  await play.chapter({
    title: 'the month has turned → the same lease is asked about, and taken',
    lane: LEASED,
    expected: 'succeeded',
    act: async () => void (await lease(house)),
  })
}

/** It drifts sooner after a training than the policy would wait. */
const watched = (config: Config): Config => {
  const [service, pipeline] = [config.services?.[SERVICE], config.pipelines?.[PIPELINE]]
  if (service === undefined || pipeline === undefined) return config
  return {
    ...config,
    services: {
      ...config.services,
      [SERVICE]: { ...service, drift: { ...service.drift, alerts: [ALERT], coolDown: '1h' } },
    },
    pipelines: {
      ...config.pipelines,
      [PIPELINE]: { ...pipeline, on: { ...pipeline.on, drift: { service: SERVICE } } },
    },
  }
}

const withLadder = (config: Config, dollars: number): Config => {
  const pool = config.pools?.[POOL]
  if (pool === undefined) return config
  return {
    ...config,
    budget: {
      ...config.budget,
      dollars,
      ladder: [
        { at: 0.8, do: 'notify' },
        { at: 1, do: 'cap-pools' },
      ],
    },
    pools: { ...config.pools, [POOL]: { ...pool, leases: { maxGpus: 24, maxHours: 12 } } },
  }
}

/** What Alertmanager sends. */
const fire = async (house: LocalHouse): Promise<void> => {
  const alert = {
    status: 'firing',
    labels: { alertname: ALERT.name, ...ALERT.labels },
    annotations: { summary: 'Drift share 0.62 > 0.5' },
    startsAt: new Date(house.clock.now()).toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'a1b2c3d4e5f60718',
  }
  const body = { version: '4', status: 'firing', groupKey: '{}:{}', truncatedAlerts: 0, alerts: [alert] }
  await house.webhook('alerts', {
    headers: { authorization: `Bearer ${(await house.secrets()).alerts}` },
    body: Buffer.from(JSON.stringify(body)),
  })
}

const lease = async (house: LocalHouse): Promise<{ ok: boolean; detail: string }> =>
  house.command({
    kind: 'lease',
    lane: LEASED,
    by: 'T0SIGNAL/U0BEN',
    does: 'take',
    gpus: 8,
    until: house.clock.now() + HOUR,
  })

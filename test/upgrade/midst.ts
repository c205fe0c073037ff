import type { KubeObject } from '../../core/kube.ts'
import type { Config } from '../../core/policy.ts'
import { everyLane } from '../../flows/lanes.ts'
import { leaveCommand, leaveGoOn, leaveLook, leaveVote } from '../../flows/letters.ts'
import type { Ports } from '../../flows/ports.ts'
import { everyRow } from '../../flows/rows.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import { openStores } from '../../local/stores.ts'
import example from '../example.ts'
import { between } from '../journeys/away.ts'
import { ANA, BEN, openTown, type Town } from '../journeys/town.ts'
import { piped } from '../variants.ts'
import { type Frozen, frozenFrom } from './frozen.ts'

/**
 * A town whose lanes are all in the midst of something when it is frozen: what a release leaves to the one that comes after it. Each
 * lane is named for where it is.
 */

const [MINUTE, HOUR] = [60_000, 3_600_000]
const DATASETS = [
  'done',
  'failed',
  'registers',
  'trains',
  'cancelled',
  'waits',
  'frozen',
  'denied',
  'asks',
  'shadowed',
] as const
type Dataset = (typeof DATASETS)[number]
const [ROLLS_OUT, GOES_BACK] = ['support-llama', 'code-llama']

/** What takes long to load is given that long: it is to fail its gate, not to be ended before. */
const withLongLoad = (services: NonNullable<Config['services']>): NonNullable<Config['services']> =>
  Object.fromEntries(
    Object.entries(services).map(([name, one]) => [
      name,
      name === GOES_BACK ? { ...one, loadMinutes: { p50: 30, p95: 50 } } : one,
    ]),
  )

const config = {
  ...example,
  pipelines: Object.fromEntries(
    DATASETS.map((name) => [
      name,
      piped({ prefix: `${name}/`, as: `${name}-llama`, mode: name === 'shadowed' ? 'shadow' : 'act' }),
    ]),
  ),
  services: withLongLoad(example.services ?? {}),
  approvals: { ...example.approvals, expiry: '3d' },
}

const LONG: Simulation = { tasks: { 'fine-tune': { minutes: 150 } } }
const SIMULATIONS: Partial<Record<Dataset, Simulation>> = {
  failed: { tasks: { evaluate: { metrics: { score: 0.1 } } } },
  trains: LONG,
  cancelled: LONG,
}

const upload = async ({ house }: Town, name: Dataset): Promise<void> => {
  const simulation = SIMULATIONS[name]
  const folder = `${name}/a/`
  await uploadDataset(house, {
    bucket: 'acme-datasets',
    folder,
    rows: ['{}'],
    ...(simulation === undefined ? {} : { simulation }),
  })
  await house.scanUploads()
}
const approved = async (town: Town, name: Dataset): Promise<void> => {
  await upload(town, name)
  await town.answered(`pipeline/${name}`)
}
const promoted = async (town: Town, model: string, simulation: Simulation): Promise<void> => {
  await promote(town.house, model, await registerVersion(town.house, { model, simulation }))
  await town.answered(`service/${model}`)
}

/** Brings every lane to where it is when the town is frozen. */
const toTheMidst = async (town: Town, far: ReturnType<typeof between>): Promise<void> => {
  const { house } = town
  for (const name of ['done', 'failed'] as const) {
    await approved(town, name)
    await town.settled(`pipeline/${name}`)
  }
  await upload(town, 'shadowed')
  for (const model of [ROLLS_OUT, GOES_BACK]) {
    await promoted(town, model, { loadMinutes: 2 })
    await town.settled(`service/${model}`)
  }
  far.fails('registry', 'away', { name: 'register' })
  await promoted(town, GOES_BACK, { loadMinutes: 45, metrics: { health: 0 } })
  await approved(town, 'registers')
  await town.until('it registers', async () => (await town.lane('pipeline/registers')).rest?.side === 'registry')
  for (const name of ['trains', 'cancelled', 'waits'] as const) await approved(town, name)
  await town.until('it waits in the line', async () => (await town.run('pipeline/waits'))?.phase === 'waiting-for-room')
  await promoted(town, ROLLS_OUT, { loadMinutes: 15 })
  far.fails('chat', 'away')
  far.fails('bus', 'away')
  await upload(town, 'denied')
  await town.answered('pipeline/denied', 'deny')
  await town.settled('pipeline/denied')
  const until = house.clock.now() + 48 * HOUR
  await house.command({ kind: 'freeze', lane: 'pipeline/frozen', until, by: ANA })
  await approved(town, 'frozen')
  await upload(town, 'asks')
  await town.until('it asks', async () => (await town.question('pipeline/asks')) !== null)
  // The cluster is gone from the moment at which the way back is written down.
  far.after = ({ side, name, values }) => {
    if (side === 'ledger' && name === 'commit' && isBack(values[0] as { put?: string; value?: unknown }[]))
      far.fails('cluster', 'away')
  }
  await town.until('one goes back', async () => far.isAway('cluster'))
  await town.advance(7 * MINUTE)
}

const isBack = (writes: { put?: string; value?: unknown }[]): boolean =>
  writes.some(({ put, value }) => put === 'lane' && (value as { run: { phase: string } | null }).run?.phase === 'back')

/** Letters of every kind, which nobody has looked at. */
const letters = async (town: Town): Promise<void> => {
  const ports: Ports = { ...town.house.ports, queue: { wake: async () => undefined } }
  const command = { by: ANA, saw: null, from: null, wanted: false } as const
  await leaveCommand(ports, { ...command, kind: 'retry', lane: 'pipeline/failed' }, 'r')
  await leaveCommand(ports, { ...command, kind: 'cancel', lane: 'pipeline/cancelled' }, 'c')
  await leaveGoOn(ports, 'pipeline/done')
  const question = (await town.question('pipeline/asks'))?.id ?? ''
  const vote = {
    type: 'approval-answered',
    question,
    verdict: 'approve',
    by: BEN,
    byName: 'ben',
    workspace: 'T0SIGNAL',
  } as const
  await leaveVote(ports, { ...vote, reason: 'go', message: null, replyTo: null, at: ports.clock.now() }, 'v')
  const event = {
    type: 'dataset-uploaded',
    id: 'again',
    at: ports.clock.now(),
    bucket: 'acme-datasets',
    replayed: false,
  } as const
  const place = { key: 'done/a/manifest.json', versionId: null }
  await leaveLook(ports, { ...event, ...place }, { ...CATALOGUES, unique: 'l', from: 'door' })
}

/** Ends of plans that were published, the newest first. */
const endsTold = ({ house }: Town) =>
  house.bus.published(10_000).filter((event) => event['detail-type'] === 'Plan Finished')

/** What people do afterwards, and time. */
export const goOn = async (town: Town): Promise<unknown> => {
  const jobs = new Set<string>()
  await town.house.cluster.watch({}, ({ object }) => {
    if (object.kind === 'Job') jobs.add(`${object.metadata.name} ${object.metadata.uid}`)
  })
  const told = endsTold(town).length
  await town.advance(HOUR)
  await town.house.command({ kind: 'thaw', lane: 'pipeline/frozen', by: ANA })
  await town.advance(9 * HOUR)
  return endOf(town, jobs, told)
}

/** Everything that another release may not change: what was decided, begun, asked and told, and that nothing is left. */
const endOf = async (town: Town, jobs: Set<string>, told: number): Promise<unknown> => {
  const { house } = town
  const { ledger } = house.ports
  const docs = await everyLane(ledger)
  const runs = await Promise.all(docs.map(({ lane }) => town.past(lane)))
  const deployments = (await house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const rooms = ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']
  const published = endsTold(town)
  return {
    lanes: docs.map(({ lane, generation, attempt, outcome, run, baseline, rest }) => ({
      ...{ lane, generation, attempt, outcome: outcome?.kind ?? null, reason: outcome?.reason ?? null },
      ...{ underWay: run !== null, baseline: baseline?.generation ?? null, rests: rest?.why ?? null },
    })),
    runs: runs.flat().map(({ id, outcome, run }) => ({
      ...{ id, outcome: outcome.kind, reason: outcome.reason, asked: run.asked },
      steps: run.steps.map(({ name, way, state }) => `${way} ${name} ${state}`),
    })),
    jobs: [...jobs].map((job) => job.split(' ')[0]).sort(),
    deployments: deployments.map(({ metadata, spec }) => `${metadata.name} ${spec?.replicas}`),
    registered: await Promise.all(
      DATASETS.map(async (name) => {
        const { body } = await house.registry.rest('GET', 'model-versions/search', { filter: `name='${name}-llama'` })
        return `${name} ${((body['model_versions'] ?? []) as unknown[]).length}`
      }),
    ),
    cards: (await house.cards()).map(({ key, card }) => `${key} ${card.title}${card.question === null ? '' : ' asks'}`),
    told: published
      .slice(0, published.length - told)
      .map(({ detail }) => JSON.stringify((detail as { plan?: unknown }).plan))
      .sort(),
    held: await Promise.all(rooms.map(async (room) => (await town.held(room)).sum)),
    left: {
      lines: (await Promise.all(rooms.map((room) => everyRow(ledger, 'line', `${room}#`)))).flat().length,
      letters: (await Promise.all(docs.map(({ lane }) => everyRow(ledger, 'look', `${lane}#`)))).flat().length,
      orders: (await Promise.all(docs.map(({ lane }) => everyRow(ledger, 'order', `${lane}#`)))).flat().length,
      untold: (await Promise.all(docs.map(({ lane }) => everyRow(ledger, 'out', `${lane}#`)))).flat().length,
      sides: (await everyRow(ledger, 'side')).length,
      due: (await ledger.due(Number.MAX_SAFE_INTEGER, { limit: 1000 })).map(({ group }) => group),
    },
  }
}

/** The town of this release in the midst of its lives; `end`: what comes of it, or nothing where nobody asks. */
const taken = async (end: (town: Town) => Promise<unknown>): Promise<Frozen> => {
  const stores = openStores(null)
  const far = between()
  const town = await openTown({ config, stores, wrap: far.wrap })
  try {
    await toTheMidst(town, far)
    await letters(town)
    const at = town.house.clock.now()
    const rows = await frozenFrom(stores, { at, config, objects: town.house.objects })
    return { ...rows, end: await end(town) }
  } finally {
    await town.close()
  }
}

/** On a copy, where every far side answers: what is taken down is as it was. */
const endOnCopy = async (town: Town): Promise<unknown> => {
  const copy = await town.copy()
  try {
    return await goOn(copy)
  } finally {
    await copy.close()
  }
}

/** All of it, to be kept. */
export const midst = (): Promise<Frozen> => taken(endOnCopy)

/** Its rows alone. */
export const rowsOfMidst = async (): Promise<Frozen['ledger']['rows']> => (await taken(async () => null)).ledger.rows

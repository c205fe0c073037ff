import { GPU, type KubeObject } from '../../core/kube.ts'
import { centsByMonth } from '../../core/lane/room.ts'
import { addMonths, type Months, monthOf } from '../../core/money/months.ts'
import { type Simulation, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { alertTo, drifting, watched } from './drifting.ts'
import { HOUR } from './scenes.ts'
import { ANA, BEN, type Town } from './town.ts'

const PIPELINES = ['support-chats', 'sales-chats']
/** GPUs by day, at night, and more of them with leases than that never. */
const [BY_DAY, AT_NIGHT, LEASED] = [8, 16, 24]
const DOLLARS = 900

type Shares = readonly [number, number, number, number]
/** Rungs of so much of the budget. */
const ladderOf = (shares: Shares) =>
  (['ask-always', 'suspend-preemptible', 'cap-pools', 'no-new-runs'] as const).map((measure, n) => ({
    at: shares[n],
    do: measure,
  }))

/** Two pipelines and drift, on a pool with hours and leases; rungs from these shares on. */
export const boundedConfig = (shares: Shares) => ({
  ...example,
  budget: { ...example.budget, dollars: DOLLARS, ladder: ladderOf(shares) },
  pools: {
    ...example.pools,
    'gpu-train': {
      ...example.pools['gpu-train'],
      maxGpus: BY_DAY,
      hours: { zone: 'Etc/UTC', ceilings: [{ from: '20:00', to: '06:00', maxGpus: AT_NIGHT }] },
      leases: { maxGpus: LEASED, maxHours: 24 },
    },
  },
  services: watched({ coolDown: '1h' }),
  pipelines: {
    'support-chats': drifting,
    'sales-chats': piped({ prefix: 'sales-chats/', as: 'sales-llama', train: { preemptible: true } }),
  },
  approvals: { ...example.approvals, autoApproveBelow: 250 },
})
export const TRAININGS: readonly Simulation[] = [
  {},
  { minutes: 20 },
  { minutes: 150 },
  { minutes: 24 * 60 },
  { exitCode: 1 },
  { nodeLost: true },
]

/** A lease that somebody has asked for: from when it may be in force, until when, and how large. */
interface Asked {
  from: number
  until: number
  gpus: number
}

/** What has been done so far, and where. */
export interface Walk {
  town: Pick<Town, 'house' | 'lane' | 'question' | 'past' | 'held'>
  /** The pool that both pipelines train in. */
  pool: string
  trainings: readonly Simulation[]
  roll(sides: number): number
  pick<T>(list: readonly T[]): T
  uploads: number
  leases: Asked[]
  /** When the alert that fires began. */
  fires: number | null
}

/** A walk that begins. `roll` throws dice that a seed has. */
export const begun = (given: Pick<Walk, 'town' | 'pool' | 'trainings' | 'roll'>): Walk => ({
  ...given,
  pick: (list) => list[given.roll(list.length)] as (typeof list)[number],
  uploads: 0,
  leases: [],
  fires: null,
})

const nowOf = ({ town }: Walk): number => town.house.clock.now()
const lanesOf = ({ pool }: Walk): string[] => [...PIPELINES.map((name) => `pipeline/${name}`), `pool/${pool}`]

/** What people and the world do. Answers what was done, in a word. */
export const DEEDS: readonly ((walk: Walk) => Promise<string>)[] = [
  async (walk) => upload(walk),
  async (walk) => upload(walk),
  async (walk) => {
    walk.fires ??= nowOf(walk)
    await alertTo(walk.town, { since: walk.fires })
    return 'it drifts'
  },
  async (walk) => {
    if (walk.fires === null) return 'nothing'
    await alertTo(walk.town, { status: 'resolved', since: walk.fires, until: nowOf(walk) })
    walk.fires = null
    return 'it drifts no more'
  },
  async (walk) => lease(walk),
  async (walk) => end(walk),
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async (walk) => {
    const lane = walk.pick(lanesOf(walk))
    const { ok } = await walk.town.house.command({ kind: walk.pick(['cancel', 'retry'] as const), lane, by: ANA })
    return `cancel or retry ${lane}: ${ok}`
  },
]

const upload = async (walk: Walk): Promise<string> => {
  const dataset = walk.pick(PIPELINES)
  const folder = `${dataset}/day-${String(++walk.uploads).padStart(3, '0')}/`
  const simulation = walk.pick(walk.trainings)
  await uploadDataset(walk.town.house, { bucket: 'acme-datasets', folder, rows: [`"${folder}"`], simulation })
  await walk.town.house.scanUploads()
  return `upload ${folder} ${JSON.stringify(simulation)}`
}

const lease = async (walk: Walk): Promise<string> => {
  const { town, pick } = walk
  const now = nowOf(walk)
  const [gpus, hours] = [pick([8, 16]), pick([1, 3, 8])]
  const until = now + hours * HOUR
  const { ok } = await town.house.command({
    kind: 'lease',
    lane: `pool/${walk.pool}`,
    by: BEN,
    does: 'take',
    gpus,
    until,
  })
  if (ok) walk.leases.push({ from: now, until, gpus })
  return `lease ${gpus} for ${hours} h: ${ok}`
}

/** What is given back early holds no more. */
const end = async ({ leases, town, pool }: Walk): Promise<string> => {
  const { ok } = await town.house.command({ kind: 'lease', lane: `pool/${pool}`, by: BEN, does: 'end' })
  const now = town.house.clock.now()
  if (ok) for (const [n, one] of leases.entries()) leases[n] = { ...one, until: Math.min(one.until, now) }
  return `end the lease: ${ok}`
}

const answer = async (walk: Walk): Promise<string> => {
  const { town, pick, roll } = walk
  for (const lane of lanesOf(walk)) {
    const question = await town.question(lane)
    if (question === null || roll(4) === 0) continue
    const verdict = roll(6) === 0 ? 'deny' : 'approve'
    const { status } = await town.house.answer(question.id, { by: pick([ANA, BEN]), verdict, reason: null })
    return `${verdict} ${lane}: ${status}`
  }
  return 'nobody asks'
}

/** GPUs that the pool may have at a moment at most, by what is written and asked for alone. */
const ceilingAt = (leases: readonly Asked[], at: number): number => {
  const hour = new Date(at).getUTCHours()
  const own = hour >= 20 || hour < 6 ? AT_NIGHT : BY_DAY
  const leased = leases.filter(({ from, until }) => from <= at && at < until).reduce((sum, { gpus }) => sum + gpus, 0)
  return leased === 0 ? own : Math.max(own, Math.min(LEASED, own + leased))
}

/** The same, where what held until a moment ago counts. */
const ceilingNear = (leases: readonly Asked[], { at, late }: { at: number; late: number }): number =>
  Math.max(...Array.from({ length: 11 }, (_, tenth) => ceilingAt(leases, at - (tenth * late) / 10)))

/**
 * Looks at a node that comes or goes, of those that stand; says what is wrong if with it there are more GPUs than the pool may have. A ceiling
 * that falls is in force within `late` ms, and what was asked for before comes.
 */
export const nodesSeen = (walk: Walk, late: number) => {
  const nodes = new Map<string, number>()
  return ({ type, object }: { type: string; object: KubeObject }): string | null => {
    const { name } = object.metadata
    if (type === 'DELETED') nodes.delete(name)
    if (type === 'DELETED' || nodes.has(name)) return null
    nodes.set(name, Number((object as KubeObject<'Node'>).status?.allocatable?.[GPU] ?? 0))
    const gpus = [...nodes.values()].reduce((sum, one) => sum + one, 0)
    const most = ceilingNear(walk.leases, { at: nowOf(walk), late })
    return gpus > most ? `${gpus} GPUs stand, and ${most} may, as ${name} comes` : null
  }
}

/** Dollars: of each month what runs cost with what is held is within the budget, and no run costs more than it was said to at most. */
export const overspent = async (walk: Walk): Promise<string[]> => {
  const { town } = walk
  const wrong: string[] = []
  let spent: Months = {}
  for (const lane of lanesOf(walk))
    for (const past of await town.past(lane)) {
      spent = addMonths(spent, centsByMonth([past]))
      const most = past.plan?.bounds.dollars
      if (most !== undefined && past.cost > most + 0.01) wrong.push(`${past.id} cost $${past.cost} of $${most} at most`)
    }
  const { sum } = await town.held('budget/ml-monthly')
  const month = monthOf(nowOf(walk))
  for (const [of, cents] of Object.entries(spent)) {
    const all = cents + (of === month ? sum : 0)
    if (all > DOLLARS * 100) wrong.push(`${of}: $${all / 100} of $${DOLLARS}`)
  }
  return wrong
}

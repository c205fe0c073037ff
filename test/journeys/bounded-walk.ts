import { GPU, type KubeObject, NODE_POOL } from '../../core/kube.ts'
import { centsByMonth } from '../../core/lane/room.ts'
import { addMonths, type Months, monthOf } from '../../core/money/months.ts'
import { type Simulation, uploadDataset } from '../../local/scenario.ts'
import example from '../../signalbox.config.ts'
import { piped } from '../variants.ts'
import { drifting, tellOf, watched } from './drifting.ts'
import { clockOf, HOUR, looseEnds, MINUTE } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'
import { diceOf } from './walk.ts'

const PIPELINES = ['support-chats', 'sales-chats']
const LANES = [...PIPELINES.map((name) => `pipeline/${name}`), 'pool/gpu-train']
const POOL = 'pool/gpu-train'
/** GPUs by day, at night, and more of them with leases than that never. */
const [BY_DAY, AT_NIGHT, LEASED] = [8, 16, 24]
const DOLLARS = 900
/** A ceiling that falls is in force within so long, and a node that was asked for before comes. */
const LATE = 10 * MINUTE

const config = {
  ...example,
  budget: {
    ...example.budget,
    dollars: DOLLARS,
    ladder: [
      { at: 0.05, do: 'ask-always' },
      { at: 0.08, do: 'suspend-preemptible' },
      { at: 0.12, do: 'cap-pools' },
      { at: 0.25, do: 'no-new-runs' },
    ],
  },
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
}
const TRAININGS: readonly Simulation[] = [
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

interface Walk {
  town: Town
  roll(sides: number): number
  pick<T>(list: readonly T[]): T
  uploads: number
  leases: Asked[]
  /** When the alert that fires began. */
  fires: number | null
}

const nowOf = ({ town }: Walk): number => clockOf(town).now()

/** What people and the world do. Answers what was done, in a word. */
const DEEDS: readonly ((walk: Walk) => Promise<string>)[] = [
  async (walk) => upload(walk),
  async (walk) => upload(walk),
  async (walk) => {
    walk.fires ??= nowOf(walk)
    await tellOf(walk.town, { since: walk.fires })
    return 'it drifts'
  },
  async (walk) => {
    if (walk.fires === null) return 'nothing'
    await tellOf(walk.town, { status: 'resolved', since: walk.fires, until: nowOf(walk) })
    walk.fires = null
    return 'it drifts no more'
  },
  async (walk) => lease(walk),
  async ({ town }) => {
    const { ok } = await town.house.command({ kind: 'lease', lane: POOL, by: BEN, does: 'end' })
    return `end the lease: ${ok}`
  },
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async ({ town, pick }) => {
    const lane = pick(LANES)
    const { ok } = await town.house.command({ kind: pick(['cancel', 'retry'] as const), lane, by: ANA })
    return `cancel or retry ${lane}: ${ok}`
  },
]

const upload = async (walk: Walk): Promise<string> => {
  const dataset = walk.pick(PIPELINES)
  const folder = `${dataset}/day-${String(++walk.uploads).padStart(3, '0')}/`
  const simulation = walk.pick(TRAININGS)
  await uploadDataset(walk.town.house, { bucket: 'acme-datasets', folder, rows: [`"${folder}"`], simulation })
  await walk.town.house.scanUploads()
  return `upload ${folder} ${JSON.stringify(simulation)}`
}

const lease = async (walk: Walk): Promise<string> => {
  const { town, pick } = walk
  const now = nowOf(walk)
  const [gpus, hours] = [pick([8, 16]), pick([1, 3, 8])]
  const until = now + hours * HOUR
  const { ok } = await town.house.command({ kind: 'lease', lane: POOL, by: BEN, does: 'take', gpus, until })
  if (ok) walk.leases.push({ from: now, until, gpus })
  return `lease ${gpus} for ${hours} h: ${ok}`
}

const answer = async ({ town, pick, roll }: Walk): Promise<string> => {
  for (const lane of LANES) {
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
const ceilingNear = (leases: readonly Asked[], at: number): number =>
  Math.max(...Array.from({ length: LATE / MINUTE + 1 }, (_, minutes) => ceilingAt(leases, at - minutes * MINUTE)))

/** Every node that comes is looked at: with those that are there it is no more than the pool may have. */
const watchNodes = async (walk: Walk, wrong: string[]): Promise<void> => {
  const nodes = new Map<string, number>()
  await walk.town.house.cluster.watch({}, ({ type, object }) => {
    if (object.kind !== 'Node' || object.metadata.labels?.[NODE_POOL] !== 'gpu-train') return
    const { name } = object.metadata
    if (type === 'DELETED') return void nodes.delete(name)
    if (nodes.has(name)) return
    nodes.set(name, Number((object as KubeObject<'Node'>).status?.allocatable?.[GPU] ?? 0))
    const gpus = [...nodes.values()].reduce((sum, one) => sum + one, 0)
    const most = ceilingNear(walk.leases, nowOf(walk))
    if (gpus > most) wrong.push(`${gpus} GPUs stand, and ${most} may, as ${name} comes`)
  })
}

/** Dollars: of each month what runs cost with what is held is within the budget, and no run costs more than it was said to at most. */
const overspent = async ({ town }: Walk): Promise<string[]> => {
  const wrong: string[] = []
  let spent: Months = {}
  for (const lane of LANES)
    for (const past of await town.past(lane)) {
      spent = addMonths(spent, centsByMonth([past]))
      const most = past.plan?.bounds.dollars
      if (most !== undefined && past.cost > most + 0.01) wrong.push(`${past.id} cost $${past.cost} of $${most} at most`)
    }
  const { sum } = await town.held('budget/ml-monthly')
  const month = monthOf(clockOf(town).now())
  for (const [of, cents] of Object.entries(spent)) {
    const all = cents + (of === month ? sum : 0)
    if (all > DOLLARS * 100) wrong.push(`${of}: $${all / 100} of $${DOLLARS}`)
  }
  return wrong
}

/**
 * Uploads, drift, leases, rungs, answers and the end of a month, in an order that the seed says: never are there more GPUs than the pool may
 * have, never more dollars than the budget, or than a run's approval says. Answers what is wrong.
 */
export const boundedWalkOf = async (seed: number, steps: number): Promise<{ wrong: string[]; deeds: string[] }> => {
  const roll = diceOf(seed)
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)] as T
  const begun = Date.UTC(2026, 10, 30, roll(24))
  const town = await openTown({ config, at: begun })
  const walk: Walk = { town, roll, pick, uploads: 0, leases: [], fires: null }
  const [wrong, deeds]: [string[], string[]] = [[], []]
  try {
    await watchNodes(walk, wrong)
    for (let n = 0; n < steps && wrong.length === 0; n++) {
      deeds.push(`${((nowOf(walk) - begun) / HOUR).toFixed(1)} ${await pick(DEEDS)(walk)}`)
      await town.advance(pick([1000, MINUTE, 10 * MINUTE, HOUR, 3 * HOUR]))
      wrong.push(...(await looseEnds(town)), ...(await overspent(walk)))
    }
    await town.advance(12 * HOUR)
    wrong.push(...(await looseEnds(town)), ...(await overspent(walk)))
  } catch (error) {
    wrong.push(String((error as Error).stack))
  } finally {
    await town.close()
  }
  return { wrong, deeds }
}

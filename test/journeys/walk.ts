import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../core/kube.ts'
import { gpusOf } from '../../core/planning/pod-gpus.ts'
import { everyRow } from '../../flows/rows.ts'
import { runUntil } from '../../local/drive.ts'
import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { type Between, between, type How, type Side } from './away.ts'
import { clockOf, DAY, HOUR, looseEnds, MINUTE, MODEL, SERVE } from './scenes.ts'
import { ANA, BEN, openTown, type Town } from './town.ts'

const LANES = ['pipeline/support-chats', 'pipeline/sales-chats', SERVE]
const SIDES: readonly Side[] = ['cluster', 'registry', 'objects', 'chat', 'bus', 'policies', 'ledger']
const HOWS: readonly How[] = ['away', 'lost', 'not-allowed']
const TRAININGS: readonly Simulation[] = [
  {},
  {},
  { minutes: 90 },
  { exitCode: 1 },
  { nodeLost: true },
  { tasks: { evaluate: { metrics: { score: 0.1 } } } },
  { tasks: { evaluate: { imagePull: 'fail' } } },
  { minutes: 24 * 60 },
]
const VERSIONS: readonly Simulation[] = [
  {},
  { loadMinutes: 1 },
  { loadMinutes: 12 },
  { metrics: { health: 0 } },
  { healthy: false },
  { imagePull: 'fail' },
]
const model = example.services?.[MODEL]

/** GPUs that stand of the service, which it holds for as long as they do. */
const standingIn = async ({ house }: Town): Promise<Record<string, number>> => {
  const deployments = (await house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const gpus = deployments.reduce(
    (sum, { spec }) => sum + (spec?.replicas ?? 0) * gpusOf(spec?.template.spec?.containers),
    0,
  )
  return gpus === 0 ? {} : { [SERVE]: gpus }
}

/** A policy as people change it. */
interface Wishes {
  replicas: number
  maxGpus: number
  onNewer: 'finish' | 'replace'
  mode: 'act' | 'shadow'
  dollars: number
}
const CALM: Wishes = { replicas: 2, maxGpus: 16, onNewer: 'finish', mode: 'act', dollars: 1e6 }

const configOf = ({ replicas, maxGpus, onNewer, mode, dollars }: Wishes) => ({
  ...example,
  budget: { ...example.budget, dollars },
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus } },
  pipelines: {
    'support-chats': piped({ onNewer, mode }),
    'sales-chats': { ...piped({ onNewer, prefix: 'sales-chats/', as: 'sales-llama' }), onBound: 'ask' as const },
  },
  services: { [MODEL]: { ...model, replicas } },
})

interface Walk {
  town: Town
  far: Between
  roll(sides: number): number
  pick<T>(list: readonly T[]): T
  wishes: Wishes
  uploads: number
  versions: string[]
  outages: Map<Side, number>
  deeds: string[]
}

/** What people and the world do. Answers what was done, in a word. */
const DEEDS: readonly ((walk: Walk) => Promise<string>)[] = [
  async (walk) => upload(walk),
  async (walk) => upload(walk),
  async ({ town, far, pick, versions }) => {
    const [simulation, tags] = [pick(VERSIONS), { n: String(versions.length) }]
    const version = await far.past(() => registerVersion(town.house, { model: MODEL, simulation, tags }))
    versions.push(version)
    await promote(town.house, MODEL, version)
    return `promote v${version}`
  },
  async ({ town, pick, versions }) => {
    if (versions.length === 0) return 'nothing'
    const version = pick(versions)
    await promote(town.house, MODEL, version)
    return `promote v${version} again`
  },
  async ({ town }) => {
    await town.house.registry.deleteAlias(MODEL, 'champion')
    return 'delete the alias'
  },
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async (walk) => answer(walk),
  async ({ town, pick, roll }) => {
    const lane = pick(LANES)
    const command = pick([
      { kind: 'cancel' },
      { kind: 'cancel', wanted: true },
      { kind: 'retry' },
      { kind: 'retry', from: 'train' },
    ] as const)
    const by = roll(2) === 0 ? ANA : BEN
    const { ok } = await town.house.command({ ...command, lane, by }).catch(() => ({ ok: null }))
    return `${JSON.stringify(command)} ${lane}: ${ok}`
  },
  async ({ town, pick, roll }) => {
    const lane = pick([...LANES, '*'])
    const until = clockOf(town).now() + (1 + roll(12)) * HOUR
    const freeze = roll(2) === 0
    const command = freeze
      ? ({ kind: 'freeze', lane, until, by: ANA } as const)
      : ({ kind: 'thaw', lane, by: ANA } as const)
    const { ok } = await town.house.command(command).catch(() => ({ ok: null }))
    return `${command.kind} ${lane}: ${ok}`
  },
  async (walk) => {
    const { pick, town } = walk
    const change: Partial<Wishes> = pick([
      { replicas: 1 },
      { replicas: 3 },
      { replicas: 2 },
      { maxGpus: 8 },
      { maxGpus: 16 },
      { onNewer: 'finish' },
      { onNewer: 'replace' },
      { mode: 'shadow' },
      { mode: 'act' },
      { dollars: 1e6 },
      { dollars: 400 },
    ])
    walk.wishes = { ...walk.wishes, ...change }
    town.setPolicy(configOf(walk.wishes))
    return `policy ${JSON.stringify(change)}`
  },
  async (walk) => outage(walk),
  async (walk) => outage(walk),
  async ({ far, outages }) => {
    for (const side of SIDES) far.answers(side)
    outages.clear()
    return 'all answer'
  },
  async ({ far, roll }) => {
    const calls = roll(60)
    far.dies(calls)
    return `dies after ${calls} calls`
  },
  async ({ town, roll }) => {
    const jobs = await town.house.cluster.list('Job')
    const job = jobs[roll(Math.max(1, jobs.length))]
    if (job === undefined) return 'nothing'
    const { namespace = '', name, uid = '' } = job.metadata
    await town.house.cluster.delete({ kind: 'Job', namespace, name }, uid)
    return `delete Job ${name}`
  },
]

const outage = async ({ town, far, pick, outages }: Walk): Promise<string> => {
  const [side, how, ms] = [pick(SIDES), pick(HOWS), pick([2 * MINUTE, 14 * MINUTE, HOUR, 9 * HOUR])]
  far.fails(side, how)
  outages.set(side, clockOf(town).now() + ms)
  return `${side} ${how} for ${ms / MINUTE} minutes`
}

const upload = async (walk: Walk): Promise<string> => {
  const dataset = walk.pick(['support-chats', 'sales-chats'])
  const folder = `${dataset}/day-${String(++walk.uploads).padStart(3, '0')}/`
  const simulation = walk.pick(TRAININGS)
  await uploadDataset(walk.town.house, { bucket: 'acme-datasets', folder, rows: [`"${folder}"`], simulation })
  const told = walk.roll(4) > 0
  if (told) await walk.town.house.scanUploads().catch(() => undefined)
  return `upload ${folder} ${JSON.stringify(simulation)}${told ? '' : ', untold'}`
}

const answer = async ({ town, far, pick, roll }: Walk): Promise<string> => {
  for (const lane of LANES) {
    const question = await far.past(() => town.question(lane))
    if (question === null || roll(3) === 0) continue
    const verdict = roll(5) === 0 ? 'deny' : 'approve'
    const { status = null } =
      (await town.house.answer(question.id, { by: pick([ANA, BEN]), verdict, reason: null }).catch(() => null)) ?? {}
    return `${verdict} ${lane}: ${status}`
  }
  return 'nobody asks'
}

/** Whatever people and the world do, in an order that the seed says: then all answers again, and it comes to rest. Answers what is wrong. */
export const walkOf = async (seed: number, steps: number): Promise<{ wrong: string[]; deeds: string[] }> => {
  const far = between()
  const town = await openTown({ config: configOf(CALM), wrap: far.wrap })
  const roll = diceOf(seed)
  const pick = <T>(list: readonly T[]): T => list[roll(list.length)] as T
  const walk: Walk = { town, far, roll, pick, wishes: CALM, uploads: 0, versions: [], outages: new Map(), deeds: [] }
  const jobs = new Map<string, Set<string>>()
  const watchJobs = () =>
    town.house.cluster.watch({}, ({ object }) => {
      if (object.kind === 'Job')
        jobs.set(object.metadata.name, (jobs.get(object.metadata.name) ?? new Set()).add(object.metadata.uid ?? ''))
    })
  await watchJobs()
  try {
    for (let n = 0; n < steps; n++) {
      for (const [side, until] of walk.outages) if (clockOf(town).now() >= until) far.answers(side)
      const deed = await pick(DEEDS)(walk)
      walk.deeds.push(`${((clockOf(town).now() - Date.UTC(2026, 10, 23, 12)) / MINUTE).toFixed(1)} ${deed}`)
      await advance(town, pick([1000, 20_000, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 15 * MINUTE, HOUR, 5 * HOUR]))
      if (far.isDead() || roll(20) === 0) {
        far.revive()
        await far.past(() => town.reopen(far.wrap))
        await watchJobs()
        // What it begins with is done before anybody looks.
        await advance(town, 1)
      }
      const loose = await far.past(() => looseEnds(town))
      if (loose.length > 0) return { wrong: loose, deeds: walk.deeds }
    }
    return { wrong: await endOf(walk, jobs), deeds: walk.deeds }
  } catch (error) {
    return { wrong: [String((error as Error).stack)], deeds: walk.deeds }
  } finally {
    await town.close()
  }
}

const advance = async (town: Town, ms: number): Promise<void> => {
  const end = clockOf(town).now() + ms
  await runUntil(town.house, clockOf(town), { done: async () => clockOf(town).now() >= end, atMost: ms })
}

/** All answers, nothing is frozen, there is room, and people say yes: nothing is left under way, held, to be told or due. */
const endOf = async ({ town, far }: Walk, jobs: Map<string, Set<string>>): Promise<string[]> => {
  for (const side of SIDES) far.answers(side)
  far.revive()
  town.setPolicy(configOf(CALM))
  for (const lane of [...LANES, '*']) await town.house.command({ kind: 'thaw', lane, by: ANA })
  await town.house.scanUploads()
  const { ledger } = town.house.ports
  const quiet = async (): Promise<boolean> => {
    const docs = await Promise.all(LANES.map((lane) => town.lane(lane)))
    for (const lane of LANES) {
      const question = await town.question(lane)
      if (question !== null) await town.house.answer(question.id, { by: ANA, verdict: 'approve', reason: null })
    }
    return (
      docs.every(({ run, state }) => run === null && state !== 'wanted') &&
      (await ledger.due(Number.MAX_SAFE_INTEGER)).length === 0
    )
  }
  await advance(town, 20 * MINUTE)
  const end = clockOf(town).now() + 4 * DAY
  while (clockOf(town).now() < end && !(await quiet())) await advance(town, 10 * MINUTE)
  const wrong = await looseEnds(town)
  for (const lane of LANES) {
    const { run, state, lane: name } = await town.lane(lane)
    if (run !== null || state === 'wanted') wrong.push(`${name} never ends: ${(await town.house.why(lane)).text}`)
    const out = await everyRow(ledger, 'out', `${lane}#`)
    if (out.length > 0) wrong.push(`${lane} has ${out.length} to tell: ${JSON.stringify(out[0]?.value)}`)
    const past = await town.past(lane)
    const ended = past.map(({ id }) => id)
    if (new Set(ended).size !== ended.length) wrong.push(`${lane} ended a run twice`)
    for (const { id, run: over } of past) if (over.hold !== null) wrong.push(`${id} ended with a hold`)
  }
  const due = await ledger.due(Number.MAX_SAFE_INTEGER)
  if (due.length > 0) wrong.push(`still due: ${JSON.stringify(due.slice(0, 3))}`)
  for (const room of ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']) {
    const held = await town.held(room)
    const standing = room === 'pool/gpu-serve' ? await standingIn(town) : {}
    const sum = Object.values(standing).reduce((all, gpus) => all + gpus, 0)
    if (!isDeepStrictEqual(held, { lanes: standing, sum })) wrong.push(`${room} is held: ${JSON.stringify(held)}`)
  }
  for (const [name, uids] of jobs) if (uids.size > 1) wrong.push(`Job ${name} was made ${uids.size} times`)
  const active = ((await town.house.cluster.list('Job')) as KubeObject<'Job'>[]).filter(
    ({ status }) => (status?.active ?? 0) > 0,
  )
  for (const { metadata } of active) wrong.push(`Job ${metadata.name} still runs`)
  wrong.push(...(await registeredTwice(town)), ...(await notAsTold(town)))
  return wrong
}

/** One artifact, one version. */
const registeredTwice = async ({ house }: Town): Promise<string[]> => {
  const wrong: string[] = []
  for (const name of [MODEL, 'sales-llama']) {
    const { body } = await house.registry.rest('GET', 'model-versions/search', { filter: `name='${name}'` })
    const sources = ((body['model_versions'] ?? []) as { source: string }[]).map(({ source }) => source)
    const twice = sources.filter((source, index) => sources.indexOf(source) !== index && source.includes('-train/'))
    for (const source of twice) wrong.push(`${name} was registered twice from ${source}`)
  }
  return wrong
}

/** What is wanted is what the sources say; every end was published. */
const notAsTold = async (town: Town): Promise<string[]> => {
  const { house } = town
  const wrong: string[] = []
  const alias = await house.registry.alias(MODEL, 'champion')
  const { desired } = await town.lane(SERVE)
  const wanted = (desired as { version?: string } | null)?.version ?? null
  if (wanted !== (alias?.version ?? null))
    wrong.push(`${SERVE} wants ${wanted}, the alias says ${alias?.version ?? null}`)
  for (const dataset of ['support-chats', 'sales-chats']) {
    const found = (await house.objects.list('acme-datasets', `${dataset}/`)).filter(({ key }) =>
      key.endsWith('manifest.json'),
    )
    const newest = found.sort((a, b) => a.head.lastModified - b.head.lastModified).at(-1)?.key ?? null
    const key = ((await town.lane(`pipeline/${dataset}`)).desired as { key?: string } | null)?.key ?? null
    if (key !== newest) wrong.push(`pipeline/${dataset} wants ${key}, the newest is ${newest}`)
  }
  const published = new Set(house.bus.published(5000).map(({ detail }) => (detail as { plan?: string }).plan))
  for (const lane of LANES)
    for (const { id } of await town.past(lane)) if (!published.has(id)) wrong.push(`the end of ${id} was not published`)
  return wrong
}

/** A small linear congruential generator: the same walk at every run. */
export const diceOf = (seed: number) => {
  let state = seed
  return (sides: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * sides)
  }
}

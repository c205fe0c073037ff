import type { KubeObject } from '../../core/kube.ts'
import { everyRow } from '../../flows/rows.ts'
import type { VirtualClock } from '../../local/clock.ts'
import { runUntil } from '../../local/drive.ts'
import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { type Between, between, type How, type Side } from './away.ts'
import { ANA, openTown, type Town } from './town.ts'

/** A far side that fails from right after the nth commit of a story on, for so long. */
export interface Outage {
  side: Side
  how: How
  after: number
  minutes: number
}

/** What people do from outside. */
export interface Story {
  lane: string
  /** The generation that `act` leads to. */
  generation: number
  prepare(town: Town): Promise<void>
  /** What starts it; saying it again adds nothing. */
  act(town: Town): Promise<void>
}

export interface Played {
  /** Everything that an outage may not change. */
  ended: unknown
  /** What each commit of the story was, in the order of time. */
  commits: string[]
  /** When the story had come how far. */
  progress: { at: number; come: string }[]
  /** What was said while the far side was away, a moment before it answered again; null: it kept nobody waiting. */
  why: { side: string | null; text: string; since: number | null; also: string[] } | null
  began: number | null
}

/** Every far side of a lane. */
export const SIDES: readonly Side[] = ['cluster', 'registry', 'objects', 'chat', 'replies', 'bus', 'policies', 'ledger']
/** How far sides fail, and for how long. */
export const LENGTHS: readonly Pick<Outage, 'how' | 'minutes'>[] = [
  { how: 'away', minutes: 14 },
  { how: 'away', minutes: 20 },
  { how: 'away', minutes: 25 * 60 },
  { how: 'lost', minutes: 20 },
  { how: 'not-allowed', minutes: 60 },
]

const HOUR = 3_600_000
const MINUTE = 60_000
const MODEL = 'support-llama'
const SLOW: Simulation = { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } }
/** Approvals last longer than the longest outage. */
const config = { ...example, approvals: { ...example.approvals, expiry: '7d' } }

const rollOut = async (town: Town, version: string): Promise<void> => {
  await promote(town.house, MODEL, version)
  await town.answered(`service/${MODEL}`)
  await town.settled(`service/${MODEL}`)
}

export const stories: Record<'dataset' | 'promotion' | 'walk-back', Story> = {
  dataset: {
    lane: 'pipeline/support-chats',
    generation: 1,
    prepare: async ({ house }) =>
      void (await uploadDataset(house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{}'] })),
    act: ({ house }) => house.scanUploads(),
  },
  promotion: {
    lane: `service/${MODEL}`,
    generation: 2,
    prepare: async (town) => {
      await rollOut(town, await registerVersion(town.house, { model: MODEL }))
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 2 } })
    },
    act: ({ house }) => promote(house, MODEL, '2'),
  },
  'walk-back': {
    lane: `service/${MODEL}`,
    generation: 2,
    prepare: async (town) => {
      await rollOut(town, await registerVersion(town.house, { model: MODEL }))
      await registerVersion(town.house, { model: MODEL, simulation: SLOW })
    },
    act: ({ house }) => promote(house, MODEL, '2'),
  },
}

/** A story that is prepared once and played from there as often as one likes. */
export interface Stage {
  /** As it goes without an outage. */
  reference: Played
  /** Plays it to its end, with an outage on the way. */
  play(outage: Outage): Promise<Played>
  close(): Promise<void>
}

export const openStage = async (name: keyof typeof stories): Promise<Stage> => {
  const story = stories[name]
  const prepared = await openTown({ config })
  await story.prepare(prepared)
  const play = async (outage: Outage | null, reference: Played | null): Promise<Played> => {
    const far = between()
    const town = await prepared.copy(far.wrap)
    try {
      return await playOn(town, far, { story, outage, reference })
    } finally {
      await town.close()
    }
  }
  const reference = await play(null, null)
  return { reference, play: (outage) => play(outage, reference), close: prepared.close }
}

const playOn = async (
  town: Town,
  far: Between,
  { story, outage, reference }: { story: Story; outage: Outage | null; reference: Played | null },
): Promise<Played> => {
  const { house } = town
  const clock = house.clock as VirtualClock
  const commits: string[] = []
  const progress: Played['progress'] = []
  let began: number | null = null
  const begin = (): void => {
    if (outage === null || began !== null || commits.length < outage.after) return
    began = clock.now()
    far.fails(outage.side, outage.how)
  }
  far.after = ({ side, name, values }) => {
    if (side !== 'ledger' || name !== 'commit') return
    const writes = values[0] as Record<string, unknown>[]
    // The meter goes on whatever the story does, and after its end: its commits are no moments of it.
    if (writes.some((write) => write['put'] === 'meter')) return
    commits.push(nameOf(writes))
    begin()
  }
  begin()
  const jobs = await jobsOf(town, `-g${story.generation}a`)
  const now = seenOnce(house, () =>
    far.past(async () => ({ come: await howFar(town, story.lane), question: await town.question(story.lane) })),
  )
  const comeNow = async (): Promise<string> => (await now()).come
  const questionNow = async () => (await now()).question
  const isOver = async (): Promise<boolean> => {
    const come = await comeNow()
    progress.push({ at: clock.now(), come })
    return come === OVER(story.generation)
  }
  /**
   * Goes on in time; whoever is asked answers at once, and again when that did not get through: in a minute, and after
   * longer and longer, as people do. Each answer may be a letter that stays for as long as the far side is away.
   */
  const until = async (done: () => Promise<boolean>, end: number): Promise<boolean> => {
    let again = 0
    for (let pause = MINUTE; ; again = clock.now() + pause, pause *= 2) {
      const asks = async () => clock.now() >= again && (await questionNow()) !== null
      const met = await runUntil(house, clock, {
        done: async () => (await done()) || (await asks()),
        atMost: end - clock.now(),
      })
      const question = await questionNow()
      if (!met || question === null || (await done())) return met
      await house.answer(question.id, { by: ANA, verdict: 'approve', reason: null }).catch(() => undefined)
    }
  }
  await story.act(town).catch(() => undefined)
  let why: Played['why'] = null
  if (outage !== null) {
    await until(async () => (await isOver()) || began !== null, clock.now() + 24 * HOUR)
    const end = (began ?? clock.now()) + outage.minutes * MINUTE
    await until(async () => (await isOver()) && false, end - 1)
    const come = await comeNow()
    const expected = reference?.progress.findLast(({ at }) => at <= clock.now())?.come
    // An event that the bus lost on its way in keeps nobody waiting once resync has found it.
    if (expected !== undefined && come !== expected && (outage.side !== 'bus' || !come.includes('all told'))) {
      const { side, text, since, also } = await house.why(story.lane)
      why = { side, text, since, also }
    }
    far.answers(outage.side)
    await story.act(town).catch(() => undefined)
  }
  if (!(await until(isOver, clock.now() + 48 * HOUR)))
    throw new Error(`it never ends: ${await comeNow()}: ${(await house.why(story.lane)).text}`)
  await town.advance(30 * MINUTE)
  return { ended: await endOf(town, story.lane, jobs()), commits, progress, why, began }
}

/** What is seen, looked at again only when something was written since. */
const seenOnce = <T>(house: Town['house'], look: () => Promise<T>): (() => Promise<T>) => {
  let seen: Promise<T> | null = null
  house.onChange(() => {
    seen = null
  })
  return () => {
    seen ??= look()
    return seen
  }
}

/** Every Job of the generation that was ever made, with whether it may go in the end: a day later it is gone. */
const jobsOf = async ({ house }: Town, part: string): Promise<() => string[]> => {
  const seen = new Map<string, boolean>()
  await house.cluster.watch({}, ({ object }) => {
    if (object.kind !== 'Job' || !object.metadata.name.includes(part)) return
    const { metadata, spec } = object as KubeObject<'Job'>
    seen.set(`${metadata.name} ${metadata.uid}`, spec?.ttlSecondsAfterFinished !== undefined)
  })
  return () => [...seen].map(([job, goes]) => `${job.split(' ')[0]}${goes ? ' goes' : ''}`).sort()
}

const OVER = (generation: number): string => `${generation} over, all told`

/** How far the story has come, in a word. */
const howFar = async (town: Town, lane: string): Promise<string> => {
  const doc = await town.lane(lane)
  const out = (await everyRow(town.house.ports.ledger, 'out', `${lane}#`)).length
  const told = out === 0 ? 'all told' : `${out} to tell`
  if (doc.run === null) return `${doc.generation} ${doc.outcome === null ? 'wanted' : 'over'}, ${told}`
  const { generation, phase, steps, question } = doc.run
  return `${generation} ${phase} ${question?.state ?? ''} ${steps.map(({ name, state, way }) => `${way} ${name} ${state}`).join(' ')}, ${told}`
}

/** The lane's document after a commit, or what else it wrote. */
const nameOf = (writes: Record<string, unknown>[]): string => {
  const doc = writes.find(({ put }) => put === 'lane')?.['value'] as
    | { run: null | { phase: string; steps: { name: string; state: string; touched: boolean }[] } }
    | undefined
  if (doc === undefined)
    return writes
      .map(({ put, remove }) => put ?? remove)
      .filter(Boolean)
      .join('+')
  const at =
    doc.run?.steps.find(({ state }) => state === 'running') ??
    doc.run?.steps.findLast(({ state }) => state !== 'pending')
  const tells = writes.filter(({ put }) => put === 'out').length
  return `lane: ${doc.run === null ? 'no run' : doc.run.phase}${at === undefined ? '' : ` ${at.name} ${at.state}${at.touched ? ' touched' : ''}`}${tells > 0 ? `, tells ${tells}` : ''}`
}

/** Everything that an outage may not change; times and uids are left out. */
const endOf = async (town: Town, lane: string, jobs: string[]) => {
  const { house } = town
  const { ledger } = house.ports
  const { state, generation, attempt, outcome, run, baseline } = await town.lane(lane)
  const runs = (await town.past(lane)).map(({ id, outcome: { kind, reason, detail }, run: past, cost }) => ({
    // Of a Job whose pods are gone only the Job says how long it worked, and its wait for a node counts with it.
    id,
    kind,
    reason,
    detail,
    // What stands of a rollout halfway costs on while nobody can look.
    ...(lane.startsWith('pipeline/') ? { cost: Math.round(cost / 5) } : {}),
    asked: past.asked,
    steps: past.steps.map(({ name, state: is }) => `${name} ${is}`),
  }))
  const deployments = (await house.cluster.list('Deployment')).map((object) => {
    const { metadata, spec } = object as KubeObject<'Deployment'>
    return { name: metadata.name, replicas: spec?.replicas }
  })
  const answer = await house.registry.rest('GET', 'model-versions/search', { filter: `name='${MODEL}'` })
  const registered = (answer.body['model_versions'] ?? []) as { version: string; source: string }[]
  const rooms = ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']
  const held = await Promise.all(rooms.map((room) => town.held(room)))
  const lines = (await Promise.all(rooms.map((room) => everyRow(ledger, 'line', `${room}#`)))).flat()
  return {
    state,
    generation,
    attempt,
    outcome: outcome?.kind,
    run,
    baseline: baseline?.generation,
    runs,
    jobs,
    deployments,
    registered: registered.map(({ version, source }) => `${version} ${source}`),
    cards: (await house.cards()).map(({ key, card }) => ({ key, title: card.title, open: card.question !== null })),
    finished: publishedOf(town).sort(),
    held,
    lines,
    letters: (await everyRow(ledger, 'look', `${lane}#`)).length + (await everyRow(ledger, 'order', `${lane}#`)).length,
    due: (await ledger.due(Number.MAX_SAFE_INTEGER)).map(({ group }) => group),
    sides: (
      await ledger.read(
        ['cluster', 'registry', 'objects', 'chat', 'replies', 'bus', 'policies'].map((id) => ({
          kind: 'side' as const,
          id,
        })),
      )
    )
      .filter((row) => row !== null)
      .map((row) => row?.id),
  }
}

type Ended = Awaited<ReturnType<typeof endOf>>

/**
 * Whether a rollout was taken back because what stood of it would have cost more than it may: the cluster answered, and what it waited for
 * did not, for longer than that pays for (law 9). Nothing is left over then either.
 */
export const isTakenBack = ({ side, minutes }: Pick<Outage, 'side' | 'minutes'>, ended: unknown): boolean => {
  const { state, run, baseline, runs, deployments, letters, lines, due, sides } = ended as Ended
  const stands = deployments.map(({ replicas }) => replicas)
  return (
    side === 'objects' &&
    minutes > 60 &&
    state === 'failed' &&
    run === null &&
    baseline === 1 &&
    runs.at(-1)?.reason === 'bound-reached' &&
    stands.join() === '2,0' &&
    [letters, lines.length, due.length, sides.length].every((count) => count === 0)
  )
}

/** Plans whose end was published, each once: the bus delivers at least once. */
const publishedOf = ({ house }: Town): string[] => [
  ...new Set(
    house.bus
      .published(10_000)
      .filter((event) => event['detail-type'] === 'Plan Finished')
      .map(({ detail }) => String((detail as { plan?: unknown })?.plan ?? (detail as { id?: unknown })?.id)),
  ),
]

/** What `why` left out of an outage that kept people waiting; null: nothing. */
export const whyProblem = ({ side }: Pick<Outage, 'side'>, { why, began }: Played): string | null => {
  if (why === null) return null
  if (why.side !== side && !why.also.some((line) => line.startsWith(`${side} does not answer since`)))
    return `why does not name ${side}: ${JSON.stringify(why)}`
  // Nobody can write down since when there is no ledger, nor ask a lane that nobody could make.
  const isUnknown = why.since === null && (side === 'ledger' || side === 'policies')
  return isUnknown || why.side !== side || (why.since ?? 0) >= (began ?? 0)
    ? null
    : `since when? ${JSON.stringify(why)}`
}

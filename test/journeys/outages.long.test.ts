import { afterAll, afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between, type How, isMeters, type Side } from './away.ts'
import { LENGTHS, type Outage, openStage, type Played, SIDES, type Stage, type stories, whyProblem } from './outage.ts'
import { everyJob, HOUR, jobsOf, looseEnds, TRAIN, trainedUntil, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

const stages = new Map<string, Promise<Stage>>()
const stageOf = (name: keyof typeof stories): Promise<Stage> => {
  const found = stages.get(name) ?? openStage(name)
  stages.set(name, found)
  return found
}
/** The moment right after the commit of this name, as a number of commits. */
const momentOf = ({ commits }: Played, name: string): number => {
  const index = commits.indexOf(name)
  if (index < 0) throw new Error(`there is no moment ${name}: ${commits.join(' | ')}`)
  return index + 1
}

/** What a far side is needed for at these moments; the whole product is `test/slow/outages.ts`. */
const MOMENTS: { story: keyof typeof stories; moment: string; side: Side; lengths?: readonly number[] }[] = [
  { story: 'dataset', moment: 'look', side: 'objects' },
  { story: 'dataset', moment: 'look', side: 'policies' },
  { story: 'dataset', moment: 'look', side: 'cluster' },
  { story: 'dataset', moment: 'lane: asked, tells 1', side: 'chat', lengths: [0] },
  { story: 'dataset', moment: 'lane: asked, tells 1', side: 'ledger' },
  { story: 'dataset', moment: 'order', side: 'cluster', lengths: [4] },
  { story: 'dataset', moment: 'lane: steps train running, tells 1', side: 'cluster', lengths: [0, 3] },
  { story: 'dataset', moment: 'lane: steps train running touched', side: 'ledger' },
  { story: 'dataset', moment: 'lane: steps evaluate running', side: 'cluster', lengths: [4] },
  { story: 'dataset', moment: 'lane: steps evaluate running touched', side: 'registry', lengths: [0, 3, 4] },
  { story: 'dataset', moment: 'lane: steps register running', side: 'ledger', lengths: [3] },
  { story: 'dataset', moment: 'lane: no run, tells 5', side: 'chat', lengths: [1, 4] },
  { story: 'dataset', moment: 'lane: no run, tells 5', side: 'bus', lengths: [1, 3] },
  { story: 'promotion', moment: 'look', side: 'registry' },
  { story: 'promotion', moment: 'order', side: 'registry', lengths: [0, 1, 3] },
  { story: 'promotion', moment: 'lane: steps move-1 running, tells 1', side: 'cluster', lengths: [3] },
  { story: 'promotion', moment: 'lane: steps gate running', side: 'cluster' },
  { story: 'promotion', moment: 'lane: steps move-3 running', side: 'cluster', lengths: [0] },
  { story: 'walk-back', moment: 'lane: back back-1 running', side: 'cluster', lengths: [3] },
  { story: 'walk-back', moment: 'lane: steps gate running touched', side: 'ledger' },
]

describe('a far side is away at every step of the way: the same comes of it, and meanwhile `why` says so (A)', () => {
  const cells = MOMENTS.flatMap(({ story, moment, side, lengths = [1] }) =>
    lengths.map((length) => ({ story, moment, side, ...(LENGTHS[length] as { how: How; minutes: number }) })),
  )
  it.each(cells)('$story: $side $how for $minutes minutes from "$moment" on', async ({ story, moment, ...rest }) => {
    const { reference, play } = await stageOf(story)
    const outage: Outage = { ...rest, after: momentOf(reference, moment) }
    const got = await play(outage)
    expect(got.ended).toEqual(reference.ended)
    expect(whyProblem(outage, got)).toBeNull()
  })

  afterAll(async () => {
    for (const stage of stages.values()) await (await stage).close()
  })

  it('every far side has its cell', () => {
    expect(new Set(MOMENTS.map(({ side }) => side))).toEqual(new Set(SIDES.filter((side) => side !== 'replies')))
  })
})

const far = between()
let town: Town
const FIVE = ['one', 'two', 'three', 'four', 'five']
const five = {
  ...example,
  budget: { ...example.budget, dollars: 1e6 },
  pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 80 } },
  pipelines: Object.fromEntries(FIVE.map((name) => [name, piped({ prefix: `${name}/` })])),
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}

const close = async (): Promise<void> => {
  for (const side of SIDES) far.answers(side)
  await town.close()
}

describe('of five lanes that wait for a far side one asks, and the others wait for that', () => {
  afterEach(close)
  it.each([
    ['objects', 'stream', 'before they look', 1],
    ['cluster', 'list', 'before they are planned', 3],
    ['registry', 'findByTag', 'as they register', 1],
    ['chat', 'post', 'as they tell', 1],
    ['bus', 'publish', 'as they tell', 1],
    ['policies', 'load', 'whenever they look', 1],
  ] as const)('%s %s, %s', async (side, name, when, calls) => {
    town = await openTown({ config: five, wrap: far.wrap })
    const before = when.startsWith('before')
    if (before) far.fails(side, 'away')
    for (const lane of FIVE) await upload(town, '', { folder: `${lane}/a/` })
    if (!before) far.fails(side, 'away')
    await town.advance(HOUR)
    far.calls.length = 0
    await town.advance(HOUR / 2)
    const probes =
      far.calls.filter((call) => call.side === side && call.name === name && call.failed && !isMeters(call)).length /
      calls
    // One in five minutes (of the policy one a minute, and those of resync).
    expect(probes).toBeGreaterThanOrEqual(5)
    expect(probes).toBeLessThanOrEqual(side === 'policies' ? 30 + 12 : 7)
    for (const lane of FIVE) {
      const { side: named, also } = await town.house.why(`pipeline/${lane}`)
      expect([named, ...also].join()).toContain(side)
    }
    far.answers(side)
    await town.until(
      'all are done, and told',
      async () => {
        const lanes = await Promise.all(FIVE.map((lane) => town.lane(`pipeline/${lane}`)))
        return (
          lanes.every(({ state }) => state === 'succeeded') &&
          (await town.house.ports.ledger.due(Number.MAX_SAFE_INTEGER)).length === 0
        )
      },
      2,
    )
    expect(await jobsOf(town)).toHaveLength(10)
    expect(await looseEnds(town)).toEqual([])
  })
})

describe('the policy cannot be read for long (law 15)', () => {
  afterEach(close)
  it.each([
    ['away', 24],
    ['not-allowed', 6],
  ] as const)('%s for %i hours: nothing ends, `why` says so, and all goes on afterwards', async (how, hours) => {
    town = await openTown({ wrap: far.wrap })
    const made = await everyJob(town)
    await trainedUntil(town, 'train', 'running')
    far.fails('policies', how)
    await town.advance(hours * HOUR)
    expect(await town.house.why(TRAIN)).toMatchObject({ side: 'policies', text: expect.stringContaining('policies') })
    expect((await town.lane(TRAIN)).run?.ending).toBeNull()
    far.answers('policies')
    expect((await town.settled(TRAIN, 0.5)).state).toBe('succeeded')
    expect(made()).toEqual(['g1a1-evaluate', 'g1a1-train'])
  })
})

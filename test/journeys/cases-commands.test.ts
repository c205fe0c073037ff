import { afterEach, describe, expect, it } from 'vitest'
import example from '../example.ts'
import { between } from './away.ts'
import { fillPool, HOUR, holdDeletions, looseEnds, MINUTE, say, TRAIN, trainedUntil, upload } from './scenes.ts'
import { ANA, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const small = { ...example, pools: { ...example.pools, 'gpu-train': { ...example.pools['gpu-train'], maxGpus: 8 } } }
const freeze = (hours = 12) =>
  town.house.command({ kind: 'freeze', lane: TRAIN, until: town.house.clock.now() + hours * HOUR, by: ANA })

const newerWaits = async (): Promise<void> => {
  town = await openTown()
  await trainedUntil(town, 'train', 'running')
  await town.advance(MINUTE)
  await upload(town, 'b')
}

/** Where a lane may be when somebody says something. */
const STATES: Record<string, () => Promise<void>> = {
  'there is no such lane': async () => {
    town = await openTown()
  },
  'nothing was ever wanted': async () => {
    town = await openTown()
    await town.house.objects.write('acme-datasets', 'support-chats/a/manifest.json', Buffer.from('{'))
    await town.house.scanUploads()
  },
  asked: async () => {
    town = await openTown()
    await upload(town)
  },
  'approved and frozen': async () => {
    town = await openTown()
    await upload(town)
    await freeze()
    await town.answered(TRAIN)
  },
  'waiting for room': async () => {
    town = await openTown({ config: small })
    await fillPool(town)
    await upload(town)
    await town.answered(TRAIN)
  },
  training: async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
  },
  'frozen after training': async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    await freeze()
    await town.until('training is done', async () => (await town.lane(TRAIN)).run?.steps[0]?.state === 'done')
  },
  evaluating: async () => {
    town = await openTown()
    await trainedUntil(town, 'evaluate', 'running')
  },
  'going back': async () => {
    town = await openTown()
    await trainedUntil(town, 'train', 'running')
    holdDeletions(town, 'acme.dev/keep')
    await say(town, 'cancel')
  },
  'the cluster is away': async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await trainedUntil(town, 'train', 'running')
    far.fails('cluster', 'away')
    await town.advance(20 * MINUTE)
  },
  succeeded: async () => {
    town = await openTown()
    await upload(town)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
  },
  'failed at its gate': async () => {
    town = await openTown()
    await upload(town, 'a', { simulation: { metrics: { score: 0.1 } } })
    await town.answered(TRAIN)
    await town.settled(TRAIN)
  },
  'about to be repeated': async () => {
    town = await openTown()
    await upload(town, 'a', { simulation: { tasks: { evaluate: { imagePull: 'fail' } } } })
    await town.answered(TRAIN)
    await town.until('it failed', async () => (await town.lane(TRAIN)).outcome !== null)
  },
  rejected: async () => {
    town = await openTown()
    await upload(town)
    await town.answered(TRAIN, 'deny')
    await town.settled(TRAIN)
  },
  expired: async () => {
    town = await openTown()
    await upload(town)
    await town.settled(TRAIN)
  },
  refused: async () => {
    town = await openTown({ config: { ...example, budget: { ...example.budget, dollars: 1 } } })
    await upload(town)
  },
  cancelled: async () => {
    town = await openTown()
    await upload(town)
    await say(town, 'cancel')
    await town.settled(TRAIN)
  },
  'a newer one waits behind training': newerWaits,
  'a newer one was cancelled behind training': async () => {
    await newerWaits()
    await say(town, 'cancel', { wanted: true })
  },
  'it came again, and a newer one in between': async () => {
    await newerWaits()
    await town.advance(MINUTE)
    await upload(town, 'a')
  },
  'what came is not all there': async () => {
    town = await openTown()
    await upload(town, 'a', { rows: ['"a"', '"b"'], leaveOut: [1] })
  },
}

const COMMANDS = {
  retry: () => say(town, 'retry'),
  'retry --from evaluate': () => say(town, 'retry', { from: 'evaluate' }),
  'retry --from nosuch': () => say(town, 'retry', { from: 'nosuch' }),
  cancel: () => say(town, 'cancel'),
  'cancel --wanted': () => say(town, 'cancel', { wanted: true }),
}

type Answer = [ok: boolean, detail: RegExp]
const NO_LANE: Answer = [false, /there is no lane/]
const NONE: Answer = [false, /never wanted anything/]
const BUSY: Answer = [false, /cancel it first/]
const IDLE: Answer = [false, /nothing in progress/]
const NOTHING_WAITS: Answer = [false, /nothing waits/]
const AGAIN: Answer = [true, /attempt 2 of generation 1 has started/]
const NO_STAGE: Answer = [false, /no stage/]
const KEEPS: Answer = [true, /attempt 2 of generation 1 has started, keeping train where nothing of it has changed$/]
const BEGINS: Answer = [false, /generation 2\) begins by itself once .* \(generation 1\) has ended/]
const GOES_ON: Answer = [false, /generation 1\) goes on: say retry of .* \(generation 2\) once that has ended/]
const NOT_YET: Answer = [false, /waits \(1 object .*\), and nothing is wanted of it yet/]
const BEFORE: Answer = [true, /before it begins/]
const STOPS: Answer = [true, /next safe point/]
const ENDING: Answer = [false, /being cancelled: say retry once it is gone/]

/** What each command does in each state: retry, retry --from evaluate, retry --from nosuch, cancel, cancel --wanted. */
const TABLE: Record<keyof typeof STATES, [Answer, Answer, Answer, Answer, Answer]> = {
  'there is no such lane': [NO_LANE, NO_LANE, NO_LANE, NO_LANE, NO_LANE],
  'nothing was ever wanted': [NONE, NONE, NONE, IDLE, NOTHING_WAITS],
  asked: [BUSY, BUSY, BUSY, BEFORE, NOTHING_WAITS],
  'approved and frozen': [BUSY, BUSY, BUSY, BEFORE, NOTHING_WAITS],
  'waiting for room': [BUSY, BUSY, BUSY, BEFORE, NOTHING_WAITS],
  training: [BUSY, BUSY, BUSY, STOPS, NOTHING_WAITS],
  'frozen after training': [BUSY, BUSY, BUSY, STOPS, NOTHING_WAITS],
  evaluating: [BUSY, BUSY, BUSY, STOPS, NOTHING_WAITS],
  'going back': [ENDING, ENDING, ENDING, ENDING, NOTHING_WAITS],
  'the cluster is away': [BUSY, BUSY, BUSY, STOPS, NOTHING_WAITS],
  succeeded: [AGAIN, KEEPS, NO_STAGE, IDLE, NOTHING_WAITS],
  'failed at its gate': [AGAIN, KEEPS, NO_STAGE, IDLE, NOTHING_WAITS],
  'about to be repeated': [KEEPS, KEEPS, NO_STAGE, [true, /not repeated/], NOTHING_WAITS],
  rejected: [AGAIN, NO_STAGE, NO_STAGE, IDLE, NOTHING_WAITS],
  expired: [AGAIN, NO_STAGE, NO_STAGE, IDLE, NOTHING_WAITS],
  refused: [AGAIN, NO_STAGE, NO_STAGE, IDLE, NOTHING_WAITS],
  cancelled: [AGAIN, NO_STAGE, NO_STAGE, IDLE, NOTHING_WAITS],
  'a newer one waits behind training': [
    BEGINS,
    BEGINS,
    BEGINS,
    [true, /generation 2\) waits behind it and goes on: cancel it with --wanted/],
    [true, /generation 2\) is cancelled before it began/],
  ],
  'a newer one was cancelled behind training': [GOES_ON, GOES_ON, GOES_ON, STOPS, NOTHING_WAITS],
  'it came again, and a newer one in between': [BUSY, BUSY, BUSY, [true, /goes back$/], NOTHING_WAITS],
  'what came is not all there': [NONE, NONE, NONE, NOT_YET, NOT_YET],
}

/** Why a lane is there where it says so. */
const WHY: Partial<Record<keyof typeof STATES, string>> = {
  asked: 'asked',
  'approved and frozen': 'frozen',
  'waiting for room': 'no-room',
  training: 'working',
  'frozen after training': 'frozen',
  'going back': 'deleting',
  'the cluster is away': 'unavailable',
  'about to be repeated': 'pause',
  refused: 'parked',
}

describe('a command does what it says, wherever the lane is', () => {
  it.each(Object.keys(TABLE))('%s', async (state) => {
    await STATES[state]?.()
    if (WHY[state] !== undefined) expect((await town.house.why(TRAIN)).why).toBe(WHY[state])
    const expected = Object.keys(COMMANDS).map((name, index) => ({ name, answer: TABLE[state]?.[index] as Answer }))
    // What is refused changes nothing, so that the next one finds the same.
    let changed = false
    for (const { name, answer } of expected.toSorted((a, b) => Number(a.answer[0]) - Number(b.answer[0]))) {
      if (changed) {
        await town.close()
        await STATES[state]?.()
      }
      const { ok, detail } = await COMMANDS[name as keyof typeof COMMANDS]()
      expect([name, ok, detail]).toEqual([name, answer[0], expect.stringMatching(answer[1])])
      changed ||= ok
    }
    expect(await looseEnds(town)).toEqual([])
  })
})

import { promote, registerVersion, type Simulation, uploadDataset } from '../../local/scenario.ts'
import { ANA, type Town } from '../journeys/town.ts'

/** What people do from outside, in order; each is repeated after a crash, as a person or a producer would. */
export interface Story {
  lane: string
  /** The generation that `act` leads to. */
  generation: number
  /** Done once, before anything else, and by another process: datasets, versions, what was served before. */
  prepare(town: Town): Promise<void>
  /** What starts it; repeating it must add nothing. */
  act(town: Town): Promise<void>
  /** Done once it was approved, when it is time; repeating it must add nothing. */
  later?: { when(town: Town): Promise<boolean>; does(town: Town): Promise<unknown> }
  /** What changes outside of us, whenever somebody looks. */
  meanwhile?(town: Town): Promise<void>
  /** Who answers: somebody while the process is alive, or, whenever it died while it asked, before the next one starts. */
  answers?: 'while-dead'
}

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const MODEL = 'support-llama'
const FOLDER = 'support-chats/a/'

const SLOW: Simulation = { metrics: { health: 1, p95_ms: 9000, error_rate: 0 } }
const LOADS: Simulation = { loadMinutes: 2 }
/** GPUs that lose each other: another attempt may cure it. */
const NCCL: Simulation = { exitCode: 1, logs: ['NCCL: Watchdog caught collective operation timeout'] }

const upload = async ({ house }: Town, simulation?: Simulation): Promise<void> => {
  const given = { bucket: 'acme-datasets', folder: FOLDER, rows: ['{}'] }
  await uploadDataset(house, simulation === undefined ? given : { ...given, simulation })
}
const behaves = ({ house }: Town, simulation: Simulation): Promise<unknown> =>
  house.objects.write('acme-datasets', `${FOLDER}simulation.json`, Buffer.from(JSON.stringify(simulation)))

/** The first version is served; the second is there, and behaves so. */
const firstServed =
  (simulation: Simulation) =>
  async (town: Town): Promise<void> => {
    await registerVersion(town.house, { model: MODEL })
    await promote(town.house, MODEL, '1')
    await town.answered(SERVE)
    await town.settled(SERVE)
    await registerVersion(town.house, { model: MODEL, simulation })
  }

const dataset: Story = {
  lane: TRAIN,
  generation: 1,
  prepare: (town) => upload(town),
  act: ({ house }) => house.scanUploads(),
}

/** Ways of one event from its arrival to its end. */
export const stories: Record<string, Story> = {
  'a dataset is trained on': dataset,
  'a dataset is approved while nobody lives': { ...dataset, answers: 'while-dead' },
  'a dataset whose evaluation fails once, which another attempt cures': {
    ...dataset,
    prepare: (town) => upload(town, { tasks: { evaluate: NCCL } }),
    meanwhile: async (town) => {
      if ((await town.lane(TRAIN)).outcome?.kind === 'failed') await behaves(town, {})
    },
  },
  'a model is rolled out': {
    lane: SERVE,
    generation: 1,
    prepare: async ({ house }) => void (await registerVersion(house, { model: MODEL })),
    act: ({ house }) => promote(house, MODEL, '1'),
  },
  'a rollout walks back': {
    lane: SERVE,
    generation: 2,
    prepare: firstServed(SLOW),
    act: ({ house }) => promote(house, MODEL, '2'),
  },
  'a rollout is cancelled in the middle': {
    lane: SERVE,
    generation: 2,
    prepare: firstServed(LOADS),
    act: ({ house }) => promote(house, MODEL, '2'),
    later: {
      // All of its first move is applied: what is cancelled earlier has made less.
      when: async (town) => (await town.run(SERVE, 2, 1))?.steps[0]?.touched === true,
      does: async ({ house }) => {
        const { ok, detail } = await house.command({ kind: 'cancel', lane: SERVE, by: ANA })
        if (!ok && !/ending already|being cancelled|no longer so|nothing in progress|not heeded yet/.test(detail))
          throw new Error(detail)
      },
    },
  },
}

import { promote, registerVersion, uploadDataset } from '../../local/scenario.ts'
import example from '../example.ts'
import { openTown, type Town } from './town.ts'

const TRAIN = 'pipeline/support-chats'
const SERVE = 'service/support-llama'
const MODEL = 'support-llama'
export const config = { ...example, approvals: { ...example.approvals, autoApproveBelow: 1e9 } }

/** Rounds of a dataset and a promotion each. */
const ROUNDS = 4

export const uploaded = (folder: string) => ({
  version: '0',
  id: `e-${folder}`,
  source: 'aws.s3',
  'detail-type': 'Object Created',
  time: '2026-11-23T12:00:00Z',
  detail: { bucket: { name: 'acme-datasets' }, object: { key: `support-chats/${folder}/manifest.json`, size: 9 } },
})

export const aliased = (version: string) => ({
  source: 'signalbox.registry',
  detailType: 'Model Promotion Changed',
  detail: {
    deliveryId: `d-${version}`,
    entity: 'model_version_alias',
    action: 'created',
    timestamp: '2026-11-23T12:00:00+00:00',
    data: { name: MODEL, alias: 'champion', version },
  },
})

/** So many duplicated, shuffled, delayed deliveries, as the dice say: what came of them, and what the sources say. */
export const deliverAll = async (
  deliveries: number,
  roll: (sides: number) => number,
): Promise<{ came: unknown; says: unknown; jobs: number }> => {
  const town = await openTown({ config })
  try {
    const made = await jobsMade(town)
    const versions = [
      await registerVersion(town.house, { model: MODEL }),
      await registerVersion(town.house, { model: MODEL, simulation: { loadMinutes: 1 } }),
    ]
    // Nobody lets pass what a stranger registered.
    const says = async (): Promise<unknown> => (await town.question(SERVE)) !== null && town.answered(SERVE)
    for (let round = 0; round < ROUNDS; round++) {
      const folder = `support-chats/day-${round}/`
      await uploadDataset(town.house, { bucket: 'acme-datasets', folder, rows: [`{"round":${round}}`] })
      await promote(town.house, MODEL, versions[round % 2] ?? '1')
      for (let n = 0; n < deliveries / ROUNDS / 2; n++) {
        await town.house.deliver(uploaded(`day-${roll(round + 1)}`))
        await town.house.ports.bus.publish([aliased(versions[roll(2)] ?? '1')])
        if (roll(20) === 0) await town.advance(roll(100) * 30_000)
        await says()
      }
    }
    const isDone = async (lane: string): Promise<boolean> => {
      await says()
      return (await town.lane(lane)).state === 'succeeded'
    }
    await town.until('both lanes are done', async () => (await isDone(TRAIN)) && (await isDone(SERVE)), 48)
    const wanted = [
      { ...DONE, wanted: `support-chats/day-${ROUNDS - 1}/manifest.json` },
      { ...DONE, wanted: versions[(ROUNDS - 1) % 2] },
    ]
    const jobs = made()
    return {
      came: {
        lanes: [await cameOf(town, TRAIN), await cameOf(town, SERVE)],
        held: await heldIn(town),
        twice: jobs.twice,
      },
      // What stands is held for as long as it stands.
      says: { lanes: wanted, held: ['pool/gpu-serve'], twice: [] },
      jobs: jobs.names,
    }
  } finally {
    await town.close()
  }
}

/** Nothing is under way, held or waiting, and the last run is the generation's own. */
const DONE = { run: null, last: 'succeeded', isOwn: true, holds: 0, letters: 0 }

const cameOf = async (town: Town, lane: string): Promise<unknown> => {
  const { run, generation, desired } = await town.lane(lane)
  const { key, version } = desired as { key?: string; version?: string }
  const past = await town.past(lane)
  const { ledger } = town.house.ports
  const letters = [
    ...(await ledger.list('look', { prefix: `${lane}#` })),
    ...(await ledger.list('order', { prefix: `${lane}#` })),
  ]
  return {
    run,
    last: past.at(-1)?.outcome.kind,
    isOwn: past.at(-1)?.run.generation === generation,
    holds: past.filter(({ run: { hold } }) => hold !== null).length,
    letters: letters.length,
    wanted: key ?? version,
  }
}

const heldIn = async (town: Town): Promise<string[]> => {
  const rooms = ['pool/gpu-train', 'pool/gpu-serve', 'budget/ml-monthly']
  const held = await Promise.all(rooms.map((room) => town.held(room)))
  return rooms.filter((_, n) => held[n]?.sum !== 0 || Object.keys(held[n]?.lanes ?? {}).length > 0)
}

/** Jobs by their names, which say generation, attempt and step; and those that were made twice. */
const jobsMade = async ({ house }: Town): Promise<() => { names: number; twice: string[] }> => {
  const made: string[] = []
  await house.cluster.watch({}, ({ type, object }) => {
    if (object.kind === 'Job' && type === 'ADDED') made.push(object.metadata.name)
  })
  return () => ({ names: new Set(made).size, twice: made.filter((name, n) => made.indexOf(name) !== n) })
}

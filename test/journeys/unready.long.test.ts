import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import type { Mark } from '../../core/lane/document.ts'
import { label } from '../../core/names.ts'
import type { Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MINUTE, MODEL, replicasOf, SERVE, SLOW, say, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** From the moment that this step is marked none of the generation is ready, for so long. */
type Flap = Pick<Mark, 'name' | 'way'> & { generation: number; lasts: number }

describe('replicas that are not ready for a moment, as a move begins', () => {
  let flap: Flap | null = null
  let from: number | null = null
  afterEach(() => {
    flap = null
    from = null
  })

  const isUnready = async ({ ledger, clock }: Ports): Promise<boolean> => {
    if (flap === null) return false
    const { name, way, lasts } = flap
    const run = (await readRow(ledger, 'lane', SERVE))?.value.run
    const begins = run?.steps.some((mark) => mark.name === name && mark.way === way && mark.state === 'running')
    if (begins) from ??= clock.now()
    return from !== null && clock.now() <= from + lasts
  }
  const seen = (object: KubeObject): KubeObject =>
    object.kind === 'Deployment' && object.metadata.labels?.[label('generation')] === String(flap?.generation)
      ? ({ ...object, status: { replicas: 1, readyReplicas: 0 } } as KubeObject)
      : object
  const wrap = (ports: Ports): Ports => {
    const { cluster } = ports
    const list = cluster.list.bind(cluster)
    cluster.list = async (kind, where) => {
      const found = await list(kind, where)
      return (await isUnready(ports)) ? found.map(seen as (one: (typeof found)[number]) => typeof one) : found
    }
    return ports
  }

  const promoted = async (gpus: number, simulation?: typeof SLOW): Promise<void> => {
    const config = structuredClone(example)
    Object.assign(config.pools['gpu-serve'] ?? {}, { maxGpus: gpus })
    town = await openTown({ wrap, config })
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.answered(SERVE)
  }
  const standsAlone = async (replicas: Record<string, number>): Promise<void> => {
    expect(await replicasOf(town)).toEqual(replicas)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await looseEnds(town)).toEqual([])
    expect((await timeline(town, SERVE)).map(({ text }) => text).join()).not.toContain('not-healthy')
  }

  it('back from a gate that has failed: nobody asks what failed, and it goes whatever the baseline is', async () => {
    await promoted(16, SLOW)
    flap = { name: 'back-1', way: 'back', generation: 1, lasts: MINUTE }
    await town.until('it walks back', async () => from !== null)
    await town.advance(1000)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    await standsAlone({ 1: 2 })
  })

  /** What was judged answers beside the baseline, and a person does not want it: the baseline is not ready as that is to leave. */
  const cancelledUnready = async (lasts: number): Promise<void> => {
    await promoted(16)
    await town.until('both answer', stepIs(town, SERVE, 'move-2', 'running'))
    flap = { name: 'back-1', way: 'back', generation: 1, lasts }
    await say(town, 'cancel', { lane: SERVE })
    await town.until('it waits', async () => from !== null)
    await town.advance(1000)
  }

  it('back from where both answer: the baseline is waited for, and only then what answers beside it is taken away', async () => {
    await cancelledUnready(MINUTE)
    expect((await town.house.why(SERVE)).text).toContain('none of generation 1 is ready: generation 2 stays as it is')
    expect(await replicasOf(town)).toEqual({ 1: 1, 2: 1 })
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'cancelled' })
    await standsAlone({ 1: 2 })
  })

  it('back for a person who cancels on a full pool: the same', async () => {
    await promoted(8)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    flap = { name: 'back-1', way: 'back', generation: 1, lasts: 30_000 }
    await say(town, 'cancel', { lane: SERVE })
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'cancelled' })
    await standsAlone({ 1: 2 })
  })

  it('forth: what was approved goes on', async () => {
    await promoted(16)
    flap = { name: 'move-2', way: 'forth', generation: 2, lasts: 10_000 }
    expect((await town.settled(SERVE, 1)).outcome).toMatchObject({ kind: 'succeeded' })
    await standsAlone({ 2: 2 })
  })

  it('forth, and it stays so: only then it fails, and what stood before stands alone', async () => {
    // On a full pool nothing runs beyond what ran before: its patience ends it, not what it may cost.
    await promoted(8)
    flap = { name: 'move-3', way: 'forth', generation: 2, lasts: 5 * HOUR }
    expect((await town.settled(SERVE, 4)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'not-healthy',
      detail: expect.stringMatching(/^after \d+ minutes still none of generation 2 is ready/),
    })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('and something newer takes over while it waits on its way back', async () => {
    await cancelledUnready(20 * MINUTE)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.advance(MINUTE)
    expect(await town.lane(SERVE)).toMatchObject({ halfway: true, run: { generation: 3 } })
  })
})

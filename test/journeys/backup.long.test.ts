import type { V1Job } from '@kubernetes/client-node'
import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { emptyDocument } from '../../core/lane/document.ts'
import { runOnceName } from '../../core/names.ts'
import { SELF } from '../../core/rows.ts'
import { hasEnded, withToken } from '../../core/steps/launch-job.ts'
import { looseNow } from '../../flows/orphans.ts'
import { resync } from '../../flows/resync.ts'
import { readRow } from '../../flows/rows.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { openStores, type Stores } from '../../local/stores.ts'
import { taskJob } from '../local/cluster/world-fixture.ts'
import {
  HOUR,
  jobsOf,
  looseEnds,
  MODEL,
  replicasOf,
  SERVE,
  SLOW,
  say,
  served,
  stepIs,
  TRAIN,
  upload,
  versionsOf,
} from './scenes.ts'
import { LEDGER, openTown, type Town } from './town.ts'

let town: Town
let stores: Stores
let backup: Uint8Array
afterEach(() => town.close())

const opened = async (first: () => Promise<unknown> = async () => undefined, later = HOUR) => {
  stores = openStores(null)
  town = await openTown({ stores })
  await first()
  await town.advance(later)
  backup = stores.ledger.serialize()
}
/** The ledger as it was, on the cluster as it is. */
const restored = async (adopt = true): Promise<void> => {
  await town.house.close()
  stores.ledger.deserialize(backup)
  await town.reopen(undefined, adopt)
}
const trained = async () => (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-train'))
const answeredIfAsked = async (): Promise<void> => {
  await town.advance(HOUR / 60)
  if ((await town.question(TRAIN)) !== null) await town.answered(TRAIN)
}
const trainings = async () => (await trained()).map(({ metadata }) => metadata.uid).sort()

describe('a ledger that was restored', () => {
  it.each([
    ['runs', () => true],
    ['has ended', (job: V1Job) => hasEnded(job)],
  ])('starts only when a person adopts, and makes use of a Job that it made since, which %s', async (_, seen) => {
    await opened()
    await upload(town)
    await town.answered(TRAIN)
    await town.until('its Job is so', async () => (await trained()).some((job) => seen(job as V1Job)))
    const made = await trainings()
    await expect(restored(false)).rejects.toThrow(/it was restored from an older copy.*adopt/)
    await town.reopen(undefined, true)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await trainings()).toEqual(made)
    expect(await looseEnds(town)).toEqual([])
    // Whoever wants it trained once more is not told of that one again.
    await say(town, 'retry', { from: 'train' })
    await answeredIfAsked()
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await trained()).toHaveLength(2)
  })

  it.each([
    ['at work', () => stepIs(town, TRAIN, 'train', 'running')],
    ['registered', () => async () => (await versionsOf(town)).length === 2],
  ])('trains nothing twice of two datasets since then, the second of which is %s', async (_, when) => {
    await opened()
    await upload(town, 'd')
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await upload(town, 'e')
    await town.answered(TRAIN)
    await town.until('the second is so', when())
    const made = await trainings()
    await restored()
    const { ports } = town.house
    expect((await looseNow(ports)).map(({ verdict }) => verdict.kind).filter((kind) => kind !== 'forgotten')).toEqual(
      [],
    )
    expect(await resync(ports, CATALOGUES.reactions)).toMatchObject({ orphans: 0 })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ outcome: { kind: 'succeeded' }, attempt: 1 })
    expect(await trainings()).toEqual(made)
    expect(new Set(await versionsOf(town)).size).toBe(2)
    expect(await versionsOf(town)).toHaveLength(2)
    await upload(town, 'f')
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await trained()).toHaveLength(3)
    expect(await looseEnds(town)).toEqual([])
  })

  const second = async () => {
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation: SLOW }))
    await town.answered(SERVE)
  }
  const third = async () => {
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, tags: { third: 'yes' } }))
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
  }

  it.each([
    ['never answered', 'expired', () => town.advance(6 * HOUR)],
    ['denied', 'rejected', () => town.answered(SERVE, 'deny')],
  ])('to a moment at which it asked about what serves since, %s: that stays, and it says so', async (_, ended, end) => {
    await opened(async () => {
      await second()
      await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
      await third()
    }, HOUR / 2)
    await town.answered(SERVE)
    await town.settled(SERVE)
    await restored()
    await end()
    expect(await town.settled(SERVE)).toMatchObject({ state: ended })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
    await town.advance(HOUR / 6)
    expect((await town.house.why(SERVE)).text).toMatch(/^v3 .* stands, .*: promote .* say retry; /)
    expect((await town.run(SERVE, 3, 1))?.outcome?.detail).toMatch(/v3 .* restored, and stays$/)
    expect(await town.held('pool/gpu-serve')).toEqual({ lanes: { [SERVE]: 8 }, sum: 8 })
    expect(await looseEnds(town)).toEqual([])
    await promote(town.house, MODEL, '1')
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(Object.values(await replicasOf(town))).toEqual([2])
  })

  it('to a moment at which it asked about what serves since, and nothing was under way: the same', async () => {
    await opened(async () => {
      await served(town)
      await third()
    })
    await town.answered(SERVE)
    await town.settled(SERVE)
    await restored()
    await town.advance(6 * HOUR)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'expired' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect((await town.house.why(SERVE)).text).toMatch(/^v2 .* stands, .*: promote .* say retry; expired: /)
  })

  it('to a way back that waited, and something else serves since: it says what then stands side by side', async () => {
    await opened()
    const { cluster } = town.house
    const list = cluster.list.bind(cluster)
    let isUnready = false
    cluster.list = async (kind, where) =>
      (await list(kind, where)).map((one) =>
        isUnready && one.kind === 'Deployment' && one.metadata.name.endsWith('-g1')
          ? ({ ...one, status: { replicas: 2, readyReplicas: 0 } } as unknown as KubeObject)
          : one,
      )
    await served(town)
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
    await town.answered(SERVE)
    await town.until('both answer', stepIs(town, SERVE, 'move-2', 'running'))
    isUnready = true
    await say(town, 'cancel', { lane: SERVE })
    const waits = async () => (await town.lane(SERVE)).run?.steps.some(({ way, waits }) => way === 'back' && waits)
    await town.until('its way back waits', async () => (await waits()) === true)
    backup = stores.ledger.serialize()
    isUnready = false
    await town.settled(SERVE)
    await third()
    await town.answered(SERVE)
    await town.settled(SERVE)
    await restored()
    await town.advance(8 * HOUR)
    expect(await town.settled(SERVE)).toMatchObject({ state: 'expired' })
    expect(await replicasOf(town)).toEqual({ 1: 2, 3: 2 })
    expect((await town.house.why(SERVE)).text).toMatch(/^v1 .* and v3 .* stand side by side: .* say retry; expired: /)
    await say(town, 'retry', { lane: SERVE })
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 3: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('to a moment at which it asked about what it has begun since: that Job is nobody’s to delete, and what is approved is that Job', async () => {
    await opened(async () => {
      await upload(town)
      await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    })
    await town.answered(TRAIN)
    await town.until('it is at work', stepIs(town, TRAIN, 'train', 'running'))
    const made = await trainings()
    await expect(restored(false)).rejects.toThrow(/it was restored/)
    await town.reopen(undefined, true)
    await town.answered(TRAIN, 'deny')
    await town.settled(TRAIN)
    expect((await looseNow(town.house.ports)).map(({ verdict }) => verdict.kind)).toEqual(['forgotten'])
    await town.advance(HOUR)
    expect(await trainings()).toEqual(made)
    await say(town, 'retry')
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await trainings()).toEqual(made)
  })

  it('measures anew what an attempt measures that it has forgotten: a score of another model is not taken', async () => {
    const unmeasured = async () => {
      await upload(town)
      await town.answered(TRAIN)
      await town.until('it is measured', stepIs(town, TRAIN, 'evaluate', 'running'))
      const job = (await jobsOf(town)).find(({ metadata }) => metadata.name.endsWith('-evaluate')) as KubeObject
      await town.house.cluster.delete(refOf(job), job.metadata.uid ?? '')
      await town.settled(TRAIN)
    }
    await opened(unmeasured)
    await say(town, 'retry', { from: 'train' })
    await answeredIfAsked()
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    const measured = async () => (await jobsOf(town)).filter(({ metadata }) => metadata.name.endsWith('-evaluate'))
    const [other] = await measured()
    await restored()
    await say(town, 'retry')
    await answeredIfAsked()
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
    const mine = (await town.run(TRAIN))?.steps.find(({ name }) => name === 'evaluate')?.made?.uid
    expect(mine).toBeDefined()
    expect(mine).not.toBe(other?.metadata.uid)
  })

  it('takes no version away that was promoted and judged since', async () => {
    await opened(() => served(town))
    await served(town)
    await served(town)
    const stood = await replicasOf(town)
    await restored()
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual(stood)
    expect(await looseEnds(town)).toEqual([])
  })

  it('that goes on unadopted, as in AWS, meets what it has forgotten: it rests, and says what to do', async () => {
    await opened()
    const { ledger } = town.house.ports
    const secret = (await readRow(ledger, 'identity', SELF))?.value.secret ?? ''
    const name = runOnceName(
      emptyDocument({ ...town.policy, ledger: LEDGER }, TRAIN),
      { generation: 1, attempt: 1 },
      'train',
    )
    const forgotten = withToken({ ...taskJob(name), metadata: { name, namespace: 'training' } }, secret)
    await town.house.cluster.create(forgotten)
    await upload(town)
    await town.answered(TRAIN)
    await town.until('it says so', async () => /adopt/.test((await town.lane(TRAIN)).rest?.text ?? ''))
    expect((await town.lane(TRAIN)).rest).toMatchObject({ why: 'not-allowed' })
    // Its name is taken for good: then the next attempt has another.
    await town.reopen(undefined, true)
    expect((await town.settled(TRAIN)).outcome).toMatchObject({
      reason: 'name-taken',
      detail: expect.stringContaining('this ledger made it for something else and has forgotten it: say retry'),
    })
    await say(town, 'retry')
    expect((await town.settled(TRAIN)).outcome).toMatchObject({ kind: 'succeeded' })
  })
})

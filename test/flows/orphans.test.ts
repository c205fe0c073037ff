import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { label, runOnceName } from '../../core/names.ts'
import { SURELY_OVER } from '../../core/orphans.ts'
import { withToken } from '../../core/steps/launch-job.ts'
import { looseNow } from '../../flows/orphans.ts'
import { NotAllowed, type Ports } from '../../flows/ports.ts'
import { resync } from '../../flows/resync.ts'
import { CATALOGUES } from '../../functions/door.ts'
import { uploadDataset } from '../../local/scenario.ts'
import { LEDGER, openTown, type Town } from '../journeys/town.ts'
import { taskJob } from '../local/cluster/world-fixture.ts'

const LANE = 'pipeline/support-chats'
let town: Town
afterEach(() => town.close())

/** Deletions of these names are forbidden. */
const forbidden = new Set<string>()
const wrap = (ports: Ports): Ports => ({
  ...ports,
  cluster: {
    ...ports.cluster,
    delete: async (ref, uid) => {
      if (forbidden.has(ref.name)) throw new NotAllowed(`may not delete ${ref.name}`)
      return ports.cluster.delete(ref, uid)
    },
  },
})
afterEach(() => forbidden.clear())

/** A run that was refused by a person, and is over. */
const closed = async (): Promise<void> => {
  town = await openTown({ wrap })
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'support-chats/a/', rows: ['{"q":1}'] })
  await town.house.scanUploads()
  await town.answered(LANE, 'deny')
  await town.settled(LANE)
}
/** A Job that does not end by itself. */
const waiting = (): KubeObject<'Job'> => {
  const job = taskJob('x')
  return { ...job, spec: { ...(job.spec as NonNullable<typeof job.spec>), suspend: true } }
}
/** A Job of the run that is over, as a POST that nobody waited for any more would make it. */
const late = async (step: string, over: object = {}): Promise<string> => {
  const { name } = await town.lane(LANE)
  const labels = { [label('ledger')]: LEDGER, [label('installation')]: 'signalbox' }
  const metadata = {
    name: runOnceName({ name }, { generation: 1, attempt: 1 }, step),
    namespace: 'training',
    labels,
    ...over,
  }
  const job = { ...waiting(), metadata } as KubeObject<'Job'>
  await town.house.cluster.create('name' in over ? job : withToken(job, `${LEDGER}${LEDGER}`))
  return metadata.name
}
const resynced = () => resync(town.house.ports, CATALOGUES.reactions)
const jobs = async () => (await town.house.cluster.list('Job')).map(({ metadata }) => metadata.name)

describe('what no run waits for', () => {
  it('is deleted once T has passed since its run was over, and the timeline says so', async () => {
    await closed()
    const name = await late('late')
    expect(await resynced()).toMatchObject({ orphans: 0 })
    expect(await jobs()).toEqual([name])
    await town.advance(2 * SURELY_OVER)
    expect(await jobs()).toEqual([])
    const told = (await town.house.ports.ledger.moments(LANE)).map(({ text }) => text)
    expect(told).toContain(`deleted Job ${name} in training: its run g1a1 is over, and nobody waits for it`)
    expect(await town.house.ports.ledger.counts()).toMatchObject({ 'orphan:deleted': 1 })
  })

  it('one that cannot be deleted keeps no other from being deleted, and is shown', async () => {
    await closed()
    const stuck = await late('stuck')
    await late('late')
    forbidden.add(stuck)
    await town.advance(2 * SURELY_OVER)
    expect(await jobs()).toEqual([stuck])
    await expect(resynced()).rejects.toThrow(`may not delete ${stuck}`)
    expect((await looseNow(town.house.ports)).map(({ ref, verdict }) => [ref.name, verdict.kind])).toEqual([
      [stuck, 'orphan'],
    ])
  })

  it('nothing is deleted while a Job stands that the ledger has forgotten: it may have forgotten more', async () => {
    await closed()
    const orphan = await late('late')
    const name = runOnceName(await town.lane(LANE), { generation: 9, attempt: 1 }, 'train')
    const forgotten = withToken({ ...waiting(), metadata: { name, namespace: 'training' } }, `${LEDGER}${LEDGER}`)
    await town.house.cluster.create(forgotten)
    await town.advance(10 * SURELY_OVER)
    expect((await jobs()).sort()).toEqual([orphan, name].sort())
    const [stands] = (await town.house.cluster.list('Job')).filter(({ metadata }) => metadata.name === name)
    await town.house.cluster.delete(refOf(forgotten), stands?.metadata.uid ?? '')
    await town.advance(2 * SURELY_OVER)
    expect(await jobs()).toEqual([])
  })

  it('what is not known is shown, and neither touched nor looked for elsewhere', async () => {
    await closed()
    const spoofed = { labels: { [label('ledger')]: LEDGER, [label('lane')]: 'pipeline.support-chats' } }
    const stray = await late('train', { name: 'stray', ...spoofed })
    const unknown = await late('train', {
      name: runOnceName(await town.lane(LANE), { generation: 9, attempt: 1 }, 'train'),
    })
    await town.house.cluster.create({ ...waiting(), metadata: { name: 'theirs', namespace: 'training' } } as KubeObject)
    await town.advance(10 * SURELY_OVER)
    expect((await jobs()).sort()).toEqual([stray, unknown, 'theirs'].sort())
    expect((await looseNow(town.house.ports)).map(({ ref, verdict }) => [ref.name, verdict.kind]).sort()).toEqual(
      [
        [stray, 'stranger'],
        [unknown, 'stranger'],
      ].sort(),
    )
  })
})

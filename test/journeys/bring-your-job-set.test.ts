import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { rankOf } from '../../core/pods/gang.ts'
import { readWritten } from '../../local/policies/file-policies.ts'
import { type Simulation, uploadDataset } from '../../local/scenario.ts'
import { withDigests } from './life.ts'
import { everyJob, jobsOf, looseEnds, MINUTE, say } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const LANE = 'pipeline/my-set'
const config = withDigests(await readWritten(join(import.meta.dirname, '../../examples/bring-your-job-set.config.ts')))

const opened = async (simulation: Simulation & { ranks?: object } = {}): Promise<() => string[]> => {
  town = await openTown({ config })
  const names = await everyJob(town)
  const all = { metrics: { eval_loss: 1.1 }, ...simulation }
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'my-set/v1/', rows: ['1'], simulation: all })
  await town.house.scanUploads()
  return names
}
const runs = () =>
  town.until('both of its pods run', async () => ((await jobsOf(town)).at(-1)?.status?.ready ?? 0) === 2)
const podsOf = async () =>
  ((await town.house.cluster.list('Pod', { namespace: 'training' })) as KubeObject<'Pod'>[]).toSorted(
    (a, b) => rankOf(a) - rankOf(b),
  )

describe('a JobSet that a team has, of one group of two pods', () => {
  it('is asked for with the price of both nodes, runs as the Job that it comes to with the names that its pods have there, and leaves what is registered', async () => {
    await opened()
    await town.until('it asks', async () => (await town.question(LANE)) !== null)
    const { plan } = (await town.plan(LANE))!
    expect(plan.bounds.gpus).toEqual({ 'gpu-train': 8 })
    expect(plan.steps[0]).toMatchObject({ perHour: 2 * 10.49, title: 'Run train on 2 nodes of 4 GPUs of gpu-train' })
    expect(plan.reasons).toContainEqual(
      expect.stringMatching(/^train on gpu-train, as pipelines\.my-set and manifests\/job-set\.yaml say: 2 nodes/),
    )
    await town.answered(LANE)
    await runs()
    const [job] = await jobsOf(town)
    const { name } = job!.metadata
    expect(job!.spec).toMatchObject({ completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimit: 0 })
    const [container] = job!.spec!.template.spec!.containers
    expect(container!.command).toContain('--master-addr=$(JOB_NAME)-0.$(JOB_NAME)')
    expect(container!.env).toEqual(
      expect.arrayContaining([
        { name: 'COORDINATOR', value: '$(JOB_NAME)-0.$(JOB_NAME)' },
        { name: 'RESTARTS', value: '0' },
      ]),
    )
    expect((await podsOf()).map(({ spec }) => `${spec?.hostname}.${spec?.subdomain}`)).toEqual([
      `${name}-0.${name}`,
      `${name}-1.${name}`,
    ])
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect((await town.house.registry.newest('my-set'))?.version).toBe('1')
    expect((await town.past(LANE)).at(-1)!.cost).toBeLessThan(plan.bounds.dollars)
    expect(await looseEnds(town)).toEqual([])
  })

  it('of which a worker fails ends as a whole, with what that one died of', async () => {
    await opened({ minutes: 60, ranks: { '1': { minutes: 10, exitCode: 1, logs: ['ValueError: a broken shard'] } } })
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'exit-code' })
    expect(outcome?.detail).toMatch(/rank 1 of 2 failed first: .*a broken shard/)
    expect((await podsOf()).filter(({ status }) => status?.phase === 'Running')).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })

  it('that loses a node is tried again as a whole, in a Job of its own', async () => {
    const names = await opened({ minutes: 60 })
    await town.answered(LANE)
    await runs()
    await town.advance(10 * MINUTE)
    const lost = (await podsOf())[1]?.spec?.nodeName ?? ''
    const node = await town.house.cluster.get({ kind: 'Node', namespace: null, name: lost })
    await town.house.cluster.delete(refOf(node!), node?.metadata.uid ?? '')
    await town.until('it is tried again', async () => (await town.lane(LANE)).attempt === 2)
    const [past] = await town.past(LANE)
    expect(past?.outcome).toMatchObject({ kind: 'failed', reason: 'node-lost' })
    await town.answered(LANE)
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(names()).toEqual(['g1a1-train', 'g1a2-train'])
  })

  it('that is cancelled is seen gone, with its pods and its Service', async () => {
    await opened({ minutes: 120 })
    await town.answered(LANE)
    await runs()
    await town.advance(10 * MINUTE)
    expect(await say(town, 'cancel', { lane: LANE })).toMatchObject({ ok: true })
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'cancelled' })
    const places = await town.house.cluster.list('Service', { namespace: 'training' })
    expect([await jobsOf(town), await podsOf(), places]).toEqual([[], [], []])
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    expect(await looseEnds(town)).toEqual([])
  })

  it('is run once, however often its dataset is told of and whenever the process dies', async () => {
    const names = await opened({ minutes: 60 })
    await town.house.scanUploads()
    await town.answered(LANE)
    await town.house.scanUploads()
    await town.reopen()
    await runs()
    await town.reopen()
    await town.house.scanUploads()
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'succeeded', attempt: 1 })
    expect(names()).toEqual(['g1a1-train'])
    expect((await jobsOf(town)).map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/-g1a1-train$/)])
    expect(await looseEnds(town)).toEqual([])
  })
})

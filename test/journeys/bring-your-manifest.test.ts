import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { refOf } from '../../core/kube.ts'
import { readWritten } from '../../local/policies/file-policies.ts'
import { type Simulation, uploadDataset } from '../../local/scenario.ts'
import { withDigests } from './life.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, say } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const LANE = 'pipeline/my-model'
const FILE = join(import.meta.dirname, '../../examples/bring-your-manifest.config.ts')
const config = withDigests(await readWritten(FILE))

const opened = async (simulation: Simulation = {}): Promise<void> => {
  town = await openTown({ config })
  const all = { metrics: { eval_loss: 1.1 }, ...simulation }
  await uploadDataset(town.house, { bucket: 'acme-datasets', folder: 'my-model/v1/', rows: ['1'], simulation: all })
  await town.house.scanUploads()
}
const runs = () => town.until('both of its pods run', async () => ((await jobsOf(town))[0]?.status?.ready ?? 0) === 2)
const podsOf = () => town.house.cluster.list('Pod', { namespace: 'training' })

describe('a Job that a team has, on two nodes', () => {
  it('is asked for with the price of both, told with its file, run as what it says, and leaves what is registered', async () => {
    await opened()
    await town.until('it asks', async () => (await town.question(LANE)) !== null)
    const { plan } = (await town.plan(LANE))!
    expect(plan.bounds.gpus).toEqual({ 'gpu-train': 8 })
    expect(plan.steps[0]).toMatchObject({
      perHour: 2 * 10.49,
      job: { spec: { activeDeadlineSeconds: 4 * 3 * 3600 } },
      title: 'Run train on 2 nodes of 4 GPUs of gpu-train',
    })
    expect(plan.reasons).toContainEqual(
      expect.stringMatching(/^train on gpu-train, as pipelines\.my-model and manifests\/train\.yaml say: 2 nodes/),
    )
    await town.answered(LANE)
    await runs()
    const [job, ...others] = await jobsOf(town)
    const { template, ...spec } = job!.spec!
    expect(others).toEqual([])
    expect(job!.metadata).toMatchObject({
      name: expect.stringMatching(/^pipeline-my-model-[0-9a-f]{8}-g1a1-train$/),
      namespace: 'training',
      labels: { 'signalbox.dev/lane': 'pipeline.my-model' },
    })
    expect(spec).toMatchObject({
      ...{ completions: 2, parallelism: 2, completionMode: 'Indexed', backoffLimit: 0 },
    })
    expect(template.spec).toMatchObject({
      ...{ restartPolicy: 'Never', serviceAccountName: 'signalbox-training', automountServiceAccountToken: false },
      nodeSelector: { 'karpenter.sh/nodepool': 'gpu-train' },
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
    })
    const [container] = template.spec!.containers
    expect(container).toMatchObject({
      name: 'train',
      image: expect.stringMatching(/pytorch\/pytorch@sha256:/),
      command: [
        '/signalbox/bin/signalbox-run',
        'run',
        '--',
        'torchrun',
        ...['--nnodes=2', '--nproc-per-node=4'],
        expect.any(String),
      ],
      resources: {
        requests: { cpu: '32', memory: '256Gi', 'nvidia.com/gpu': '4' },
        limits: { memory: '320Gi', 'nvidia.com/gpu': '4' },
      },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    })
    expect(container!.env).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'RESULTS_URI' }),
        { name: 'HF_HUB_OFFLINE', value: '1' },
        { name: 'WANDB_API_KEY', valueFrom: { secretKeyRef: { name: 'wandb', key: 'api-key' } } },
      ]),
    )
    expect(container!.volumeMounts).toEqual(
      expect.arrayContaining([
        { name: 'dshm', mountPath: '/dev/shm' },
        { name: 'cache', mountPath: '/cache' },
      ]),
    )
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect((await town.house.registry.newest('my-model'))?.version).toBe('1')
    expect((await town.past(LANE)).at(-1)!.cost).toBeLessThan(plan.bounds.dollars)
    expect(await looseEnds(town)).toEqual([])
  })

  it('whose figures do not hold is registered by nobody', async () => {
    await opened({ metrics: { eval_loss: 1.9 } })
    await town.answered(LANE)
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(await town.house.registry.newest('my-model')).toBeNull()
  })

  it('whose program fails ends as that, with its last lines', async () => {
    await opened({ exitCode: 42, logs: ['ValueError: no rows'] })
    await town.answered(LANE)
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringContaining('no rows') })
    expect(await looseEnds(town)).toEqual([])
  })

  it('that is cancelled is seen gone, with its pods', async () => {
    await opened({ minutes: 120 })
    await town.answered(LANE)
    await runs()
    await town.advance(10 * MINUTE)
    expect(await say(town, 'cancel', { lane: LANE })).toMatchObject({ ok: true })
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'cancelled' })
    expect([await jobsOf(town), await podsOf()]).toEqual([[], []])
    expect((await town.held('pool/gpu-train')).sum).toBe(0)
    expect(await looseEnds(town)).toEqual([])
  })

  it('that takes longer than its hours is ended within what was approved', async () => {
    await opened({ minutes: 60 * 24 })
    await town.answered(LANE)
    await runs()
    const { bounds } = (await town.plan(LANE))!.plan
    const { outcome } = await town.settled(LANE, 48)
    expect(outcome?.kind).toBe('failed')
    expect((await town.past(LANE)).at(-1)!.cost).toBeLessThanOrEqual(bounds.dollars)
    expect(await podsOf()).toEqual([])
    expect(await looseEnds(town)).toEqual([])
  })

  it('that somebody deletes ends as deleted, and is not made again by itself', async () => {
    await opened({ minutes: 120 })
    await town.answered(LANE)
    await runs()
    const [job] = await jobsOf(town)
    await town.house.cluster.delete(refOf(job!), job!.metadata.uid!)
    expect((await town.settled(LANE)).outcome).toMatchObject({ kind: 'failed', reason: 'deleted' })
    await town.advance(2 * HOUR)
    expect(await jobsOf(town)).toEqual([])
  })
})

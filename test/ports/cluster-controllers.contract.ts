import { describe, expect, it } from 'vitest'
import { GPU, isLeaving, type KubeObject, refOf } from '../../core/kube.ts'
import type { Trial } from './cluster-objects.ts'

const JOB_NAME = 'batch.kubernetes.io/job-name'

/** What `Cluster` promises of what happens by itself: Jobs, Deployments, and pools under their ceiling. */
export const controllerPromises = (trial: () => Trial): void => {
  const podsOf = async (labels: Record<string, string>) =>
    (await trial().opened.cluster.list('Pod', { namespace: trial().opened.namespace, labels })) as KubeObject<'Pod'>[]
  const settled = (until: () => Promise<boolean>) => trial().opened.settle(until)
  const isTrue = ({ status }: KubeObject<'Job'>, type: string) =>
    status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false
  const completed = async (job: KubeObject<'Job'>) => isTrue(await trial().read(job), 'Complete')
  const readyReplicas = async (object: KubeObject<'Deployment'>) =>
    (await trial().read(object)).status?.readyReplicas ?? 0
  const whyWaiting = (pod: KubeObject<'Pod'> | undefined) =>
    pod?.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.reason

  describe('Jobs', () => {
    it('run a pod that carries their name, and are complete with times and a count', async () => {
      const job = await trial().created(trial().make.job('run'))
      await settled(() => completed(job))
      const { status } = await trial().read(job)
      expect(status).toMatchObject({ succeeded: 1 })
      expect(status?.failed ?? 0).toBe(0)
      expect(new Date(status?.completionTime ?? '').getTime()).toBeGreaterThanOrEqual(
        new Date(status?.startTime ?? '').getTime(),
      )
      const [pod, ...others] = await podsOf({ [JOB_NAME]: 'run' })
      expect(others).toEqual([])
      expect(pod?.status?.phase).toBe('Succeeded')
      expect(pod?.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'Job', uid: job.metadata.uid, controller: true })
    })

    it('Indexed ones complete every index once', async () => {
      const job = await trial().created(
        trial().make.job('shards', { completionMode: 'Indexed', completions: 3, parallelism: 2 }),
      )
      await settled(() => completed(job))
      expect((await trial().read(job)).status).toMatchObject({ succeeded: 3, completedIndexes: '0-2' })
      const indexes = (await podsOf({ [JOB_NAME]: 'shards' })).map(
        ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'],
      )
      expect(indexes.sort()).toEqual(['0', '1', '2'])
    })

    it('Indexed ones call each pod by its number, and what belongs to one goes with it: the Service in which they meet', async () => {
      const job = await trial().created(
        trial().make.job(
          'gang',
          { completionMode: 'Indexed', completions: 2, parallelism: 2 },
          { ...trial().make.gpuPod('no-such-pool', 1), subdomain: 'gang' },
        ),
      )
      const { name, namespace, uid = '' } = job.metadata
      const place = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: {
          name,
          namespace,
          ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
        },
        spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector: { [JOB_NAME]: name } },
      } as KubeObject<'Service'>
      const made = await trial().created(place)
      expect(made.spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] })
      expect(await trial().opened.cluster.create(place)).toMatchObject({
        kind: 'exists',
        object: { metadata: { uid: made.metadata.uid } },
      })
      await settled(async () => (await podsOf({ [JOB_NAME]: name })).length === 2)
      const pods = (await podsOf({ [JOB_NAME]: name })).map(({ metadata, spec }) => [
        metadata.name.slice(0, -6),
        spec?.hostname,
        spec?.subdomain,
      ])
      expect(pods.sort()).toEqual([0, 1].map((rank) => [`${name}-${rank}`, `${name}-${rank}`, name]))
      await trial().opened.cluster.delete(refOf(job), uid)
      await settled(async () => (await trial().read(made)) === null)
    })

    it('Indexed ones whose last pod could not be called so are refused', async () => {
      const spec = { completionMode: 'Indexed', completions: 11 }
      expect(await trial().opened.cluster.create(trial().make.job('a'.repeat(61), spec))).toMatchObject({
        kind: 'denied',
        status: 422,
      })
      expect(await trial().opened.cluster.create(trial().make.job('b'.repeat(60), spec))).toMatchObject({
        kind: 'created',
      })
    })

    it('that are suspended have no pod until they are resumed', async () => {
      const job = await trial().created(trial().make.job('later', { suspend: true }))
      await settled(async () => isTrue(await trial().read(job), 'Suspended'))
      expect(await podsOf({ [JOB_NAME]: 'later' })).toEqual([])
      expect(await trial().opened.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { suspend: false } })).toBe(
        'patched',
      )
      await settled(() => completed(job))
    })

    it('that are deleted take their pods with them', async () => {
      const job = await trial().created(trial().make.job('gone'))
      await settled(async () => (await podsOf({ [JOB_NAME]: 'gone' })).length === 1)
      await trial().opened.cluster.delete(refOf(job), job.metadata.uid ?? '')
      const left: KubeObject<'Job'> | null = await trial().read(job)
      expect(left === null || isLeaving(left)).toBe(true)
      await settled(async () => (await podsOf({ [JOB_NAME]: 'gone' })).length === 0)
      await settled(async () => (await trial().read(job)) === null)
    })

    it('whose pod is deleted on its node put another in its place once that one has ended', async () => {
      const job = await trial().created(trial().make.job('again', { podReplacementPolicy: 'Failed', backoffLimit: 3 }))
      const first = async () => (await podsOf({ [JOB_NAME]: 'again' })).find(({ spec }) => spec?.nodeName !== undefined)
      await settled(async () => (await first()) !== undefined)
      const pod = (await first())!
      await trial().opened.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
      await settled(() => completed(job))
      expect((await trial().read(job)).status).toMatchObject({ succeeded: 1, failed: 1 })
      const uids = (await podsOf({ [JOB_NAME]: 'again' })).map(({ metadata }) => metadata.uid)
      expect(uids).toHaveLength(1)
      expect(uids).not.toContain(pod.metadata.uid)
    })

    it('go by themselves, pods too, when a TTL is set after the end', async () => {
      const job = await trial().created(trial().make.job('kept'))
      await settled(() => completed(job))
      await trial().opened.cluster.patch(refOf(job), job.metadata.uid ?? '', { spec: { ttlSecondsAfterFinished: 1 } })
      await settled(
        async () => (await trial().read(job)) === null && (await podsOf({ [JOB_NAME]: 'kept' })).length === 0,
      )
    })

    it('that take longer than their deadline have failed, and say so', async () => {
      const job = await trial().created(
        trial().make.job('slow', { activeDeadlineSeconds: 2 }, trial().make.gpuPod('no-such-pool', 1)),
      )
      await settled(async () => isTrue(await trial().read(job), 'Failed'))
      expect((await trial().read(job)).status?.conditions?.find(({ type }) => type === 'Failed')).toMatchObject({
        reason: 'DeadlineExceeded',
      })
      await settled(async () =>
        (await podsOf({ [JOB_NAME]: 'slow' })).every(({ status }) => status?.phase === 'Failed'),
      )
    })
  })

  describe('Jobs that are given another time', () => {
    it('have failed by that one, and go on until then', async () => {
      const job = await trial().created(
        trial().make.job('later', { activeDeadlineSeconds: 3600 }, trial().make.gpuPod('no-such-pool', 1)),
      )
      await settled(async () => (await trial().read(job)).status?.startTime !== undefined)
      const patch = {
        metadata: { annotations: { 'signalbox.dev/deadline': '3600' } },
        spec: { activeDeadlineSeconds: 2 },
      }
      expect(await trial().opened.cluster.patch(refOf(job), job.metadata.uid ?? '', patch)).toBe('patched')
      await settled(async () => isTrue(await trial().read(job), 'Failed'))
      expect((await trial().read(job)).spec?.activeDeadlineSeconds).toBe(2)
    })
  })

  describe('Deployments', () => {
    it('get their replicas ready, and say which generation they have seen', async () => {
      const llm = await trial().applied(trial().make.deployment('llm', { replicas: 2 }), 'signalbox-workload')
      await settled(async () => (await readyReplicas(llm)) === 2)
      const { metadata, status } = await trial().read(llm)
      expect(status?.observedGeneration).toBe(metadata.generation)
      expect(await podsOf({ app: 'llm' })).toHaveLength(2)
    })

    it('follow their scale down to none', async () => {
      await trial().applied(trial().make.deployment('llm'), 'signalbox-workload')
      const llm = await trial().applied(trial().replicas('llm', 2), 'signalbox-scale')
      await settled(async () => (await readyReplicas(llm)) === 2)
      await trial().applied(trial().replicas('llm', 0), 'signalbox-scale')
      await settled(async () => (await podsOf({ app: 'llm' })).length === 0)
      await settled(async () => (await readyReplicas(llm)) === 0)
    })

    it('put another pod in the place of one that is deleted', async () => {
      const llm = await trial().applied(trial().make.deployment('llm', { replicas: 1 }), 'signalbox-workload')
      await settled(async () => (await readyReplicas(llm)) === 1)
      const [pod] = await podsOf({ app: 'llm' })
      if (pod === undefined) throw new Error('no pod')
      await trial().opened.cluster.delete(refOf(pod), pod.metadata.uid ?? '')
      await settled(async () => (await trial().read(pod)) === null && (await readyReplicas(llm)) === 1)
    })

    it('replace their pods when the template changes', async () => {
      const llm = await trial().applied(trial().make.deployment('llm', { replicas: 1 }), 'signalbox-workload')
      await settled(async () => (await readyReplicas(llm)) === 1)
      const [old] = await podsOf({ app: 'llm' })
      const containers = [{ name: 'main', image: `registry.example/image@sha256:${'b'.repeat(64)}` }]
      await trial().applied(trial().make.deployment('llm', { replicas: 1 }, { containers }), 'signalbox-workload')
      await settled(async () => {
        const pods = await podsOf({ app: 'llm' })
        return pods.length === 1 && pods[0]?.metadata.uid !== old?.metadata.uid && (await readyReplicas(llm)) === 1
      })
    })

    it('of a class that is not there make no pod, and say why, until it is', async () => {
      const name = `late-${trial().opened.namespace}`
      const llm = await trial().applied(
        trial().make.deployment('llm', { replicas: 1 }, { priorityClassName: name }),
        'signalbox-workload',
      )
      const said = async () =>
        (await trial().read(llm)).status?.conditions?.find(({ type }) => type === 'ReplicaFailure')
      await settled(async () => (await said())?.status === 'True')
      expect(await said()).toMatchObject({ reason: 'FailedCreate' })
      expect((await said())?.message).toContain(`no PriorityClass with name ${name} was found`)
      expect(await podsOf({ app: 'llm' })).toEqual([])
      const kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' } as const
      await trial().created({ ...kind, metadata: { name }, value: 10, preemptionPolicy: 'Never' })
      await settled(async () => (await readyReplicas(llm)) === 1)
      expect(await said()).toBeUndefined()
    })

    it('that are deleted take their pods with them', async () => {
      const llm = await trial().applied(trial().make.deployment('llm', { replicas: 2 }), 'signalbox-workload')
      await settled(async () => (await podsOf({ app: 'llm' })).length === 2)
      await trial().opened.cluster.delete(refOf(llm), llm.metadata.uid ?? '')
      await settled(async () => (await podsOf({ app: 'llm' })).length === 0)
    })

    it('that are deleted alone leave a ReplicaSet without an owner, which makes pods; made again, they take it back', async () => {
      const { cluster } = trial().opened
      const make = () => trial().applied(trial().make.deployment('llm', { replicas: 1 }), 'signalbox-workload')
      const llm = await make()
      await settled(async () => (await readyReplicas(llm)) === 1)
      const [first] = await podsOf({ app: 'llm' })
      await trial().opened.orphan(refOf(llm))
      await settled(async () => (await trial().read(llm)) === null)
      const makerOf = async () => {
        const [pod] = (await podsOf({ app: 'llm' })).filter((one) => !isLeaving(one))
        return pod?.metadata.ownerReferences?.find(({ controller }) => controller === true)
      }
      const maker = await makerOf()
      expect(maker).toMatchObject({ kind: 'ReplicaSet', name: expect.stringMatching(/^llm-[a-z0-9]+$/) })
      const { namespace } = trial().opened
      const ref = { kind: 'ReplicaSet' as const, namespace, name: maker?.name ?? '' }
      const left = await cluster.get(ref)
      expect(left?.metadata).toMatchObject({ uid: maker?.uid })
      expect(left?.metadata.ownerReferences ?? []).toEqual([])
      await cluster.delete(refOf(first as KubeObject), first?.metadata.uid ?? '')
      await settled(async () =>
        (await podsOf({ app: 'llm' })).some(({ metadata }) => metadata.uid !== first?.metadata.uid),
      )
      await make()
      await settled(async () => (await readyReplicas(llm)) === 1 && (await podsOf({ app: 'llm' })).length === 1)
    })

    it('that are deleted alone, and then the ReplicaSet: its pods go with it', async () => {
      const llm = await trial().applied(trial().make.deployment('llm', { replicas: 1 }), 'signalbox-workload')
      await settled(async () => (await readyReplicas(llm)) === 1)
      const [pod] = await podsOf({ app: 'llm' })
      await trial().opened.orphan(refOf(llm))
      await settled(async () => (await trial().read(llm)) === null)
      const { cluster, namespace } = trial().opened
      const [made] = (await cluster.list('ReplicaSet', { namespace })).filter(({ metadata }) =>
        metadata.name.startsWith('llm-'),
      )
      await cluster.delete(refOf(made as KubeObject), made?.metadata.uid ?? '')
      await settled(async () => (await trial().read(pod as KubeObject)) === null)
    })
  })

  describe('NodePools', () => {
    const waitingPod = async (name: string) => (await podsOf({ [JOB_NAME]: name }))[0]

    it('give a node to a pod that waits, of the pool that it asked for', async () => {
      await trial().applied(trial().pool(trial().poolName, 8), 'signalbox-ceiling')
      const job = await trial().created(trial().make.job('train', {}, trial().make.gpuPod(trial().poolName, 8)))
      await settled(() => completed(job))
      const node = (await waitingPod('train'))?.spec?.nodeName ?? ''
      const found = await trial().opened.cluster.get({ kind: 'Node', namespace: null, name: node })
      expect(found?.metadata.labels?.['karpenter.sh/nodepool']).toBe(trial().poolName)
    })

    it('are ceilings: at 0 a pod waits and says so, and runs once the ceiling is raised', async () => {
      await trial().applied(trial().pool(trial().poolName, 0), 'signalbox-ceiling')
      const job = await trial().created(trial().make.job('train', {}, trial().make.gpuPod(trial().poolName, 8)))
      await settled(async () => whyWaiting(await waitingPod('train')) === 'Unschedulable')
      expect(
        await trial().opened.cluster.list('Node', { labels: { 'karpenter.sh/nodepool': trial().poolName } }),
      ).toEqual([])
      await trial().applied(trial().pool(trial().poolName, 8), 'signalbox-ceiling')
      await settled(() => completed(job))
    })

    it('touch no node and no pod that is there when they are lowered', async () => {
      await trial().applied(trial().pool(trial().poolName, 8), 'signalbox-ceiling')
      const llm = await trial().applied(
        trial().make.deployment('llm', { replicas: 1 }, trial().make.gpuPod(trial().poolName, 8)),
        'signalbox-workload',
      )
      await settled(async () => (await readyReplicas(llm)) === 1)
      const [pod] = await podsOf({ app: 'llm' })
      await trial().applied(trial().pool(trial().poolName, 0), 'signalbox-ceiling')
      const more = await trial().created(trial().make.job('more', {}, trial().make.gpuPod(trial().poolName, 8)))
      await settled(async () => whyWaiting(await waitingPod('more')) === 'Unschedulable')
      expect(await podsOf({ app: 'llm' })).toMatchObject([{ metadata: { uid: pod?.metadata.uid } }])
      expect(await readyReplicas(llm)).toBe(1)
      expect(await completed(more)).toBe(false)
    })

    it('give the GPU that comes free to who waits with the highest priority, though it came last; nobody’s place is taken', async () => {
      const { cluster, namespace } = trial().opened
      const name = `first-${namespace}`
      const kind = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass' } as const
      await trial().created({ ...kind, metadata: { name }, value: 10, preemptionPolicy: 'Never' })
      await trial().applied(trial().pool(trial().poolName, 8), 'signalbox-ceiling')
      const whole = trial().make.gpuPod(trial().poolName, 8)
      const serves = (called: string, pod: object) =>
        trial().applied(trial().make.deployment(called, { replicas: 1 }, pod), 'signalbox-workload')
      const waits = (called: string) =>
        settled(async () => whyWaiting((await podsOf({ app: called }))[0]) === 'Unschedulable')
      const there = await serves('there', whole)
      await settled(async () => (await readyReplicas(there)) === 1)
      const plain = await serves('plain', whole)
      await waits('plain')
      const ranked = await serves('ranked', { ...whole, priorityClassName: name })
      await waits('ranked')
      expect((await podsOf({ app: 'ranked' }))[0]?.spec).toMatchObject({ priority: 10, preemptionPolicy: 'Never' })
      expect(await readyReplicas(there)).toBe(1)
      // Whom the scheduler has just found no room for it leaves alone for a second or two, whatever its priority.
      await trial().opened.breath?.()
      await cluster.delete(refOf(there), there.metadata.uid ?? '')
      await settled(async () => (await readyReplicas(ranked)) === 1)
      expect(await readyReplicas(plain)).toBe(0)
    })

    it('say how many GPUs their nodes have', async () => {
      const pool = await trial().applied(trial().pool(trial().poolName, 16), 'signalbox-ceiling')
      const llm = await trial().applied(
        trial().make.deployment('llm', { replicas: 2 }, trial().make.gpuPod(trial().poolName, 8)),
        'signalbox-workload',
      )
      await settled(async () => (await readyReplicas(llm)) === 2)
      await settled(async () => (await trial().read(pool)).status?.resources?.[GPU] === '16')
    })

    it('take their empty nodes away after a while', async () => {
      await trial().applied(trial().pool(trial().poolName, 8), 'signalbox-ceiling')
      const job = await trial().created(trial().make.job('train', {}, trial().make.gpuPod(trial().poolName, 8)))
      await settled(() => completed(job))
      await settled(
        async () =>
          (await trial().opened.cluster.list('Node', { labels: { 'karpenter.sh/nodepool': trial().poolName } }))
            .length === 0,
      )
    })
  })
}

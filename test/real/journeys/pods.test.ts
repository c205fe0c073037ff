import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { afterEach, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { podIn } from '../../core/pods/objects.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
let town: RealTown
afterEach(() => town.close())

type Pod = KubeObject<'Pod'>

/** Pods of a generation that serve, as the API server has them. */
const podsOf = async (generation: number): Promise<Pod[]> => {
  const found = await town.house.ports.cluster.list('Pod', { namespace: town.policy.namespaces.serving, fresh: true })
  const labels = { 'signalbox.dev/task': 'serving', 'signalbox.dev/generation': String(generation) }
  return (found as Pod[]).filter(({ metadata }) =>
    Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value),
  )
}

const patched = async (pod: Pod, body: object, door = ''): Promise<void> => {
  const path = `${objectPath(refOf(pod))}${door}`
  // One that is gone meanwhile is nobody's.
  const { status } = await town.requests.send({ method: 'PATCH', path, type: 'application/merge-patch+json', body })
  expect([200, 404, 409]).toContain(status)
}

/** What kwok would do to a pod on its node is left to the test. */
const LATE = { metadata: { annotations: { 'pod-ready.stage.kwok.x-k8s.io/delay': '2h' } } }

/** The status that a kubelet writes, with the times and the containers of this pod. */
const statusOf = (pod: Pod, written: V1Pod): V1Pod['status'] => {
  const text = JSON.stringify(written.status ?? {}).replaceAll(
    '2026-11-23T12:00:0',
    `${new Date().toISOString().slice(0, 18)}`,
  )
  const status = JSON.parse(text) as NonNullable<V1Pod['status']>
  const [container] = pod.spec?.containers ?? []
  const containerStatuses = (status.containerStatuses ?? []).map(
    (one): V1ContainerStatus => ({ ...one, name: container?.name ?? '', image: container?.image ?? '' }),
  )
  return status.containerStatuses === undefined ? status : { ...status, containerStatuses }
}

/** As long as it is asked, pods of the generation are as the sample says, once a node has them. */
const kubelet = (generation: number, sample: (pod: Pod) => V1Pod | null): (() => void) => {
  let stopped = false
  const known = new Map<string, boolean>()
  void (async () => {
    while (!stopped) {
      for (const pod of await podsOf(generation).catch(() => [])) {
        const uid = pod.metadata.uid ?? ''
        if (!known.has(uid)) await patched(pod, LATE).then(() => known.set(uid, false))
        const written = known.get(uid) === true || pod.spec?.nodeName === undefined ? null : sample(pod)
        if (written !== null)
          await patched(pod, { status: statusOf(pod, written) }, '/status').then(() => known.set(uid, true))
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })()
  return () => {
    stopped = true
  }
}

const promoted = async (tags: Record<string, string> = {}): Promise<void> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama', tags }))
  await town.answered(LANE)
}
const served = async (): Promise<void> => {
  town = await openRealTown()
  await promoted()
  expect((await town.settled(LANE)).state).toBe('succeeded')
}
const standing = async (): Promise<Record<string, number>> => {
  const found = await town.house.ports.cluster.list('Deployment', { namespace: town.policy.namespaces.serving })
  const all = (found as KubeObject<'Deployment'>[]).filter(({ spec }) => (spec?.replicas ?? 0) > 0)
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name.replace(/^.*-g/, 'g'), spec?.replicas ?? 0]))
}

const cannotHeal: [string, string, RegExp][] = [
  ['a server that ends each time it is started', 'crash-loop', /vllm ended with exit 1 \(it was restarted 3 times\)/],
  ['an image that is not there, once its kubelet pauses', 'image-back-off', /cannot be pulled/],
]
it.each(cannotHeal)(
  '%s: its rollout ends within a minute, saying so, and what served before does',
  async (_, sample, says) => {
    await served()
    const stop = kubelet(2, () => podIn(sample))
    await promoted({ a: '1' })
    const { outcome } = await town.settled(LANE, 90)
    stop()
    expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringMatching(says) })
    expect(await standing()).toEqual({ g1: 2 })
  },
)

it('a Secret that is not there: it is waited for, saying so, and it goes on once it is', async () => {
  await served()
  const stop = kubelet(2, () => podIn('config-error'))
  await promoted({ a: '1' })
  await town.until('it is said', async () => (await town.house.why(LANE)).text.includes('hf-token'))
  expect((await town.lane(LANE)).run).not.toBeNull()
  stop()
  const heal = setInterval(async () => {
    for (const pod of await podsOf(2)) {
      const [container] = pod.status?.containerStatuses ?? []
      if (container?.state?.waiting === undefined) continue
      const now = new Date().toISOString()
      const conditions = pod.status?.conditions?.map((one) => ({ ...one, status: 'True', lastTransitionTime: now }))
      const running = {
        ...container,
        ready: true,
        started: true,
        state: { running: { startedAt: now }, waiting: null },
      }
      await patched(pod, { status: { phase: 'Running', conditions, containerStatuses: [running] } }, '/status')
    }
  }, 300)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  clearInterval(heal)
  expect(await standing()).toEqual({ g2: 2 })
})

it('a node that admits a pod and has no GPU for it: another pod is made, and the rollout goes on', async () => {
  await served()
  let refused: string | null = null
  const stop = kubelet(2, ({ metadata: { uid = '' } }) => {
    refused ??= uid
    return refused === uid ? podIn('refused-device') : null
  })
  await promoted({ a: '1' })
  await town.until('the first is refused', async () =>
    (await podsOf(2)).some(({ status }) => status?.reason === 'UnexpectedAdmissionError'),
  )
  stop()
  const unlate = { metadata: { annotations: { 'pod-ready.stage.kwok.x-k8s.io/delay': null } } }
  const heal = setInterval(async () => {
    for (const pod of await podsOf(2)) await patched(pod, unlate)
  }, 500)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  clearInterval(heal)
  expect(await standing()).toEqual({ g2: 2 })
})

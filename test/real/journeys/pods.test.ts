import { randomBytes } from 'node:crypto'
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node'
import { afterEach, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { OWN_KUBELET } from '../../../local/rig/contents.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { podIn } from '../../core/pods/objects.ts'
import example from '../../example.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
let town: RealTown
let stopped: boolean
afterEach(async () => {
  stopped = true
  await town.close()
})

type Pod = KubeObject<'Pod'>
type Status = NonNullable<V1Pod['status']>

const generationOf = ({ metadata }: Pod): number => Number(metadata.labels?.['signalbox.dev/generation'])

/** Pods that serve, as the API server has them. */
const servers = async (): Promise<Pod[]> => {
  const { namespaces } = town.policy
  const found = (await town.house.ports.cluster.list('Pod', { namespace: namespaces.serving, fresh: true })) as Pod[]
  return found.filter(({ metadata }) => metadata.labels?.['signalbox.dev/task'] === 'serving')
}

const SAMPLED = Date.parse('2026-11-23T12:00:00Z')

/** The status of a sample with the name of this pod's container, as if its first moment had been a minute ago. */
const statusLike = ({ spec, status: own }: Pod, { status }: V1Pod): Status => {
  const begun = Date.now() - 60_000
  const moved = (text: string): string => `${new Date(begun + Date.parse(text) - SAMPLED).toISOString().slice(0, 19)}Z`
  const text = JSON.stringify(status).replaceAll(/2026-11-23T12:\d\d:\d\dZ/g, moved)
  const { containerStatuses, ...written } = JSON.parse(text) as Status
  const [{ name = '', image = '' } = {}] = spec?.containers ?? []
  // One that its node does not admit has no containers.
  const containers = containerStatuses?.map((one): V1ContainerStatus => ({ ...one, name, image })) ?? []
  return { ...written, podIP: own?.podIP, containerStatuses: containers }
}

const readyStatus = ({ spec, status }: Pod): Status => {
  const now = new Date().toISOString()
  const conditions = status?.conditions?.map((one) => ({ ...one, status: 'True', lastTransitionTime: now }) as never)
  const of = (type: string) => ({ type, status: 'True', lastTransitionTime: now }) as never
  const [{ name = '', image = '' } = {}] = spec?.containers ?? []
  const running = { name, image, imageID: image, ready: true, restartCount: 0, started: true }
  return {
    phase: 'Running',
    conditions: [
      ...(conditions ?? []).filter(({ type }: { type: string }) => !['Ready', 'ContainersReady'].includes(type)),
      of('Ready'),
      of('ContainersReady'),
    ],
    containerStatuses: [{ ...running, state: { running: { startedAt: now as never } } }],
  }
}

/** What the kubelet writes of a pod now; null: nothing. */
type Says = (pod: Pod) => V1Pod | 'ready' | null

/** The kubelet of all that serves: it writes what `says` says whenever that has changed, until the town is closed. */
const kubelet = async (says: () => Says): Promise<void> => {
  const written = new Map<string, V1Pod | 'ready'>()
  while (!stopped) {
    for (const pod of await servers().catch(() => [])) await write(written, pod, says()(pod))
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const write = async (written: Map<string, V1Pod | 'ready'>, pod: Pod, said: V1Pod | 'ready' | null): Promise<void> => {
  const { uid = '', deletionTimestamp } = pod.metadata
  // kwok has placed it once it has an address.
  const isPlaced = pod.status?.podIP !== undefined && deletionTimestamp === undefined
  if (said === null || !isPlaced || written.get(uid) === said) return
  const status = said === 'ready' ? readyStatus(pod) : statusLike(pod, said)
  const answer = await town.requests
    .send({
      method: 'PATCH',
      path: `${objectPath(refOf(pod))}/status`,
      type: 'application/merge-patch+json',
      // What it was waiting for is over.
      body: { status },
    })
    .catch(() => ({ status: 0, body: null }))
  if (answer.status === 200) written.set(uid, said)
}

const promoted = async (tags: Record<string, string> = {}): Promise<void> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama', tags }))
  await town.answered(LANE)
}

/** Version 1 serves; of what the next one's pods become, `second` says. */
const served = async (second: Says): Promise<{ heal(): void }> => {
  stopped = false
  const pod = { containers: [{ name: 'vllm', env: [{ name: OWN_KUBELET, value: 'test' }] }] }
  const services = { 'support-llama': { ...example.services?.['support-llama'], pod } }
  const policy = parsePolicy(ownConfig(`pods-${randomBytes(4).toString('hex')}`, { services }))
  town = await openRealTown({ policy })
  let of = second
  void kubelet(() => (each) => (generationOf(each) === 1 ? 'ready' : of(each)))
  await promoted()
  expect((await town.settled(LANE)).state).toBe('succeeded')
  return {
    heal: () => {
      of = () => 'ready'
    },
  }
}

const standing = async (): Promise<Record<string, number>> => {
  const found = await town.house.ports.cluster.list('Deployment', { namespace: town.policy.namespaces.serving })
  const all = (found as KubeObject<'Deployment'>[]).filter(({ spec }) => (spec?.replicas ?? 0) > 0)
  return Object.fromEntries(all.map(({ metadata, spec }) => [metadata.name.replace(/^.*-g/, 'g'), spec?.replicas ?? 0]))
}

/** The same object each time: it is written once to a pod. */
const like = (sample: string): Says => {
  const pod = podIn(sample)
  return () => pod
}

const cannotHeal: [string, string, RegExp][] = [
  ['a server that ends each time it is started', 'crash-loop', /vllm ended with exit 1 \(it was restarted 3 times\)/],
  ['an image that is not there, once its kubelet pauses', 'image-back-off', /cannot be pulled/],
]
it.each(cannotHeal)('%s: its rollout ends, saying so, and what served before does', async (_, sample, says) => {
  await served(like(sample))
  await promoted({ a: '1' })
  const { outcome } = await town.settled(LANE)
  expect(outcome).toMatchObject({ kind: 'failed', detail: expect.stringMatching(says) })
  expect(await standing()).toEqual({ g1: 2 })
})

it('a Secret that is not there: it is waited for, saying so, and it goes on once it is', async () => {
  const { heal } = await served(like('config-error'))
  await promoted({ a: '1' })
  await town.until('it is said', async () => (await town.house.why(LANE)).text.includes('hf-token'))
  expect((await town.lane(LANE)).run).not.toBeNull()
  heal()
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing()).toEqual({ g2: 2 })
})

it('a node that admits no pod, since it has no GPU for it: another pod is made, and the rollout goes on', async () => {
  const refused = podIn('refused-device')
  let first: string | null = null
  await served(({ metadata: { uid = '' } }) => {
    first ??= uid
    return first === uid ? refused : 'ready'
  })
  await promoted({ a: '1' })
  await town.until('it is refused', async () =>
    (await servers()).some(({ status }) => status?.reason === 'UnexpectedAdmissionError'),
  )
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect(await standing()).toEqual({ g2: 2 })
})

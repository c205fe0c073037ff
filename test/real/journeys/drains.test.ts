import { expect, inject, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { loadKubeconfig } from '../../../effects/cluster/kubeconfig.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { openRequests } from '../../../effects/cluster/requests.ts'
import { Unavailable } from '../../../flows/ports.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'

/** A house that serves a version with this many replicas. */
const servedWith = async (replicas: number): Promise<RealTown> => {
  const town = await openRealTown()
  Object.assign(town.policy.services['support-llama']!, { replicas })
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await town.until('drains are told what they may', async () => {
    const namespace = town.policy.namespaces.serving
    const [budget] = (await town.house.ports.cluster.list('PodDisruptionBudget', {
      namespace,
    })) as KubeObject<'PodDisruptionBudget'>[]
    return budget?.status?.currentHealthy === replicas
  })
  return town
}

const pods = async ({ house, policy }: RealTown): Promise<KubeObject<'Pod'>[]> =>
  ((await house.ports.cluster.list('Pod', { namespace: policy.namespaces.serving })) as KubeObject<'Pod'>[]).filter(
    ({ metadata }) => metadata.labels?.['signalbox.dev/task'] === 'serving' && metadata.deletionTimestamp === undefined,
  )

/** What a drain asks of each pod of a node, once: null where it goes, else why it does not. */
const kept = async ({ metadata: { name, namespace } }: KubeObject<'Pod'>): Promise<string | null> => {
  const requests = await openRequests(loadKubeconfig({ file: inject('kubeconfig') }), { tries: 1 })
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
  const path = `${objectPath({ kind: 'Pod', namespace: namespace ?? null, name })}/eviction`
  const answer = await requests.send({ method: 'POST', path, body }).catch((error: unknown) => error as Unavailable)
  await requests.close()
  if (answer instanceof Unavailable) return answer.message
  return answer.status === 201 ? null : JSON.stringify(answer.body)
}

const isReady = ({ status: now }: KubeObject<'Pod'>): boolean =>
  (now?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')

const KEPT = "it answers 429: Cannot evict pod as it would violate the pod's disruption budget."

it('a drain takes one replica, and the next once the first is ready elsewhere', async () => {
  const town = await servedWith(2)
  const [first, second] = await pods(town)
  expect(await kept(first!)).toBeNull()
  expect(await kept(second!)).toContain(KEPT)
  await town.until('the second may go', async () => (await kept(second!)) === null)
  const ready = (await pods(town)).filter(isReady)
  expect(ready.map(({ metadata }) => metadata.name)).not.toContain(first?.metadata.name)
  expect(ready.length).toBeGreaterThanOrEqual(1)
  await town.close()
})

it('the last replica is not drained, and goes where a rollout takes it away', async () => {
  const town = await servedWith(1)
  const [only] = await pods(town)
  expect(await kept(only!)).toContain(KEPT)
  const next = await registerVersion(town.house, { model: 'support-llama', tags: { a: '1' } })
  await promote(town.house, 'support-llama', next)
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  expect((await pods(town)).map(({ metadata }) => metadata.labels?.['signalbox.dev/generation'])).toEqual(['2'])
  await town.close()
})

it('in the middle of a rollout, where one of each generation answers, neither is drained', async () => {
  const town = await servedWith(2)
  const next = await registerVersion(town.house, { model: 'support-llama', tags: { a: '1' } })
  await promote(town.house, 'support-llama', next)
  await town.answered(LANE)
  let two: KubeObject<'Pod'>[] = []
  await town.until('one of each answers', async () => {
    two = (await pods(town)).filter(isReady)
    return (
      two.length === 2 && new Set(two.map(({ metadata }) => metadata.labels?.['signalbox.dev/generation'])).size === 2
    )
  })
  for (const one of two) expect(await kept(one)).toContain(KEPT)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  await town.close()
})

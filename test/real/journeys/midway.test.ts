import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { objectPath } from '../../../effects/cluster/paths.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { openRealTown, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const FIELD = '.spec.template.spec.containers[name="vllm"].image'

const deploymentOf = async ({ house, policy }: RealTown, generation: number): Promise<KubeObject<'Deployment'>> => {
  const all = await house.ports.cluster.list('Deployment', { namespace: policy.namespaces.serving })
  return all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
}
const standing = async (town: RealTown): Promise<Record<string, number | undefined>> => {
  const all = await Promise.all(
    [1, 2].map(async (generation) => [generation, await deploymentOf(town, generation)] as const),
  )
  return Object.fromEntries(
    all.flatMap(([n, one]) => ((one?.spec?.replicas ?? 0) > 0 ? [[n, one?.spec?.replicas]] : [])),
  )
}
/** As kubectl sends it. */
const patched = async (
  town: RealTown,
  generation: number,
  { manager, spec }: { manager: string; spec: object },
): Promise<void> => {
  const { metadata } = await deploymentOf(town, generation)
  const { status } = await town.requests.send({
    method: 'PATCH',
    path: objectPath({ kind: 'Deployment', namespace: metadata.namespace ?? null, name: metadata.name }),
    query: { fieldManager: manager },
    type: 'application/strategic-merge-patch+json',
    body: { spec },
  })
  expect(status).toBe(200)
}

/** Two replicas serve; a newer version is up beside them, and its gate asks it. */
const judging = async (): Promise<RealTown> => {
  const town = await openRealTown()
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const next = await registerVersion(town.house, { model: 'support-llama', tags: { a: '1' } })
  await promote(town.house, 'support-llama', next)
  await town.answered(LANE)
  await town.until('its gate asks', async () => {
    const { steps = [] } = (await town.run(LANE)) ?? {}
    return steps.some(({ name, state, touched }) => name === 'gate' && state === 'running' && touched)
  })
  return town
}

describe('while a newer version is judged beside what serves, somebody', () => {
  it('sets another image in it: it fails at once, saying who, and what served stands alone', async () => {
    const town = await judging()
    const image = `vllm@sha256:${'e'.repeat(64)}`
    const spec = { template: { spec: { containers: [{ name: 'vllm', image }] } } }
    await patched(town, 2, { manager: 'kubectl-set', spec })
    const { outcome } = await town.settled(LANE)
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'edited-by-hand' })
    expect(outcome?.detail).toContain(`kubectl-set has changed ${FIELD} of v2 (generation 2)`)
    expect(await standing(town)).toEqual({ 1: 2 })
    await town.close()
  })

  it('scales what serves to one: that is left of it, and the newer version takes its place', async () => {
    const town = await judging()
    await patched(town, 1, { manager: 'kubectl-edit', spec: { replicas: 1 } })
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect(await standing(town)).toEqual({ 2: 2 })
    expect(await town.held(`pool/${town.policy.services['support-llama']?.pool}`)).toEqual({
      lanes: { [LANE]: 8 },
      sum: 8,
    })
    await town.close()
  })

  it('drains the node of one that serves: it comes back elsewhere, and the newer version takes its place', async () => {
    const town = await judging()
    const { name: of } = (await deploymentOf(town, 1)).metadata
    const pods = await town.house.ports.cluster.list('Pod', { namespace: town.policy.namespaces.serving })
    const [pod] = pods.filter(({ metadata }) => metadata.name.startsWith(`${of}-`))
    const { name = '', namespace = null } = pod?.metadata ?? {}
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
    const path = `${objectPath({ kind: 'Pod', namespace, name })}/eviction`
    expect((await town.requests.send({ method: 'POST', path, body })).status).toBe(201)
    expect((await town.settled(LANE)).state).toBe('succeeded')
    expect(await standing(town)).toEqual({ 2: 2 })
    await town.close()
  })
})

import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { openRealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const FIELD = '.spec.template.spec.containers[name="vllm"].image'

it('what the server makes of what we apply is no edit; `kubectl set image` is, and is told; set back, it is over; a restart is none', async () => {
  const town = await openRealTown()
  const { policy, requests } = town
  const namespace = policy.namespaces.serving
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const [deployment] = (await town.house.ports.cluster.list('Deployment', { namespace })) as KubeObject<'Deployment'>[]
  const { name } = deployment?.metadata ?? { name: '' }
  const image = deployment?.spec?.template.spec?.containers[0]?.image ?? ''
  /** As kubectl sends it. */
  const patched = async (manager: string, template: object): Promise<number> => {
    const answer = await requests.send({
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`,
      query: { fieldManager: manager },
      type: 'application/strategic-merge-patch+json',
      body: { spec: { template } },
    })
    return answer.status
  }
  const imageSet = (to: string) => patched('kubectl-set', { spec: { containers: [{ name: 'vllm', image: to }] } })
  await town.resync()
  expect((await town.lane(LANE)).held).toBeNull()

  expect(await imageSet(`vllm@sha256:${'e'.repeat(64)}`)).toBe(200)
  await town.resync()
  await town.until('it is told', async () => (await town.lane(LANE)).held?.reason === 'edited-by-hand')
  expect((await town.lane(LANE)).held?.detail).toContain(`kubectl-set has changed ${FIELD} of v1 (generation 1)`)

  expect(await imageSet(image)).toBe(200)
  await town.resync()
  await town.until('it is over', async () => (await town.lane(LANE)).held === null)

  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-23T12:00:00Z' }
  expect(await patched('kubectl-rollout', { metadata: { annotations } })).toBe(200)
  await town.resync()
  expect(await town.lane(LANE)).toMatchObject({ held: null, generation: 1, state: 'succeeded' })
  await town.close()
})

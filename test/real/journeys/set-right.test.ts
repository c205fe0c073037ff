import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { trafficOf } from '../../../core/workloads/serving.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import { openRealTown } from '../real-town.ts'

const LANE = 'service/support-llama'

it('what the server makes of Services and budgets is no edit; what `kubectl edit` does to them is set right, and nobody is asked', async () => {
  const town = await openRealTown()
  const { policy, requests } = town
  const namespace = policy.namespaces.serving
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect((await town.settled(LANE)).state).toBe('succeeded')
  const { name } = await town.lane(LANE)
  const [lane, budget] = [`/api/v1/namespaces/${namespace}/services/${name}`, `${name}-g1`]
  const ofBudget = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/${budget}`
  /** As kubectl sends it. */
  const patched = async (path: string, spec: object): Promise<number> => {
    const query = { fieldManager: 'kubectl-edit' }
    const type = 'application/strategic-merge-patch+json'
    return (await requests.send({ method: 'PATCH', path, query, type, body: { spec } })).status
  }
  const read = async <K extends KubeObject>(path: string): Promise<K> =>
    (await requests.send({ method: 'GET', path })).body as K
  const rightAgain = async (attempt: number, says: string): Promise<void> => {
    await town.resync()
    await town.until('it is set right', async () => {
      const { run, attempt: now, state } = await town.lane(LANE)
      return now === attempt && run === null && state === 'succeeded'
    })
    const told = (await town.house.ports.ledger.moments(LANE, { limit: 100 })).map(({ text }) => text)
    expect(told).toContainEqual(expect.stringContaining(says))
  }
  await town.resync()
  expect(await town.lane(LANE)).toMatchObject({ attempt: 1, run: null })

  expect(await patched(lane, { selector: { 'signalbox.dev/generation': '99' } })).toBe(200)
  await rightAgain(2, 'nobody answers: kubectl-edit has changed .spec.selector')
  expect(trafficOf(await read<KubeObject<'Service'>>(lane))).toBe(1)

  expect(await patched(lane, { ports: [{ port: 80, targetPort: 9 }] })).toBe(200)
  await rightAgain(3, 'kubectl-edit has changed .spec.ports[port=80].targetPort of Service')
  expect((await read<KubeObject<'Service'>>(lane)).spec?.ports?.[0]?.targetPort).toBe('http')

  const drains = async () => {
    const { spec } = await read<KubeObject<'PodDisruptionBudget'>>(ofBudget)
    return [spec?.minAvailable, spec?.maxUnavailable]
  }
  expect(await patched(ofBudget, { minAvailable: 0 })).toBe(200)
  await rightAgain(4, 'kubectl-edit has changed .spec.minAvailable of PodDisruptionBudget')
  expect(await drains()).toEqual([1, undefined])
  // The server takes no budget that says both.
  expect(await patched(ofBudget, { minAvailable: null, maxUnavailable: 2 })).toBe(200)
  await rightAgain(5, 'PodDisruptionBudget')
  expect(await drains()).toEqual([1, undefined])
  await town.close()
})

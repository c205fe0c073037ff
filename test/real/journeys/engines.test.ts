import { randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../core/kube.ts'
import { parsePolicy } from '../../../core/policy.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { openRealTown, ownConfig, type RealTown } from '../real-town.ts'

const LANE = 'service/support-llama'
const BASE = `hf://meta-llama/Llama-3.1-8B-Instruct@${'a1'.repeat(20)}`
const service = example.services!['support-llama']!

const townOf = (engine: string): Promise<RealTown> =>
  openRealTown({
    policy: parsePolicy(
      ownConfig(`town-${randomBytes(4).toString('hex')}`, {
        runner: { image: `ghcr.io/acme/runner@sha256:${'4'.repeat(64)}` },
        sources: [...(example.sources ?? []), 'hf://meta-llama/'],
        services: { 'support-llama': { ...service, engine } },
      }),
    ),
  })

/** Promotes a version that says this of itself, and answers what stands once that is over: each generation, its replicas that are ready, and what is fetched for them. */
const promoted = async (town: RealTown, tags: Record<string, string> = {}): Promise<string[]> => {
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama', tags }))
  await town.answered(LANE)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
  const all = (await town.house.ports.cluster.list('Deployment', {
    namespace: town.policy.namespaces.serving,
  })) as KubeObject<'Deployment'>[]
  return all.flatMap(({ metadata, spec, status }) => {
    const before = (spec?.template.spec?.initContainers ?? []).map(({ name }) => name)
    const version = metadata.annotations?.['signalbox.dev/version']
    return (spec?.replicas ?? 0) === 0 ? [] : [`v${version}: ${status?.readyReplicas ?? 0} [${before.join(', ')}]`]
  })
}

const FETCHED = '[signalbox-run, signalbox-fetch]'

it('on a real control plane vLLM serves an adapter in the place of whole weights, and it stays as it was applied', async () => {
  const town = await townOf('vllm')
  const tags = { 'signalbox.dev/weights': 'adapter', 'signalbox.dev/base': BASE }
  expect([await promoted(town), await promoted(town, tags)]).toEqual([['v1: 2 []'], [`v2: 2 ${FETCHED}`]])
  // What the API server has made of it is no edit: nothing is planned anew.
  await town.resync()
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
  await town.close()
})

it('and SGLang weights that are fetched for it', async () => {
  const town = await townOf('sglang')
  expect(await promoted(town)).toEqual([`v1: 2 ${FETCHED}`])
  await town.close()
})

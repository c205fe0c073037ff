import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { generationOf } from '../../core/names.ts'
import type { Cluster, Ports } from '../../flows/ports.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { podIn } from '../core/pods/objects.ts'
import { MINUTE, MODEL, replicasOf, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

/** Of which generation no node lets pods in; null: of none. */
interface Refusing {
  generation: number | null
}

/** No pod of the generation comes to be: each time its kubelet says why, and Kubernetes has made another. */
const refusing =
  (by: Refusing, sample: string) =>
  (ports: Ports): Ports => ({
    ...ports,
    cluster: new Proxy(ports.cluster, {
      get: (cluster, member) => {
        const list: Cluster['list'] = async (kind, where) =>
          (await cluster.list(kind, where)).flatMap((object) => asRefused(object, by, sample))
        const found = member === 'list' ? list : Reflect.get(cluster, member)
        return typeof found === 'function' ? found.bind(cluster) : found
      },
    }),
  })

const asRefused = (object: KubeObject, { generation }: Refusing, sample: string): KubeObject[] => {
  const isMeant = generation !== null && generationOf(object.metadata.labels ?? {}) === generation
  if (!isMeant) return [object]
  if (object.kind === 'Deployment') {
    const { status } = object as KubeObject<'Deployment'>
    return [{ ...object, status: { ...status, readyReplicas: 0, availableReplicas: 0 } } as KubeObject]
  }
  if (object.kind !== 'Pod') return [object]
  const { status, spec } = podIn(sample)
  const refused = [1, 2, 3].map((n) => ({ ...object, metadata: { ...object.metadata, uid: `r${n}` }, status, spec }))
  return [...refused, { ...object, status: { phase: 'Pending' } }] as KubeObject[]
}

const next = async (): Promise<void> => {
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE)
}

it.each([
  ['for what stays as it is', 'refused-sysctl', 10, /SysctlForbidden \(Pod was rejected: forbidden sysctl/],
  ['for what its node lacks', 'refused-device', 25, /UnexpectedAdmissionError \(Pod was rejected: Allocate failed/],
])(
  'a version whose pods no node lets in, %s: its rollout ends within minutes, in the kubelet’s words',
  async (...row) => {
    const [, sample, minutes, says] = row
    town = await openTown({ wrap: refusing({ generation: 2 }, sample) })
    await served(town)
    await next()
    await town.until('it says so', async () => says.test((await town.house.why(SERVE)).text))
    await town.advance(minutes * MINUTE)
    const told = (await timeline(town, SERVE)).filter(({ text }) => says.test(text)).map(({ kind }) => kind)
    expect(told).toEqual(['step', 'outcome'])
    await town.settled(SERVE)
    expect(await replicasOf(town)).toMatchObject({ 1: 2 })
  },
)

it('what serves, and whose pods no node lets in any more, says why', async () => {
  const by: Refusing = { generation: null }
  town = await openTown({ wrap: refusing(by, 'refused-device') })
  await served(town)
  by.generation = 1
  await town.advance(40 * MINUTE)
  expect((await town.house.why(SERVE)).text).toMatch(
    /0 of 2 ready: its node did not let it in: UnexpectedAdmissionError \(Pod was rejected: Allocate failed/,
  )
})

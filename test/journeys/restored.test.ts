import { expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { fenceOn } from '../../core/marker.ts'
import { label } from '../../core/names.ts'
import { SELF } from '../../core/rows.ts'
import { scaleObject } from '../../core/workloads/serving.ts'
import { claim } from '../../flows/claim.ts'
import { guarded } from '../../flows/guarded.ts'
import type { Ports } from '../../flows/ports.ts'
import { readRow } from '../../flows/rows.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { LEDGER, openTown } from './town.ts'

const LANE = 'service/support-llama'
const HOME = 'the folder of its cluster'

type Apply = Ports['cluster']['apply']

/** The cluster with the admission that bootstrap makes: a fence never goes back. */
const fenced = (ports: Ports): Ports => {
  const { cluster } = ports
  const apply: Apply = async (object, manager) => {
    const fence = label(`fence-${manager.slice('signalbox-'.length)}`)
    const of = (one: KubeObject | null): number => Number(one?.metadata.annotations?.[fence] ?? 0)
    return of(await cluster.get(refOf(object))) > of(object)
      ? { kind: 'denied', status: 422, message: 'the fence may not go back' }
      : cluster.apply(object, manager)
  }
  const get = (target: object, name: string | symbol): unknown => {
    const member = Reflect.get(target, name) as unknown
    return name === 'apply' ? apply : typeof member === 'function' ? (member.bind(target) as unknown) : member
  }
  const admitted = new Proxy<Ports['cluster']>(cluster, { get })
  return { ...ports, cluster: guarded({ ...ports, cluster: admitted }, { home: HOME, mint: () => LEDGER }) }
}

it('a ledger that was restored in place, behind what it wrote, fails nothing: it rests until a person adopts', async () => {
  const town = await openTown({ wrap: fenced })
  const { ports, cluster } = town.house
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
  // What it wrote since, and has forgotten.
  const standing = (await cluster.list('Deployment', { namespace: 'serving' }))[0] as KubeObject<'Deployment'>
  const scaled = scaleObject(refOf(standing), standing.spec?.replicas ?? 0)
  const annotations = { [label('fence-scale')]: '999' }
  await cluster.apply({ ...scaled, metadata: { ...scaled.metadata, annotations } }, 'signalbox-scale')
  await promote(town.house, 'support-llama', await registerVersion(town.house, { model: 'support-llama' }))
  await town.answered(LANE)
  await town.advance(3_600_000)
  const rests = await town.lane(LANE)
  expect(rests).toMatchObject({
    rest: { why: 'not-allowed', text: expect.stringMatching(/it was restored from .*`signalbox adopt/) },
  })
  await claim({ ...ports, cluster }, { home: HOME, mint: () => LEDGER, adopt: true })
  expect((await readRow(ports.ledger, 'identity', SELF))?.value.fenceFrom).toBe(999)
  expect(await town.settled(LANE)).toMatchObject({ state: 'succeeded' })
  const fences = (await cluster.list('Deployment', { namespace: 'serving' })).map(fenceOn)
  for (const fence of fences) expect(fence).toBeGreaterThan(999)
  await town.close()
}, 30_000)

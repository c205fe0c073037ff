import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import { HOUR, MINUTE, MODEL, replicasOf, SERVE, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const edited = async (change: (spec: NonNullable<KubeObject<'Deployment'>['spec']>) => void): Promise<void> => {
  const [first] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  await (town.house.cluster as SimulatedCluster).edit(refOf(first as KubeObject), 'kubectl-edit', (live) => {
    const own = structuredClone(live) as KubeObject<'Deployment'>
    if (own.spec !== undefined) change(own.spec)
    return own as KubeObject
  })
}
const imageOf = (letter: string): string => `vllm@sha256:${letter.repeat(64)}`
const imageSet = (image: string): Promise<void> =>
  edited(({ template }) => {
    const [container] = template.spec?.containers ?? []
    if (container !== undefined) container.image = image
  })
const scaled = (replicas: number): Promise<void> =>
  edited((spec) => {
    spec.replicas = replicas
  })
/** v1 serves and v2 was denied. */
const denied = async (): Promise<void> => {
  town = await openTown()
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE, 'deny')
  await town.settled(SERVE)
}
const asked = () => town.until('it asks', async () => (await town.question(SERVE)) !== null)
const texts = async (): Promise<string> => (await timeline(town, SERVE)).map(({ text }) => text).join('\n')
const CHANGED = 'kubectl-edit has changed .spec.template.spec.containers[name="vllm"].image of v1 (generation 1)'

describe('what serves is brought back to its replicas, and somebody has changed it', () => {
  it.each([
    ['while v2 is denied', denied],
    [
      'while it is wanted itself, and is only told',
      async () => {
        town = await openTown()
        await served(town)
      },
    ],
  ])('%s: who is asked is told what it runs, and approves that', async (_, begin) => {
    await begin()
    await imageSet(imageOf('e'))
    await town.advance(20 * MINUTE)
    await scaled(1)
    await asked()
    const plan = (await town.plan(SERVE))?.plan
    expect(plan?.title).toMatch(/back to 2 replicas, as it was changed by hand$/)
    expect(plan?.effects.images).toEqual([imageOf('e')])
    expect(plan?.reasons.join('\n')).toContain(`what it brings up runs as it was changed: ${CHANGED}`)
    const [asks] = (await town.house.cards()).filter(({ card }) => card.question !== null)
    expect(JSON.stringify(asks?.card)).toContain('changed by hand')
    await town.answered(SERVE)
    await town.until('it is back', async () => (await town.lane(SERVE)).run === null)
    await town.advance(30 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect(await texts()).not.toContain('as it was judged again')
    expect((await town.house.why(SERVE)).text).toContain(`${CHANGED}, which is not what was judged`)
  })

  it('once more while that is asked: what was approved is not what would run, and people are asked anew', async () => {
    await denied()
    await imageSet(imageOf('e'))
    await town.advance(20 * MINUTE)
    await scaled(1)
    await asked()
    const id = (await town.question(SERVE))?.id
    await imageSet(imageOf('f'))
    await town.answered(SERVE)
    await town.until('it asks anew', async () => ![undefined, id].includes((await town.question(SERVE))?.id))
    expect((await town.plan(SERVE))?.plan.effects.images).toEqual([imageOf('f')])
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })

  it.each([[false], [true]])(
    'in the midst of its move (changed before: %s): it fails within the next look',
    async (before) => {
      await denied()
      if (before) await imageSet(imageOf('e'))
      await town.advance(20 * MINUTE)
      await scaled(1)
      await asked()
      await town.answered(SERVE)
      await town.until('it moves', async () => (await town.lane(SERVE)).run?.steps[0]?.state === 'running')
      await imageSet(imageOf('f'))
      await town.advance(6 * MINUTE)
      expect(await texts()).toContain(`failed (edited-by-hand): ${CHANGED}, which is not what was approved`)
      await town.advance(HOUR)
      expect((await town.house.why(SERVE)).text).toContain(CHANGED)
    },
  )
})

it('what beside it was changed is set right, and nobody says that it is as it was judged', async () => {
  await denied()
  await imageSet(imageOf('e'))
  await town.advance(20 * MINUTE)
  const { name } = await town.lane(SERVE)
  const lane = (await town.house.cluster.list('Service')).find(({ metadata }) => metadata.name === name) as KubeObject
  await town.house.cluster.delete(refOf(lane), lane.metadata.uid ?? '')
  const kept = async () =>
    (await town.past(SERVE)).find(({ plan }) => plan?.title.includes('which serves support-llama, again') === true)
  await town.until('it is led again', async () => (await kept()) !== undefined)
  expect((await kept())?.plan?.approval.why).toMatch(/^what stands beside what serves is as it was judged again/)
  await town.advance(10 * MINUTE)
  expect((await town.house.why(SERVE)).text).toContain(`${CHANGED}, which is not what was judged`)
})

it('where no version is promoted any more, too: who is asked to return to it is told what it runs', async () => {
  town = await openTown()
  await served(town)
  await imageSet(imageOf('e'))
  await town.advance(20 * MINUTE)
  await town.house.registry.deleteAlias(MODEL, 'champion')
  await scaled(1)
  await asked()
  const plan = (await town.plan(SERVE))?.plan
  expect(plan?.title).toMatch(/^Return .* as it was changed by hand$/)
  expect([plan?.effects.images, plan?.reasons.join()]).toEqual([[imageOf('e')], expect.stringContaining(CHANGED)])
})

it('while people are asked about another version: they are told once, and why says it for as long as that is so', async () => {
  town = await openTown()
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await asked()
  const [deployment] = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
  const before = deployment?.spec?.template.spec?.containers[0]?.image ?? ''
  const cards = async () => (await town.house.cards()).filter(({ card }) => card.title.includes(CHANGED)).length
  await imageSet(imageOf('e'))
  await town.advance(40 * MINUTE)
  expect((await town.house.why(SERVE)).also?.join()).toContain(`${CHANGED}, which is not what was judged`)
  expect(await cards()).toBe(1)
  expect(await town.question(SERVE)).not.toBe(null)
  await imageSet(before)
  await town.advance(20 * MINUTE)
  expect((await town.house.why(SERVE)).also?.join()).not.toContain(CHANGED)
  expect(await cards()).toBe(1)
})

import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import { isLedTo } from '../../core/planning/traffic.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { Traffic } from '../../core/world.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { HOUR, looseEnds, MODEL, replicasOf, SERVE, say, served, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const deployments = async (): Promise<KubeObject<'Deployment'>[]> =>
  (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
const isOf =
  (generation: number) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.name.endsWith(`-g${generation}`)

const led = async (): Promise<Traffic> => {
  const { name } = await town.lane(SERVE)
  const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  return trafficOf(services.find(({ metadata }) => metadata.name === name))
}

/** Another image by hand, as in an incident. */
const imageSet = async (generation: number): Promise<void> => {
  const one = (await deployments()).find(isOf(generation)) as KubeObject<'Deployment'>
  await (town.house.cluster as SimulatedCluster).edit(refOf(one), 'kubectl-edit', (live) => {
    const own = structuredClone(live) as KubeObject<'Deployment'>
    const [container] = own.spec?.template.spec?.containers ?? []
    if (container !== undefined) container.image = `vllm@sha256:${'e'.repeat(64)}`
    return own as KubeObject
  })
}

/** v2 has passed its gate and answers beside v1, which has one of its two replicas left. */
const both = async (more: object = {}): Promise<void> => {
  const services = { [MODEL]: { ...example.services?.[MODEL], ...more } }
  town = await openTown({ config: { ...example, services } as typeof example })
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL }))
  await town.answered(SERVE)
  await town.until('both', async () =>
    Boolean(
      (await town.lane(SERVE)).run?.steps.some(({ kind, state }) => kind === 'switch-traffic' && state === 'done'),
    ),
  )
  await town.advance(60_000)
}

const goesBack = () => town.until('it goes back', async () => (await town.lane(SERVE)).run?.phase === 'back')
const cancelled = async (): Promise<void> => {
  void say(town, 'cancel', { lane: SERVE })
  await goesBack()
}
const unpromoted = async (): Promise<void> => {
  await town.house.registry.deleteAlias(MODEL, 'champion')
  await goesBack()
}

const ENDS: [string, () => Promise<void>][] = [
  ['cancelled', cancelled],
  ['overtaken, since no version is promoted any more', unpromoted],
]
/** From the first look of the way back until after its last. Seconds. */
const POINTS = [0, 5, 15, 25, 60, 120, 180, 200, 215, 230, 260, 400]

/** It goes on for so long, answered each question, and v2 has so many replicas at each look at which requests are led to it. */
const goesOn = async (milliseconds: number): Promise<{ fell: boolean; asked: string[] }> => {
  const asked: string[] = []
  let fell = false
  for (let time = 0; time < milliseconds; time += 15_000) {
    if ((await town.question(SERVE)) !== null) {
      asked.push((await town.plan(SERVE))?.plan.title ?? '')
      await town.answered(SERVE, 'deny')
    }
    await town.advance(15_000)
    if (((await replicasOf(town))[2] ?? 0) === 0) fell = true
  }
  return { fell, asked }
}

describe('what somebody changes while a way back leads to it', () => {
  for (const [how, ends] of ENDS)
    it.each(POINTS)(
      `of v2, ${how}: v2 was judged, answers and stays, unless requests were led away from it before, %i s on`,
      async (after) => {
        await both()
        await ends()
        await town.advance(after * 1000)
        const before = await led()
        await imageSet(1)
        const { fell } = await goesOn(HOUR)
        const { run, baseline } = await town.lane(SERVE)
        expect(run).toBeNull()
        const was = isLedTo(before, 2)
        expect({ fell, leads: isLedTo(await led(), 2), to: baseline?.generation }).toEqual({
          fell: !was,
          leads: was,
          to: was ? 2 : 1,
        })
        expect(await looseEnds(town)).toEqual([])
      },
    )

  it('and v2 too: neither goes for the other, and that is said', async () => {
    await both()
    await cancelled()
    await town.advance(25_000)
    await imageSet(1)
    await imageSet(2)
    await goesOn(HOUR)
    expect(await replicasOf(town)).toMatchObject({ 1: expect.any(Number), 2: 1 })
    expect((await town.lane(SERVE)).outcome?.detail).toMatch(
      /cancelled by .*; the way back failed: kubectl-edit has changed/,
    )
  })

  it('within the next look, whatever it waits for', async () => {
    await both()
    await cancelled()
    await town.advance(20_000)
    await imageSet(1)
    await town.advance(10_000)
    expect((await town.lane(SERVE)).outcome).toMatchObject({
      kind: 'cancelled',
      detail: expect.stringMatching(
        /requests are not led back to it from what was judged; v2 \(generation 2\) with 1 replica was judged, and stays$/,
      ),
    })
    expect((await timeline(town, SERVE)).map(({ text }) => text).join('\n')).not.toContain(
      'Take v2 (generation 2) away',
    )
  })
})

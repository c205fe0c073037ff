import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { refOf } from '../../core/kube.ts'
import { trafficOf } from '../../core/workloads/serving.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion, type Simulation } from '../../local/scenario.ts'
import example from '../example.ts'
import { clockOf, looseEnds, MINUTE, MODEL, replicasOf, SERVE, SLOW, say, served, stepIs, timeline } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

describe('a Deployment that somebody edits by hand', () => {
  const opened = async (onEdit?: 'mend' | 'tell'): Promise<void> => {
    const config = structuredClone(example)
    Object.assign(config.services?.[MODEL] ?? {}, onEdit === undefined ? {} : { onEdit })
    town = await openTown({ config })
    await served(town)
  }
  const deploymentOf = async (generation: number): Promise<KubeObject<'Deployment'>> => {
    const all = (await town.house.cluster.list('Deployment')) as KubeObject<'Deployment'>[]
    return all.find(({ metadata }) => metadata.name.endsWith(`-g${generation}`)) as KubeObject<'Deployment'>
  }
  const imageOf = async (generation: number): Promise<string> =>
    (await deploymentOf(generation)).spec?.template.spec?.containers[0]?.image ?? ''
  /** `kubectl set image deployment/… vllm=…`. */
  const imageSet = async (generation: number, image = `vllm@sha256:${'e'.repeat(64)}`): Promise<void> => {
    const cluster = town.house.cluster as SimulatedCluster
    await cluster.edit(refOf(await deploymentOf(generation)), 'kubectl-set', (live) => {
      const [container] = (live as KubeObject<'Deployment'>).spec?.template.spec?.containers ?? []
      if (container !== undefined) container.image = image
      return live
    })
  }
  const ledTo = async (): Promise<unknown> => {
    const services = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
    const { name } = await town.lane(SERVE)
    return trafficOf(services.find(({ metadata }) => metadata.name === name))
  }
  const promoted = async (simulation?: Simulation): Promise<void> => {
    await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
    await town.answered(SERVE)
  }
  const texts = async (): Promise<string[]> => (await timeline(town, SERVE)).map(({ text }) => text)
  const FIELD = '.spec.template.spec.containers[name="vllm"].image'
  const SAID = `kubectl-set has changed ${FIELD} of v1 (generation 1), which is not what was judged`

  /** Whoever approves undoes what somebody has done, perhaps at night. */
  const isSaidToWhoApproves = async () => {
    await town.until('it asks', async () => (await town.question(SERVE)) !== null)
    const plan = (await town.plan(SERVE))?.plan
    expect(plan?.reasons[0]).toBe(`kubectl-set has changed ${FIELD} of v1 (generation 1): this takes it away`)
    const both = plan?.steps.find(({ title }) => title.startsWith('Lead requests to all'))
    if (both !== undefined)
      expect(both.why).toBe(
        'one alone would be too few; v1 (generation 1), changed by hand since it was judged, answers already',
      )
  }

  it('at rest: within minutes it is told who changed which field, and it stays so until a person says retry', async () => {
    await opened()
    await imageSet(1)
    const at = town.house.clock.now()
    await town.until('it is told', async () => (await town.lane(SERVE)).held?.reason === 'edited-by-hand')
    expect(town.house.clock.now() - at).toBeLessThanOrEqual(6 * MINUTE)
    await town.advance(30 * MINUTE)
    const { rest, held, generation } = await town.lane(SERVE)
    expect(rest).toMatchObject({ why: 'parked', text: expect.stringContaining(SAID) })
    expect(held?.detail).toContain('retry makes it as it is wanted again')
    expect([generation, await replicasOf(town), await ledTo()]).toEqual([1, { 1: 2 }, 1])
    expect((await texts()).filter((text) => text.includes(SAID))).toHaveLength(1)

    await say(town, 'retry', { lane: SERVE })
    await isSaidToWhoApproves()
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect([await replicasOf(town), await ledTo()]).toEqual([{ 2: 2 }, 2])
    expect(await imageOf(2)).toBe(example.services?.[MODEL]?.image)
    expect(await looseEnds(town)).toEqual([])
  })

  it('at rest, and set back by hand: all is as it was', async () => {
    await opened()
    const image = await imageOf(1)
    await imageSet(1)
    await town.until('it is told', async () => (await town.lane(SERVE)).held !== null)
    await imageSet(1, image)
    await town.until('it is over', async () => (await town.lane(SERVE)).held === null)
    const { rest, generation } = await town.lane(SERVE)
    expect([rest?.why, generation]).toEqual(['done', 1])
  })

  it('at rest, where the policy mends: it is made anew beside it, asked, judged, and takes its place', async () => {
    await opened('mend')
    await imageSet(1)
    await isSaidToWhoApproves()
    await town.answered(SERVE)
    expect(await ledTo()).toBe(1)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect([await replicasOf(town), await ledTo(), await imageOf(2)]).toEqual([
      { 2: 2 },
      2,
      example.services?.[MODEL]?.image,
    ])
    expect(await texts()).toContainEqual(expect.stringContaining(SAID))
    expect(await looseEnds(town)).toEqual([])
    // Whoever does the same again does it each time.
    await imageSet(2)
    await town.until('it is told', async () => (await town.lane(SERVE)).held?.reason === 'edited-by-hand')
    expect((await town.lane(SERVE)).held?.detail).toContain('as of v1 (generation 1) before it: see who does')
    await town.advance(30 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })

  it('at rest, scaled: replicas are brought back, but where all that is done by hand is told', async () => {
    await opened('tell')
    const cluster = town.house.cluster as SimulatedCluster
    await cluster.edit(refOf(await deploymentOf(1)), 'kubectl-scale', (live) => {
      Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas: 1 })
      return live
    })
    await town.until('it is told', async () => (await town.lane(SERVE)).held?.reason === 'edited-by-hand')
    expect((await town.lane(SERVE)).held?.detail).toContain('somebody has scaled v1 (generation 1) from 2 to 1 replica')
    await town.advance(30 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 1 })
  })

  const scaled = async (generation: number, replicas: number, manager = 'kubectl'): Promise<void> => {
    const cluster = town.house.cluster as SimulatedCluster
    await cluster.edit(refOf(await deploymentOf(generation)), manager, (live) => {
      Object.assign((live as KubeObject<'Deployment'>).spec ?? {}, { replicas })
      return live
    })
  }

  const hasTouched = async (title: string): Promise<boolean> =>
    (await town.lane(SERVE)).run?.steps.some(
      (step) => step.title.startsWith(title) && step.state === 'running' && step.touched,
    ) === true

  it('at rest, scaled: replicas are brought back where the policy mends', async () => {
    await opened('mend')
    for (const replicas of [1, 3]) {
      await scaled(1, replicas)
      await town.until('they are brought back', async () => {
        const question = await town.question(SERVE)
        if (question !== null) await town.answered(SERVE)
        return (await town.lane(SERVE)).run === null && (await replicasOf(town))[1] === 2
      })
      expect((await town.lane(SERVE)).outcome?.kind).toBe('succeeded')
    }
  })

  it('scaled, while a new one is judged beside it: that goes on, and takes its place', async () => {
    await opened('mend')
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await scaled(1, 1)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(await replicasOf(town)).toEqual({ 2: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    [2, 3],
    [2, 0],
    [1, 3],
    [1, 4],
  ])(
    'scaled in the middle of a move, generation %d to %d: it is set again, said, and nobody waits for it',
    async (generation, replicas) => {
      await opened('mend')
      await promoted()
      await town.until('the second comes', async () => hasTouched('Bring v2 to 2'))
      const begun = clockOf(town).now()
      await scaled(generation, replicas)
      expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
      expect(clockOf(town).now() - begun).toBeLessThan(15 * MINUTE)
      expect(await replicasOf(town)).toEqual({ 2: 2 })
      const set = generation === 2 ? 2 : 1
      const said = `Bring v2 to 2 replicas: kubectl has scaled generation ${generation} to ${replicas} replicas: it is set to ${set} again`
      expect((await texts()).filter((text) => text === said)).toHaveLength(1)
    },
  )

  it('scaled by a program in the middle of a move: it stops there, and names it', async () => {
    await opened('mend')
    await promoted()
    await town.until('the second comes', async () => hasTouched('Bring v2 to 2'))
    await scaled(2, 3, 'ops-operator')
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'conflict',
      detail: expect.stringContaining('ops-operator also sets .spec.replicas'),
    })
  })

  it('scaled away as it is judged: it is set again before what it replaces goes', async () => {
    await opened('mend')
    await promoted()
    await town.until('the second comes', async () => hasTouched('Bring v2 to 2'))
    await town.until('it is there', stepIs(town, SERVE, 'move-3', 'done'))
    const begun = clockOf(town).now()
    await scaled(2, 0)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect(clockOf(town).now() - begun).toBeLessThan(15 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 2: 2 })
  })

  it('the baseline, before a way back: that asks no more than the baseline had', async () => {
    await opened('mend')
    await promoted({ metrics: { health: 0 } })
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await scaled(1, 4)
    const begun = clockOf(town).now()
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(clockOf(town).now() - begun).toBeLessThan(20 * MINUTE)
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    expect((await town.past(SERVE)).at(-1)?.outcome.detail).not.toContain('the way back failed')
  })

  it('scaled by a program, which would do so again: it stops there, and names it', async () => {
    await opened('mend')
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await scaled(1, 1, 'ops-operator')
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'conflict',
      detail: expect.stringContaining('ops-operator also sets .spec.replicas'),
    })
  })

  it('a restart of the rollout is no edit', async () => {
    await opened('mend')
    const cluster = town.house.cluster as SimulatedCluster
    await cluster.edit(refOf(await deploymentOf(1)), 'kubectl-rollout', (live) => {
      const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-23T13:00:00Z' }
      Object.assign((live as KubeObject<'Deployment'>).spec?.template.metadata ?? {}, { annotations })
      return live
    })
    await town.advance(60 * MINUTE)
    const { held, generation, rest } = await town.lane(SERVE)
    expect([held, generation, rest?.why]).toEqual([null, 1, 'done'])
  })

  it('while it rises: it fails at once, saying who, nobody is led to it, and what stood before stands alone', async () => {
    await opened()
    await promoted()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await imageSet(2)
    expect((await town.settled(SERVE)).outcome).toMatchObject({
      kind: 'failed',
      reason: 'edited-by-hand',
      detail: `kubectl-set has changed ${FIELD} of v2 (generation 2), which is not what was approved`,
    })
    expect([await replicasOf(town), await imageOf(1)]).toEqual([{ 1: 2 }, example.services?.[MODEL]?.image])
    await town.advance(30 * MINUTE)
    expect((await town.lane(SERVE)).generation).toBe(2)
    expect(await looseEnds(town)).toEqual([])
  })

  it('while it rises, where the policy mends: it is made anew as a generation of its own, which is asked', async () => {
    await opened('mend')
    await promoted()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await imageSet(2)
    await town.until('it is made anew', async () => (await town.lane(SERVE)).generation === 3)
    await town.answered(SERVE)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect([await replicasOf(town), await ledTo()]).toEqual([{ 3: 2 }, 3])
  })

  it('once it is judged: requests are not led to what was judged otherwise', async () => {
    await opened()
    await promoted()
    await town.until('it is judged', stepIs(town, SERVE, 'judge', 'done'))
    await imageSet(2)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'edited-by-hand' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
  })

  it('what is to leave, while the new one rises: that goes on, and takes its place', async () => {
    await opened()
    await promoted()
    await town.until('it rises', stepIs(town, SERVE, 'move-1', 'running'))
    await imageSet(1)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'succeeded' })
    expect([await replicasOf(town), await ledTo()]).toEqual([{ 2: 2 }, 2])
  })

  it('the baseline, as the new one fails its gate: it alone is ready and stays, and that it is edited is said', async () => {
    await opened()
    await promoted(SLOW)
    await town.until('it is judged', stepIs(town, SERVE, 'gate', 'running'))
    await imageSet(1)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    expect(await replicasOf(town)).toEqual({ 1: 2 })
    await town.advance(10 * MINUTE)
    expect((await town.lane(SERVE)).rest?.text).toContain(SAID)
    // Set back it is what it was, whoever has set it last.
    await imageSet(1, example.services?.[MODEL]?.image)
    await town.advance(10 * MINUTE)
    expect((await town.lane(SERVE)).rest?.text).not.toContain('kubectl-set')
  })

  it('the baseline, on the way back: what failed is taken away, what is edited stays, and both are said', async () => {
    await opened()
    await promoted(SLOW)
    await town.until('it goes back', stepIs(town, SERVE, 'back-1', 'running'))
    await imageSet(1)
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'failed', reason: 'gate' })
    await town.advance(60 * MINUTE)
    expect([await replicasOf(town), await ledTo()]).toEqual([{ 1: 2 }, 1])
    expect((await town.lane(SERVE)).rest?.text).toContain(SAID)
    expect(await looseEnds(town)).toEqual([])
  })

  it('the baseline, as a person cancels once requests are led to the new one too: they are not led back to it alone', async () => {
    await opened()
    await promoted()
    await town.until('both answer', stepIs(town, SERVE, 'move-2', 'running'))
    expect(await ledTo()).toBe('all')
    await imageSet(1)
    await say(town, 'cancel', { lane: SERVE })
    expect((await town.settled(SERVE)).outcome).toMatchObject({ kind: 'cancelled' })
    await town.advance(60 * MINUTE)
    expect(await ledTo()).toBe('all')
    expect(await replicasOf(town)).toEqual({ 1: 1, 2: 1 })
    expect((await town.lane(SERVE)).rest?.text).toContain('stand side by side')
    expect(await looseEnds(town)).toEqual([])
  })
})

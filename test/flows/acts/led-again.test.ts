import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../../core/kube.ts'
import { trafficOf } from '../../../core/workloads/serving.ts'
import { promote, registerVersion } from '../../../local/scenario.ts'
import example from '../../example.ts'
import { clockOf, MINUTE, MODEL, SERVE, type SLOW, served, stepIs, timeline } from '../../journeys/scenes.ts'
import { ANA, openTown, type Town } from '../../journeys/town.ts'

let town: Town
afterEach(() => town.close())

const service = async () => {
  const { name } = await town.lane(SERVE)
  const all = (await town.house.cluster.list('Service')) as KubeObject<'Service'>[]
  return all.find(({ metadata }) => metadata.name === name)
}
const rolledTo = async (step: string, onEdit: 'tell' | 'mend' = 'mend', simulation?: typeof SLOW): Promise<void> => {
  const rule = { ...example.services?.[MODEL], onEdit }
  town = await openTown({ config: { ...example, services: { [MODEL]: rule } } as typeof example })
  await served(town)
  await promote(town.house, MODEL, await registerVersion(town.house, { model: MODEL, simulation }))
  await town.answered(SERVE)
  await town.until(step, stepIs(town, SERVE, step, 'running'))
}
const deleted = async (): Promise<void> => {
  const found = (await service()) as KubeObject
  await town.house.cluster.delete(refOf(found), found.metadata.uid ?? '')
}
const told = async () =>
  (await timeline(town, SERVE)).filter(({ text }) => /requests are led to .* again$/.test(text ?? ''))

describe('the Service of a lane that somebody deletes in the middle of a rollout', () => {
  it.each([
    ['move-1', 1, 'generation 1'],
    ['gate', 1, 'generation 1'],
    ['move-3', 'all', 'all that stands'],
  ])('while %s is at work: it leads again to whom the way leads, within minutes, and that is told', async (...row) => {
    const [step, to, text] = row
    await rolledTo(step)
    await deleted()
    const before = (await town.house.cards()).length
    await town.advance(6 * MINUTE)
    expect(await told()).toMatchObject([{ text: expect.stringContaining(`requests are led to ${text} again`) }])
    if (step !== 'move-3') expect(trafficOf(await service())).toBe(to)
    expect((await town.house.cards()).length).toBeGreaterThan(before)
    await town.settled(SERVE)
    expect([trafficOf(await service()), (await town.lane(SERVE)).outcome?.kind]).toEqual([2, 'succeeded'])
  })

  it('stays so where the policy only tells, and while its lane is frozen', async () => {
    await rolledTo('gate', 'tell')
    await deleted()
    await town.advance(6 * MINUTE)
    expect([await service(), await told()]).toEqual([undefined, []])
    await town.close()
    await rolledTo('gate')
    const until = clockOf(town).now() + 60 * MINUTE
    await town.house.command({ kind: 'freeze', lane: SERVE, until, by: ANA })
    await deleted()
    await town.advance(6 * MINUTE)
    expect(await told()).toEqual([])
  })
})

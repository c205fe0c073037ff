import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import example from '../example.ts'
import { accountWatched } from './accounts.ts'
import { laddersOf } from './ladder.ts'
import { everyJob, HOUR, jobsOf, looseEnds, MINUTE, TRAIN, upload } from './scenes.ts'
import { preemptible, suspending, trains } from './suspended.ts'
import { BEN, openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())
const AT = Date.UTC(2026, 11, 1) - 40 * HOUR
const { 'gpu-train': pool, ...others } = example.pools

/** The stages of the example in a pool of this name, of which the last, else the first, may be suspended; and so many dollars in the month. */
const policyOf = (dollars: number, { name = 'gpu-train', last = false, asks = 1e9 } = {}) => {
  const { stages } = preemptible(!last, last)['support-chats']
  const pipeline = { ...example.pipelines?.['support-chats'], stages: stages.map((one) => ({ ...one, pool: name })) }
  const pools = { ...others, [name]: pool }
  const approvals = { ...example.approvals, autoApproveBelow: asks }
  const policy = suspending({ approvals, pools, pipelines: { 'support-chats': pipeline } })
  return { ...policy, budget: { ...policy.budget, dollars } } as never
}
const spent = () => laddersOf(town).spent()

describe('a pool that leaves the policy', () => {
  it.each([
    ['a stage is suspended', false, 'before it went on with “Fine-tune'],
    ['a run rests between its stages', true, 'before “Evaluate'],
  ])(
    'while %s: nothing is gone on with there, and another attempt asks about the pool that its stages are in',
    async (_, last, said) => {
      town = await openTown({ at: AT, config: policyOf(1e6, { last }) })
      const made = await everyJob(town)
      await trains(town, 60)
      town.setPolicy(policyOf(100, { last }))
      await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
      await town.until('it stands still', async () => (await town.lane(TRAIN)).rest?.why === 'suspended')
      await town.advance(40 * MINUTE)
      const cost = await spent()
      town.setPolicy(policyOf(1e6, { name: 'gpu-new', last, asks: 0 }))
      await town.until('it is asked about', async () => (await town.question(TRAIN)) !== null)
      expect((await town.past(TRAIN))[0]?.outcome).toMatchObject({
        ...{ kind: 'failed', reason: 'other-machines' },
        detail: expect.stringContaining(`the policy has no pool gpu-train any more: it was ended ${said}`),
      })
      expect([await spent(), made()]).toEqual([cost, ['g1a1-train']])
      expect((await town.question(TRAIN))?.bounds.gpus).toEqual({ 'gpu-new': 8 })
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('before the node of a run is there that has begun: its money is counted, and what follows on that node is done by its plan', async () => {
    town = await openTown({ at: AT, config: policyOf(1e6) })
    const account = await accountWatched(town)
    await town.advance(5 * MINUTE)
    await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes: 60 } } } })
    await town.until('its Job is there', async () => (await jobsOf(town)).length > 0)
    town.setPolicy(policyOf(1e6, { name: 'gpu-new' }))
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', attempt: 1 })
    await town.advance(HOUR)
    expect(account.dollars('gpu-train')).toBeGreaterThan(70)
    expect(await spent()).toBeCloseTo(account.dollars('gpu-train'), 1)
  })
})

it.each([
  ['hours', 0],
  ['a lease', 24],
])('a pool that %s have moved is its own again once it is in shadow', async (what, moved) => {
  const hours = { zone: 'UTC', ceilings: [{ from: '18:00', to: '06:00', maxGpus: 0 }] }
  const rule = { ...pool, maxGpus: 8, ...(moved === 0 ? { hours } : { leases: { maxGpus: 16, maxHours: 24 } }) }
  const policyIn = (mode: 'act' | 'shadow') => ({ ...example, pools: { ...others, 'gpu-train': { ...rule, mode } } })
  town = await openTown({ at: Date.UTC(2026, 10, 23, 20), config: policyIn('act') as never })
  const limit = async () => {
    const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-train' })
    return Number((found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu'])
  }
  const lane = 'pool/gpu-train'
  if (what === 'a lease') {
    await town.advance(6 * MINUTE)
    const until = town.house.clock.now() + 20 * HOUR
    await town.house.command({ kind: 'lease', lane, by: BEN, does: 'take', gpus: 16, until })
    await town.answered(lane)
  }
  await town.until('it is moved', async () => (await limit()) === moved)
  town.setPolicy(policyIn('shadow') as never)
  await town.advance(12 * MINUTE)
  expect(await limit()).toBe(8)
  expect((await town.house.why(lane)).text).toContain(`would be ${moved} GPUs and is not set`)
  await town.advance(HOUR)
  town.setPolicy(policyIn('act') as never)
  await town.until('it is moved again', async () => (await limit()) === moved)
})

import { afterEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../core/kube.ts'
import { laneLabel } from '../../core/names.ts'
import { sidesAway } from '../../flows/far-sides.ts'
import type { Ports } from '../../flows/ports.ts'
import { pulseOf } from '../../flows/pulse.ts'
import example from '../example.ts'
import { piped } from '../variants.ts'
import { between } from './away.ts'
import { laddersOf } from './ladder.ts'
import { HOUR, jobsOf, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import { isSuspended, suspending, trains, whyTrain } from './suspended.ts'
import { openTown, type Town } from './town.ts'

let town: Town
let far: ReturnType<typeof between>
afterEach(() => town.close())
const AT = Date.UTC(2026, 11, 1) - 40 * HOUR
const POOL = 'pool/gpu-serve'
const sides = () => sidesAway(town.house.ports.ledger)
const texts = async (lane = TRAIN) => (await timeline(town, lane)).map(({ text }) => text)
const policyOf = (dollars: number) => ({ ...suspending(), budget: { ...suspending().budget, dollars } })

/** A town whose every patch is answered so, once that is said. */
const townOf = async (answer: () => 'moved' | null) => {
  far = between()
  const wrap = (ports: Ports): Ports => {
    const { cluster } = ports
    const patch: typeof cluster.patch = async (...given) => answer() ?? cluster.patch(...given)
    return far.wrap({ ...ports, cluster: { ...cluster, patch } })
  }
  town = await openTown({ at: AT, config: policyOf(1e6), wrap })
  await trains(town, 500)
  await town.advance(30 * MINUTE)
}
const crossed = async () => {
  town.setPolicy(policyOf(20))
  await town.until('it is crossed', async () => (await laddersOf(town).rungs()).length > 0)
  await town.advance(10 * MINUTE)
}

describe('a Job that cannot be written, while all else of the cluster answers', () => {
  const unwritten = async (how: string) => {
    let moves = false
    await townOf(() => (moves ? 'moved' : null))
    if (how === 'moved') moves = true
    else far.fails('cluster', 'away', { name: 'patch' })
    await crossed()
    return () => {
      moves = false
      far.answers('cluster')
    }
  }

  it.each(['away', 'moved'])(
    '(%s) is told, looked at meanwhile and ended at its bound; no other lane waits',
    async (how) => {
      await unwritten(how)
      expect([await isSuspended(town), await whyTrain(town)]).toEqual([
        false,
        expect.stringMatching(/running on .*; it could not be suspended: /),
      ])
      expect(await sides()).toEqual({})
      const most = (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
      await town.advance(6 * HOUR)
      expect(await town.lane(TRAIN)).toMatchObject({ state: 'failed', outcome: { reason: 'bound-reached' } })
      expect(await laddersOf(town).spent()).toBeLessThanOrEqual(most)
      expect((await texts()).filter((text) => text.includes('could not be suspended'))).toHaveLength(1)
      expect(await looseEnds(town)).toEqual([])
    },
  )

  it('is suspended within minutes once it is taken, and a cancel is met meanwhile', async () => {
    const answers = await unwritten('away')
    answers()
    await town.advance(6 * MINUTE)
    expect(await isSuspended(town)).toBe(true)
    far.fails('cluster', 'away', { name: 'patch' })
    await say(town, 'cancel')
    await town.advance(5 * MINUTE)
    expect([(await town.lane(TRAIN)).state, (await jobsOf(town)).length]).toEqual(['cancelled', 0])
  })

  it('is known to be suspended where only the answer was lost', async () => {
    await townOf(() => null)
    far.fails('cluster', 'lost', { name: 'patch' })
    await crossed()
    expect([await isSuspended(town), (await town.lane(TRAIN)).rest?.why]).toEqual([true, 'suspended'])
    expect(await texts()).toContainEqual(expect.stringMatching(/” is suspended: \$/))
  })
})

it('a ceiling that cannot be written keeps no other lane waiting, is told once, and is set within minutes once it is taken', async () => {
  far = between()
  const hours = { zone: 'UTC', ceilings: [{ from: '09:00', to: '17:00', maxGpus: 8 }] }
  const pools = { ...example.pools, 'gpu-serve': { ...example.pools['gpu-serve'], hours } }
  town = await openTown({ at: AT, config: { ...policyOf(1e6), pools } as never, wrap: far.wrap })
  await trains(town, 500)
  await town.advance(15 * MINUTE)
  far.fails('cluster', 'away', { name: 'apply' })
  const limit = async () => {
    const found = await town.house.cluster.get({ kind: 'NodePool', namespace: null, name: 'gpu-serve' })
    return (found as KubeObject<'NodePool'>).spec?.limits?.['nvidia.com/gpu']
  }
  expect([new Date(AT).getUTCHours(), String(await limit())]).toEqual([8, '16'])
  await town.advance(2 * HOUR)
  expect([await sides(), await whyTrain(town)]).toEqual([{}, expect.stringContaining('running on')])
  const why = 'its ceiling would be 8 GPUs and is not set: the cluster does not take it, and is asked again'
  expect((await texts(POOL)).filter((text) => text.includes(why))).toHaveLength(1)
  far.answers('cluster')
  await town.advance(6 * MINUTE)
  expect(String(await limit())).toBe('8')
})

it('a Job that cannot be deleted is no secret: the alarm counts it, and why says what is not taken', async () => {
  await townOf(() => null)
  far.fails('cluster', 'away', { name: 'delete' })
  await say(town, 'cancel')
  await town.advance(40 * MINUTE)
  expect([await sides(), (await pulseOf(town.house.ports)).sideAwayMinutes > 20]).toEqual([{}, true])
  expect(await whyTrain(town)).toMatch(/cluster does not answer.*delete/)
  far.answers('cluster')
  await town.advance(10 * MINUTE)
  expect([(await town.lane(TRAIN)).state, (await jobsOf(town)).length]).toEqual(['cancelled', 0])
})

describe('a Job that is not taken, while looks are answered', () => {
  const [STUCK, OTHER] = ['pipeline/one', 'pipeline/two']
  const opened = async () => {
    far = between()
    const pipelines = { one: piped({ prefix: 'one/' }), two: piped({ prefix: 'two/' }) }
    const approvals = { ...example.approvals, autoApproveBelow: 1e9 }
    const config = { ...example, budget: { ...example.budget, dollars: 1e6 }, pipelines, approvals } as never
    town = await openTown({ at: AT, config, wrap: far.wrap })
  }
  const isOf = (lane: string, object: unknown): boolean => JSON.stringify(object).includes(laneLabel(lane))

  it.each(['away', 'lost'] as const)(
    '(%s) as it is made keeps no other lane waiting, and is made once',
    async (how) => {
      await opened()
      const when = ([object]: unknown[]) => isOf(STUCK, object)
      far.fails('cluster', how, { name: 'create', when })
      for (const folder of ['one/a/', 'two/a/']) await upload(town, '', { folder })
      expect((await town.settled(OTHER, 12)).state).toBe('succeeded')
      expect(await sides()).toEqual({})
      if (how === 'away') {
        expect((await town.house.why(STUCK)).text).toMatch(/cluster does not answer.*create/)
        expect((await pulseOf(town.house.ports)).sideAwayMinutes).toBeGreaterThan(20)
      }
      far.answers('cluster')
      expect((await town.settled(STUCK, 12)).state).toBe('succeeded')
      expect([(await jobsOf(town)).length, await looseEnds(town)]).toEqual([4, []])
    },
  )

  it('as its time to live is set keeps no other lane waiting, nor what else is told', async () => {
    await opened()
    far.fails('cluster', 'away', { name: 'patch', when: (values) => JSON.stringify(values).includes('ttlSeconds') })
    for (const folder of ['one/a/', 'two/a/']) await upload(town, '', { folder })
    for (const lane of [STUCK, OTHER]) expect((await town.settled(lane, 12)).state).toBe('succeeded')
    expect(await sides()).toEqual({})
    far.answers('cluster')
    await town.advance(HOUR)
    expect([(await jobsOf(town)).length, await looseEnds(town)]).toEqual([4, []])
  })
})

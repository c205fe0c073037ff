import { afterEach, describe, expect, it } from 'vitest'
import { type KubeObject, refOf } from '../../core/kube.ts'
import type { SimulatedCluster } from '../../local/cluster/simulated-cluster.ts'
import { promote, registerVersion } from '../../local/scenario.ts'
import example from '../example.ts'
import { between } from './away.ts'
import {
  HOUR,
  jobsOf,
  looseEnds,
  MINUTE,
  MODEL,
  replicasOf,
  SERVE,
  SLOW,
  say,
  served,
  stepIs,
  TRAIN,
  timeline,
  upload,
  versionsOf,
} from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

type Far = ReturnType<typeof between>

const begun = async (far: Far, minutes: number, after = 30 * MINUTE): Promise<number> => {
  town = await openTown({ config: { ...example, budget: { name: 'ml-monthly', dollars: 300 } }, wrap: far.wrap })
  await upload(town, 'a', { simulation: { tasks: { 'fine-tune': { minutes } } } })
  await town.answered(TRAIN)
  await town.advance(after)
  return (await town.plan(TRAIN))?.plan.bounds.dollars ?? 0
}

const atWork = async (): Promise<KubeObject<'Job'>[]> =>
  (await jobsOf(town)).filter(({ status }) => (status?.active ?? 0) > 0)

const edited = async (change: (spec: NonNullable<KubeObject<'Job'>['spec']>) => void): Promise<void> => {
  const [job] = await jobsOf(town)
  await (town.house.cluster as SimulatedCluster).edit(refOf(job as KubeObject), 'kubectl-edit', (live) => {
    const own = structuredClone(live) as KubeObject<'Job'>
    change(own.spec ?? ({} as never))
    return own as KubeObject
  })
}

const suspended = (is: boolean): Promise<void> =>
  edited((spec) => {
    spec.suspend = is
  })

it('a run costs no more than it may at most while nobody can read the policy', async () => {
  const far = between()
  const most = await begun(far, 24 * 60)
  far.fails('policies', 'away')
  await town.advance(20 * HOUR)
  expect(await atWork()).toEqual([])
  far.answers('policies')
  expect(await town.settled(TRAIN)).toMatchObject({ state: 'failed', outcome: { reason: 'bound-reached' } })
  const [past] = await town.past(TRAIN)
  expect(past?.cost).toBeLessThanOrEqual(most)
  expect(past?.cost).toBeGreaterThan(most / 2)
  expect(await looseEnds(town)).toEqual([])
})

it('nor where its pod still waits for a node as the policy goes away', async () => {
  const far = between()
  const most = await begun(far, 24 * 60, 30_000)
  expect((await town.lane(TRAIN)).run?.steps[0]).toMatchObject({ state: 'running', ranFrom: null })
  far.fails('policies', 'away')
  await town.advance(10 * MINUTE)
  expect((await town.lane(TRAIN)).run?.steps[0]?.ranFrom).not.toBeNull()
  await town.advance(12 * HOUR)
  expect(await atWork()).toEqual([])
  far.answers('policies')
  expect((await town.settled(TRAIN)).outcome?.reason).toBe('bound-reached')
  const [past] = await town.past(TRAIN)
  expect(past?.cost).toBeLessThanOrEqual(most)
  expect(past?.cost).toBeGreaterThan(most / 2)
})

it('what has ended well by then is not ended by its bound, and goes on once the policy is read', async () => {
  const far = between()
  await begun(far, 90)
  far.fails('policies', 'away')
  await town.advance(20 * HOUR)
  far.answers('policies')
  expect((await town.settled(TRAIN)).state).toBe('succeeded')
  expect(await versionsOf(town)).toHaveLength(1)
})

describe('a Job has run as long as it has, whether or not anybody could read the policy meanwhile', () => {
  const hands: Record<string, () => Promise<void>> = {
    'which a person suspends for ten hours': async () => {
      await suspended(true)
      await town.advance(10 * HOUR)
      await suspended(false)
    },
    'suspended twice': async () => {
      await suspended(true)
      await town.advance(5 * HOUR)
      await suspended(false)
      await town.advance(20 * MINUTE)
      await suspended(true)
      await town.advance(5 * HOUR)
      await suspended(false)
    },
    'which makes no pod for a while': async () => {
      await edited((spec) => {
        spec.parallelism = 0
      })
      await town.advance(6 * HOUR)
      await edited((spec) => {
        spec.parallelism = 1
      })
    },
    'which nobody touches': () => town.advance(MINUTE),
  }
  const costOf = async (hand: () => Promise<void>, isAway: boolean): Promise<[number, string]> => {
    const far = between()
    await begun(far, 90)
    if (isAway) far.fails('policies', 'away')
    await hand()
    await town.advance(20 * MINUTE)
    far.answers('policies')
    const { state } = await town.settled(TRAIN)
    const [past] = await town.past(TRAIN)
    return [past?.cost ?? 0, state]
  }

  it.each(Object.entries(hands))('%s', async (_, hand) => {
    const read = await costOf(hand, false)
    await town.close()
    const unread = await costOf(hand, true)
    expect([read[1], unread[1]]).toEqual(['succeeded', 'succeeded'])
    expect(Math.abs(unread[0] - read[0])).toBeLessThan(1)
  })

  it('what is suspended stays so, and is ended by no bound', async () => {
    const far = between()
    await begun(far, 90)
    far.fails('policies', 'away')
    await suspended(true)
    await town.advance(40 * HOUR)
    expect((await jobsOf(town)).map(({ spec }) => spec?.suspend)).toEqual([true])
    expect((await town.lane(TRAIN)).run).toMatchObject({ ending: null, steps: [{ ranFrom: null }, {}, {}, {}, {}] })
    far.answers('policies')
    await town.advance(10 * MINUTE)
    await suspended(false)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it('where the cluster does not answer either, what is known stays as it was, and is made good by the next look', async () => {
    const far = between()
    const most = await begun(far, 90)
    far.fails('policies', 'away')
    far.fails('cluster', 'away')
    await town.advance(2 * HOUR)
    far.answers('cluster')
    await town.advance(20 * HOUR)
    far.answers('policies')
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect((await town.past(TRAIN))[0]?.cost).toBeLessThan(most / 2)
  })
})

describe('a cancel while nobody can read the policy', () => {
  /** What the person is told at once. */
  const cancelled = async (lane = TRAIN): Promise<{ ok: boolean; detail: string }> => {
    const answer = say(town, 'cancel', { lane })
    await town.advance(5_000)
    return answer
  }

  it('ends the Job that runs, and what is left of its end follows', async () => {
    const far = between()
    await begun(far, 24 * 60)
    far.fails('policies', 'away')
    const { ok, detail } = await cancelled()
    expect([ok, detail]).toEqual([true, expect.stringContaining('its Job is told to end now')])
    await town.advance(5 * MINUTE)
    expect(await jobsOf(town)).toEqual([])
    await town.advance(5 * HOUR)
    far.answers('policies')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    expect((await town.past(TRAIN))[0]?.cost).toBeLessThan(40)
    expect((await timeline(town)).filter(({ text }) => text.startsWith('ends: '))).toHaveLength(1)
    expect(await looseEnds(town)).toEqual([])
  })

  it('is heeded as soon as the cluster answers, where that is away too', async () => {
    const far = between()
    await begun(far, 24 * 60)
    far.fails('policies', 'away')
    far.fails('cluster', 'away')
    expect((await cancelled()).ok).toBe(true)
    await town.advance(MINUTE)
    expect(await town.house.ports.ledger.list('order', { prefix: `${TRAIN}#` })).toEqual([])
    far.answers('cluster')
    await town.advance(6 * MINUTE)
    expect(await jobsOf(town)).toEqual([])
    far.answers('policies')
    expect((await town.settled(TRAIN)).state).toBe('cancelled')
  })

  it('of what is asked about is told that nothing of it begins, and nothing does', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await upload(town)
    await town.until('it asks', async () => (await town.question(TRAIN)) !== null)
    far.fails('policies', 'away')
    expect(await cancelled()).toMatchObject({ ok: true, detail: expect.stringContaining('nothing of it begins') })
    far.answers('policies')
    expect((await town.settled(TRAIN)).state).toBe('cancelled')
    expect(await jobsOf(town)).toEqual([])
  })

  it('of a rollout is told what stays until then, and goes back once the policy is read', async () => {
    const far = between()
    town = await openTown({ wrap: far.wrap })
    await served(town)
    const version = await registerVersion(town.house, { model: MODEL, simulation: SLOW, tags: { a: 'b' } })
    await promote(town.house, MODEL, version)
    await town.answered(SERVE)
    await town.until('it moves', stepIs(town, SERVE, 'move-1', 'running'))
    far.fails('policies', 'away')
    expect(await cancelled(SERVE)).toMatchObject({ ok: true, detail: expect.stringContaining('stays until') })
    await town.advance(30 * MINUTE)
    far.answers('policies')
    expect((await town.settled(SERVE)).state).toBe('cancelled')
    expect(Object.keys(await replicasOf(town))).toEqual(['1'])
  })

  it('of an attempt that is not under way any more says so', async () => {
    const far = between()
    await begun(far, 24 * 60)
    far.fails('policies', 'away')
    const answer = say(town, 'cancel', { saw: { generation: 1, attempt: 7 } })
    await town.advance(5_000)
    expect(await answer).toMatchObject({
      ok: false,
      detail: expect.stringContaining('you saw generation 1, attempt 7'),
    })
    expect(await atWork()).toHaveLength(1)
  })
})

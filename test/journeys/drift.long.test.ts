import { afterEach, describe, expect, it } from 'vitest'
import { samplesOf } from '../events/samples.ts'
import { config, drifting, nowOf, tellOf, trainedTown, watched } from './drifting.ts'
import { DAY, emptyPool, fillPool, HOUR, looseEnds, MINUTE, say, TRAIN, timeline, upload } from './scenes.ts'
import type { Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const tell = (...alerts: Parameters<typeof tellOf> extends [Town, ...infer A] ? A : never) => tellOf(town, ...alerts)
const now = () => nowOf(town)
const trained = async (given?: unknown) => {
  town = await trainedTown(given)
}
const runs = async () => (await town.past(TRAIN)).length

describe('drift', () => {
  it('runs on a dataset that came since and failed unasked, where the policy asks nobody', async () => {
    await trained()
    await upload(town, 'b', { simulation: { tasks: { evaluate: { exitCode: 1 } } } })
    expect((await town.settled(TRAIN)).state).toBe('failed')
    await town.advance(7 * HOUR)
    await tell({ since: now() - MINUTE })
    const { plan } = (await town.plan(TRAIN)) ?? {}
    expect(plan?.approval.required).toBe(false)
    expect(await town.lane(TRAIN)).toMatchObject({ generation: 3 })
  })

  it('waits while a run is at work, and then until that has cooled down; resolved meanwhile it begins nothing', async () => {
    await trained()
    const [first, second] = [now() + MINUTE, now() + 2 * MINUTE]
    await town.advance(5 * MINUTE)
    await tell({ since: first })
    expect((await town.house.why(TRAIN)).text).toContain('cools down until')
    await tell({ instance: 'b', since: second })
    await tell({ since: first, status: 'resolved', until: now() })
    await town.advance(7 * HOUR)
    // What still fires is asked about, what is over is not.
    expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { fingerprint: 'fp-b', since: second } })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).generation).toBe(2)
    await town.advance(2 * DAY)
    expect(await runs()).toBe(2)
  })

  it('that waits for a run which is cancelled then says so, and not that it is at work', async () => {
    await trained()
    await upload(town, 'b', { simulation: { tasks: { 'fine-tune': { minutes: 600 } } } })
    await town.until('it trains', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    await tell({ since: now() })
    await say(town, 'cancel')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'cancelled' })
    const { text } = await town.house.why(TRAIN)
    expect(text).toMatch(
      /^cancelled: .*; what comes next waits: ModelDriftHigh fires .*had a run when that was looked at/,
    )
    expect(text).not.toContain('is at work')
  })

  it('cools down from the end of what was at work as something newer was wanted, which was denied', async () => {
    await trained()
    await upload(town, 'b', { simulation: { tasks: { 'fine-tune': { minutes: 150 } } } })
    await town.until('it trains', async () => (await town.lane(TRAIN)).run?.steps[0]?.ranFrom != null)
    town.setPolicy({ ...config, approvals: { ...config.approvals, autoApproveBelow: 0 } } as never)
    await upload(town, 'c')
    await town.until('it has ended', async () => (await runs()) === 2, 12)
    const end = now()
    await town.answered(TRAIN, 'deny')
    await town.advance(HOUR)
    await tell({ since: now() })
    await town.advance(4 * HOUR)
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('drift')
    await town.advance(end + 7 * HOUR - now())
    expect((await town.lane(TRAIN)).desired).toHaveProperty('drift')
  })

  it('that flaps is asked about once in its cool-down where people deny it', async () => {
    await trained()
    await town.advance(7 * HOUR)
    let asked = 0
    for (let n = 0; n < 24; n++) {
      const since = now()
      await tell({ since })
      if ((await town.question(TRAIN)) !== null) {
        asked++
        await town.answered(TRAIN, 'deny')
      }
      await town.advance(20 * MINUTE)
      await tell({ since, status: 'resolved', until: now() })
      await town.advance(8 * MINUTE)
    }
    expect(asked).toBe(2)
  })

  const scarce = {
    ...config,
    pools: { ...config.pools, 'gpu-train': { ...config.pools?.['gpu-train'], maxGpus: 8 } },
  }
  const withoutRoom = async () => {
    await trained(scarce)
    await town.advance(7 * HOUR)
    await fillPool(town)
    const since = now() - MINUTE
    await tell({ since })
    await town.answered(TRAIN, 'approve')
    await town.until('it is over', async () => (await runs()) === 2, 12)
    expect((await town.lane(TRAIN)).outcome).toMatchObject({ kind: 'refused', reason: 'no-room' })
    return since
  }

  it('that found no room in time is asked about again once there is some, for as long as it fires', async () => {
    await withoutRoom()
    await town.advance(10 * HOUR)
    expect([await town.question(TRAIN), await runs()]).toEqual([null, 2])
    await emptyPool(town)
    await town.answered(TRAIN, 'approve')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 2 })
    expect(await looseEnds(town)).toEqual([])
  })

  it('that found no room in time and is resolved asks nobody any more', async () => {
    const since = await withoutRoom()
    await tell({ since, status: 'resolved', until: now() })
    await emptyPool(town)
    await town.advance(DAY)
    expect([await town.question(TRAIN), (await town.lane(TRAIN)).generation, await runs()]).toEqual([null, 1, 2])
  })

  it('of two instances one run is for both', async () => {
    await trained()
    await town.advance(7 * HOUR)
    await tell({ since: now() - 2 * MINUTE }, { instance: 'b', since: now() - MINUTE })
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.advance(2 * DAY)
    expect(await runs()).toBe(2)
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(expect.stringContaining('is for that too'))
  })

  it('of two instances the second has its own run where the first one’s is taken back before it began', async () => {
    await trained()
    await town.advance(7 * HOUR)
    const since = now() - MINUTE
    await tell({ since: now() - 2 * MINUTE }, { instance: 'b', since })
    await town.advance(5 * MINUTE)
    await tell({ since: now() - 8 * MINUTE, status: 'resolved', until: now() })
    expect(await town.question(TRAIN)).toBeNull()
    await town.advance(2 * HOUR)
    expect((await town.lane(TRAIN)).desired).toMatchObject({ drift: { fingerprint: 'fp-b', since } })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded' })
    expect(await looseEnds(town)).toEqual([])
  })

  it('asks though a nightly run expires each night before it begins anything', async () => {
    const nightly = { ...drifting, on: { ...drifting.on, schedule: { cron: '0 2 * * *', zone: 'UTC' } } }
    const given = { ...config, services: watched({ coolDown: '24h' }), pipelines: { 'support-chats': nightly } }
    await trained(given)
    town.setPolicy({ ...given, approvals: { ...given.approvals, autoApproveBelow: 0 } } as never)
    await town.advance(DAY)
    expect((await town.lane(TRAIN)).outcome).toMatchObject({ kind: 'expired', untried: true })
    await tell({ since: now() - MINUTE })
    expect((await town.lane(TRAIN)).run?.desired).toMatchObject({ drift: { fingerprint: 'fp-a' } })
  })

  it('a newer dataset takes its place, and the next one of that is no repetition', async () => {
    await trained()
    await town.advance(7 * HOUR)
    await tell({ since: now() })
    await upload(town, 'b')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('drift')
  })

  it('of CloudWatch is as any: in alarm through a gap in its data it is one episode', async () => {
    await trained({
      ...config,
      services: watched({ alerts: [{ name: 'support-llama-drift', labels: { model: 'support-llama' } }] }),
    })
    await town.advance(7 * HOUR)
    const [base, gap, ok] = ['base', 'after-a-gap', 'ok'].map(
      (name) =>
        samplesOf('alarm-changed').find((sample) => sample.name === name)?.event as {
          detail: { state: object; previousState: object }
        },
    )
    const at = (event: typeof base) => ({
      ...event,
      detail: { ...event?.detail, state: { ...event?.detail.state, timestamp: new Date(now()).toISOString() } },
    })
    await town.house.deliver(at(base))
    const { desired } = await town.lane(TRAIN)
    expect(desired).toMatchObject({ drift: { alert: 'support-llama-drift', labels: { model: 'support-llama' } } })
    await town.advance(HOUR)
    await town.house.deliver(at(gap))
    expect((await town.lane(TRAIN)).desired).toEqual(desired)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.house.deliver(at(ok))
    await town.advance(DAY)
    await town.house.deliver(at(gap))
    expect(await town.question(TRAIN)).not.toBeNull()
  })

  it('of reports that a monitor writes two in a row are one; what is no verdict is said, and counts for nothing', async () => {
    const reports = { bucket: 'acme-datasets', prefix: 'monitors/support-llama/' }
    await trained({ ...config, services: watched({ alerts: [], reports }) })
    await town.advance(7 * HOUR)
    const report = async (window: string, status: string) => {
      const body = JSON.stringify({ tests: [{ name: 'Share', description: 'Share 0.6 >= 0.5', status }] })
      await town.house.objects.write(reports.bucket, `${reports.prefix}${window}/drift.json`, Buffer.from(body))
      await town.house.scanUploads()
      await town.advance(HOUR)
    }
    await report('w1', 'FAIL')
    await report('w2', 'SUCCESS')
    await report('w3', 'FAIL')
    await report('w4', 'ERROR')
    expect([await town.question(TRAIN), (await town.lane(TRAIN)).generation]).toEqual([null, 1])
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(expect.stringContaining('“Share” is ERROR'))
    await report('w5', 'FAIL')
    expect((await town.plan(TRAIN))?.plan.reasons[0]).toContain('monitors/support-llama/ fires since')
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).generation).toBe(2)
    await report('w6', 'FAIL')
    await town.advance(2 * DAY)
    expect(await runs()).toBe(2)
    expect(await looseEnds(town)).toEqual([])
  })

  it('of a run under way, told anew without its end, is what that is for; the same manifest written again says nothing new', async () => {
    await trained()
    await town.advance(7 * HOUR)
    await tell({ since: now() })
    const { desired } = await town.lane(TRAIN)
    await town.advance(20 * MINUTE)
    await tell({ since: now() })
    await upload(town)
    await town.advance(MINUTE)
    expect((await town.lane(TRAIN)).desired).toEqual(desired)
    await town.answered(TRAIN)
    await town.settled(TRAIN)
    await town.advance(HOUR)
    await upload(town)
    await town.advance(MINUTE)
    expect([await runs(), (await town.lane(TRAIN)).state]).toEqual([2, 'succeeded'])
  })

  it('on what a person cancelled is asked about', async () => {
    await trained()
    await upload(town, 'b')
    await say(town, 'cancel')
    expect((await town.settled(TRAIN)).state).toBe('cancelled')
    await town.advance(7 * HOUR)
    await tell({ since: now() })
    expect((await town.plan(TRAIN))?.plan.approval.why).toContain('the last run on the same was cancelled')
    expect(await town.question(TRAIN)).not.toBeNull()
  })

  it('in shadow has no run: once its rule acts, what still fires begins one', async () => {
    const shadow = { ...config, pipelines: { 'support-chats': { ...drifting, mode: 'shadow' as const } } }
    await trained()
    await town.advance(7 * HOUR)
    town.setPolicy(shadow)
    const since = now()
    await tell({ since })
    expect((await town.lane(TRAIN)).generation).toBe(1)
    town.setPolicy(config)
    await tell({ since })
    expect(await town.question(TRAIN)).not.toBeNull()
  })
})

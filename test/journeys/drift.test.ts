import { afterEach, describe, expect, it } from 'vitest'
import type { Config } from '../../core/policy.ts'
import example from '../../signalbox.config.ts'
import { samplesOf } from '../events/samples.ts'
import { piped } from '../variants.ts'
import { clockOf, DAY, HOUR, looseEnds, MINUTE, TRAIN, timeline, upload } from './scenes.ts'
import { openTown, type Town } from './town.ts'

let town: Town
afterEach(() => town.close())

const NAME = 'ModelDriftHigh'
const watched = (over: object = {}): Config['services'] => ({
  ...example.services,
  'support-llama': {
    ...example.services?.['support-llama'],
    drift: { alerts: [{ name: NAME, labels: { model: 'support-llama' } }], coolDown: '6h', ...over },
  } as never,
})
const pipeline = { ...piped(), on: { ...piped().on, drift: { service: 'support-llama' } } }
const config = {
  ...example,
  services: watched(),
  pipelines: { 'support-chats': pipeline },
  approvals: { ...example.approvals, autoApproveBelow: 1e9 },
}

interface Told {
  instance?: string
  status?: 'firing' | 'resolved'
  since: number
  until?: number
  labels?: Record<string, string>
}
/** What Alertmanager sends of these alerts, with its bearer token. */
const tell = async (...alerts: Told[]) => {
  const body = Buffer.from(
    JSON.stringify({
      version: '4',
      status: 'firing',
      groupKey: '{}:{}',
      truncatedAlerts: 0,
      alerts: alerts.map(({ instance = 'a', status = 'firing', since, until, labels = {} }) => ({
        status,
        labels: { alertname: NAME, model: 'support-llama', instance, ...labels },
        annotations: { summary: 'Drift share 0.62 > 0.5' },
        startsAt: new Date(since).toISOString(),
        endsAt: until === undefined ? '0001-01-01T00:00:00Z' : new Date(until).toISOString(),
        fingerprint: `fp-${instance}`,
      })),
    }),
  )
  const answer = await town.house.webhook('alerts', { headers: { authorization: 'Bearer test-alerts' }, body })
  await town.advance(MINUTE)
  return answer
}
const now = () => clockOf(town).now()
/** A dataset was run on to the end, and its model is served. */
const trained = async (given: unknown = config) => {
  town = await openTown({ config: given })
  await upload(town)
  await town.settled(TRAIN)
}
const runs = async () => (await town.past(TRAIN)).length

describe('an alert that fires', () => {
  it('begins one run on the newest dataset version; since that was run on, somebody is asked whatever it costs', async () => {
    await trained()
    await town.advance(7 * HOUR)
    const since = now() - MINUTE
    expect(await tell({ since })).toMatchObject({ status: 202, body: { accepted: 1 } })
    const { plan } = (await town.plan(TRAIN)) ?? {}
    expect(plan?.title).toContain('since ModelDriftHigh fires')
    expect(plan?.reasons[0]).toContain('Drift share 0.62 > 0.5')
    expect(plan?.approval).toMatchObject({
      required: true,
      why: expect.stringContaining('no dataset version has come'),
    })
    // Said again, by the pair's other half and each few hours: it is one episode.
    await tell({ since }, { since })
    await town.answered(TRAIN)
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 2, attempt: 1 })
    await town.advance(2 * DAY)
    await tell({ since })
    expect([await runs(), (await town.lane(TRAIN)).state]).toEqual([2, 'succeeded'])
    expect(await looseEnds(town)).toEqual([])
  })

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

  it('resolved before anything of it has begun takes its question back, and what fires after that is new', async () => {
    await trained()
    await town.advance(7 * HOUR)
    const since = now()
    await tell({ since })
    expect(await town.question(TRAIN)).not.toBeNull()
    await tell({ since, status: 'resolved', until: now() })
    await town.advance(MINUTE)
    expect([await town.question(TRAIN), (await town.lane(TRAIN)).state]).toEqual([null, 'superseded'])
    // Told once more in the wrong order, it stays over.
    await tell({ since })
    expect(await town.question(TRAIN)).toBeNull()
    await tell({ since: now() })
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
    expect(await looseEnds(town)).toEqual([])
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

  it('a newer dataset takes its place, and the next one of that is no repetition', async () => {
    await trained()
    await town.advance(7 * HOUR)
    await tell({ since: now() })
    await upload(town, 'b')
    expect(await town.settled(TRAIN)).toMatchObject({ state: 'succeeded', generation: 3 })
    expect((await town.lane(TRAIN)).desired).not.toHaveProperty('drift')
  })

  it('with no dataset begins nothing and says so; with no pipeline it is told in the channel, once', async () => {
    town = await openTown({ config })
    await tell({ since: now() })
    expect((await timeline(town)).map(({ text }) => text)).toContainEqual(
      expect.stringContaining('no dataset is known'),
    )
    await town.close()
    town = await openTown({ config: { ...example, services: watched() } })
    const since = now()
    for (const _ of [1, 2]) await tell({ since })
    const cards = (await town.house.cards()).filter(({ card }) => card.title.includes('drifts'))
    expect(cards).toHaveLength(1)
  })

  it('is nobody’s with other labels, and refused without the secret: nothing is written but a number', async () => {
    await trained()
    await tell({ since: now(), labels: { model: 'code-llama' } })
    expect((await town.lane(TRAIN)).generation).toBe(1)
    const body = Buffer.from('{"alerts":[]}')
    for (const headers of [{}, { authorization: 'Bearer guessed' }] as Record<string, string>[])
      expect(await town.house.webhook('alerts', { headers, body })).toMatchObject({ status: 401 })
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
})

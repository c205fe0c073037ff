import { afterEach, describe, expect, it } from 'vitest'
import { openPrometheusStandIn, type PrometheusStandIn } from '../effects/metrics/prometheus-stand-in.ts'
import { config, nowOf, tellOf, trainedTown } from './drifting.ts'
import { HOUR, looseEnds, MINUTE, TRAIN, timeline } from './scenes.ts'
import type { Town } from './town.ts'

let town: Town
let prometheus: PrometheusStandIn
afterEach(() => town.close())

const MODEL = { model: 'support-llama', instance: 'a' }
/** As Alertmanager makes them. */
const fingerprint = '3ef44b255f8ecf38'

/** A dataset was run on to the end, and has cooled down; and a Prometheus has the rule, as one of two that tell the same Alertmanager. */
const asked = async (given: unknown = config) => {
  town = await trainedTown(given, {
    metrics: (clock) => {
      prometheus = openPrometheusStandIn(clock)
      prometheus.has({ alert: 'ModelDriftHigh', series: 'drift_share', above: 0.5, labels: { severity: 'warning' } })
      return prometheus.metrics
    },
  })
  await town.advance(7 * HOUR)
}
const drifts = (share: number | null) => prometheus.sets('drift_share', MODEL, share)
const tell = async (since: number, status: 'firing' | 'resolved' = 'firing') =>
  tellOf(town, { since, status, fingerprint, labels: { severity: 'warning', cluster: 'prod' } })
const said = async () => (await timeline(town)).map(({ text }) => text)
const why = async () => (await town.house.why(TRAIN)).text

describe('an alert of a Prometheus that can be asked', () => {
  it('that still fires begins its run, and one whose end nobody told of begins nothing', async () => {
    await asked()
    const since = nowOf(town)
    drifts(0.6)
    await town.advance(3 * MINUTE)
    await tell(since)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).generation).toBe(2)
    await town.advance(MINUTE)
    // Told while the run cools down; what tells of ends is lost on its way.
    const next = nowOf(town)
    await tell(next)
    expect(await why()).toContain('cools down')
    drifts(0.1)
    await town.advance(8 * HOUR)
    expect([(await town.lane(TRAIN)).generation, await town.question(TRAIN)]).toEqual([2, null])
    expect(await said()).toContainEqual(expect.stringContaining('fires no more, as Prometheus says'))
    expect(await looseEnds(town)).toEqual([])
  })

  it.each([
    ['while people are asked takes its question back', async () => town.advance(HOUR)],
    ['as they say yes begins nothing', async () => town.answered(TRAIN)],
  ])('over %s, and all is as it was', async (_, goes) => {
    await asked()
    drifts(0.6)
    await town.advance(3 * MINUTE)
    await tell(nowOf(town) - 3 * MINUTE)
    expect(await town.question(TRAIN)).not.toBeNull()
    drifts(0.1)
    await town.advance(2 * MINUTE)
    await goes()
    await town.advance(MINUTE)
    expect(await town.lane(TRAIN)).toMatchObject({ state: 'succeeded', generation: 1, run: null })
    expect(await looseEnds(town)).toEqual([])
    // And the next time that it fires is new.
    const since = nowOf(town)
    drifts(0.7)
    await town.advance(3 * MINUTE)
    await tell(since)
    await town.answered(TRAIN)
    expect((await town.settled(TRAIN)).state).toBe('succeeded')
  })

  it.each(['away', 'partial', 'not-allowed', 'a-page'] as const)(
    '%s is no “fires no more”: it waits, visibly, and goes on',
    async (how) => {
      await asked()
      const since = nowOf(town)
      drifts(0.6)
      await town.advance(3 * MINUTE)
      prometheus.fails(how)
      await tell(since)
      await town.advance(2 * HOUR)
      expect(await town.question(TRAIN)).toBeNull()
      expect(await why()).toContain('metrics')
      prometheus.fails(null)
      await town.advance(10 * MINUTE)
      expect(await town.question(TRAIN)).not.toBeNull()
    },
  )

  it.each([
    ['it has no such rule', () => undefined],
    ['its rule cannot be evaluated', () => prometheus.breaks('ModelDriftHigh', true)],
    ['it has just been started', () => prometheus.restarts()],
  ])('goes as it was told where %s', async (what, happens) => {
    await asked()
    if (what === 'it has no such rule') prometheus = openPrometheusStandIn({ now: () => nowOf(town) })
    happens()
    await tell(nowOf(town) - 10)
    expect(await town.question(TRAIN)).not.toBeNull()
  })
})

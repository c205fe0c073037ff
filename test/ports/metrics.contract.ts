import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Metrics } from '../../flows/metrics-port.ts'
import { Refused } from '../../flows/ports.ts'

export type Exposed = [name: string, labels: Record<string, string>, value: number]

/**
 * What every server of metrics promises. `expose` replaces what it scrapes, and `pass` lets that many seconds go by: it scrapes and evaluates
 * once a second, and has a rule `Drifts` of `drift_share > 0.5` for 2 s, with a label `severity` of its own.
 */
export const metricsContract = (
  name: string,
  open: () => Promise<{
    metrics: Metrics
    expose(series: Exposed[]): Promise<void>
    pass(seconds: number): Promise<void>
    close(): Promise<void>
  }>,
): void =>
  void describe(`${name} as a server of metrics`, () => {
    let opened: Awaited<ReturnType<typeof open>>
    beforeEach(async () => {
      opened = await open()
    })
    afterEach(() => opened.close())
    const asked = async (expression: string) =>
      (await opened.metrics.query(expression))?.map(({ labels, value }) => ({ labels, value }))
    const rule = async () => {
      const [first, ...more] = (await opened.metrics.rules('Drifts')) ?? []
      expect(more).toEqual([])
      return first
    }

    it('tells the series that are there now by their labels, and none where there is none', async () => {
      await opened.expose([
        ['gpu_busy', { pod: 'a-1', gpu: '0' }, 0.25],
        ['gpu_busy', { pod: 'b-1', gpu: '0' }, 1],
      ])
      await opened.pass(3)
      expect(await asked('gpu_busy{pod="a-1"}')).toEqual([
        { labels: expect.objectContaining({ __name__: 'gpu_busy', pod: 'a-1', gpu: '0' }), value: 0.25 },
      ])
      expect(await asked('gpu_busy{pod=~"a-.*|b-.*"}')).toHaveLength(2)
      expect(await asked('gpu_busy{pod="c-1"}')).toEqual([])
      expect(await asked('no_such_series')).toEqual([])
    })

    it('tells what is no number as none, and what has no end as that', async () => {
      await opened.expose([
        ['odd', { is: 'nan' }, Number.NaN],
        ['odd', { is: 'much' }, Number.POSITIVE_INFINITY],
      ])
      await opened.pass(3)
      expect(await asked('odd{is="nan"}')).toEqual([{ labels: expect.anything(), value: Number.NaN }])
      expect(await asked('odd{is="much"}')).toEqual([{ labels: expect.anything(), value: Number.POSITIVE_INFINITY }])
    })

    it('tells the most that a series was in a window, and how often it was there', async () => {
      await opened.expose([['load', { pod: 'a' }, 1]])
      await opened.pass(3)
      await opened.expose([['load', { pod: 'a' }, 0]])
      await opened.pass(3)
      expect(await asked('max_over_time(load{pod="a"}[60s])')).toEqual([{ labels: expect.anything(), value: 1 }])
      expect((await asked('count_over_time(load{pod="a"}[60s])'))?.[0]?.value).toBeGreaterThanOrEqual(3)
      expect(await asked('load{pod="a"}')).toEqual([{ labels: expect.anything(), value: 0 }])
    })

    it('refuses what is no query, in its own words', async () => {
      await expect(opened.metrics.query('load{')).rejects.toBeInstanceOf(Refused)
      await expect(opened.metrics.query('load{')).rejects.toThrow('parse error')
    })

    it('tells a rule by its name with what it holds of: pending, firing, and no more', async () => {
      expect(await opened.metrics.rules('NoSuchRule')).toEqual([])
      await opened.expose([['drift_share', { model: 'support-llama' }, 0.1]])
      await opened.pass(3)
      const quiet = await rule()
      expect(quiet).toMatchObject({ alert: 'Drifts', healthy: true, every: 1000, alerts: [] })
      expect(quiet?.evaluatedAt).toBeGreaterThan(0)
      await opened.expose([['drift_share', { model: 'support-llama' }, 0.6]])
      await opened.pass(5)
      const fires = await rule()
      expect(fires?.alerts).toEqual([
        {
          firing: true,
          labels: expect.objectContaining({ alertname: 'Drifts', model: 'support-llama', severity: 'warning' }),
        },
      ])
      expect(fires?.evaluatedAt).toBeGreaterThan(quiet?.evaluatedAt ?? 0)
      await opened.expose([['drift_share', { model: 'support-llama' }, 0.1]])
      await opened.pass(3)
      expect((await rule())?.alerts).toEqual([])
    })
  })

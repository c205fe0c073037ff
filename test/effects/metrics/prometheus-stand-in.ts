import { openPrometheus, type Prometheus, type Send } from '../../../effects/metrics/prometheus.ts'
import type { Clock } from '../../../flows/ports.ts'

type Labels = Record<string, string>
/** How it fails: it does not answer; it is too busy; stores of it are away; it does not let us; something else answers there. */
export type Misbehaving = 'away' | 'busy' | 'partial' | 'not-allowed' | 'a-page'

/** An alerting rule: which series it holds of, above which number, for how long before it fires. Seconds. */
export interface Rule {
  alert: string
  series: string
  above: number
  for?: number
  every?: number
  labels?: Labels
}

/** A Prometheus in memory, on a clock: it scrapes each half minute unless told, evaluates its rules, and answers as Prometheus 2 and 3 do. */
export interface PrometheusStandIn {
  /** What our client asks of it. */
  metrics: Prometheus
  /** From now on the series has this number; null: it is no more. */
  sets(name: string, labels: Labels, value: number | null): void
  has(rule: Rule): void
  /** Its expression can be evaluated no more, or again. */
  breaks(alert: string, isBroken: boolean): void
  /** It has just been started: nothing was evaluated yet. */
  restarts(): void
  fails(how: Misbehaving | null): void
  /** Addresses that were asked. */
  asked: string[]
}

interface Series {
  name: string
  labels: Labels
  values: { at: number; value: number | null }[]
}

export const openPrometheusStandIn = (clock: Clock, { scrapes = 30 }: { scrapes?: number } = {}): PrometheusStandIn => {
  const all: Series[] = []
  const rules: (Rule & { broken: boolean; since: number })[] = []
  const asked: string[] = []
  let failing: Misbehaving | null = null
  let startedAt = clock.now()
  const step = scrapes * 1000
  const valueAt = ({ values }: Series, at: number): number | null =>
    values.findLast((one) => one.at <= at)?.value ?? null
  const last = (every: number): number => Math.floor(clock.now() / every) * every
  const scraped = (series: Series, window: number): number[] => {
    const found: number[] = []
    for (let at = last(step); at > clock.now() - Math.max(window, step); at -= step) {
      const value = valueAt(series, at)
      if (value === null && window === 0) break
      if (value !== null) found.push(value)
      if (window === 0) break
    }
    return found
  }
  /** Since when the rule holds of a series, without a break, as its evaluations saw it; null: it does not. */
  const heldSince = (rule: Rule, series: Series): number | null => {
    const every = (rule.every ?? 60) * 1000
    let since: number | null = null
    const from = Math.max(startedAt, series.values[0]?.at ?? 0)
    for (let at = last(every); at >= from; at -= every) {
      const value = valueAt(series, Math.floor(at / step) * step)
      if (value === null || value <= rule.above) break
      since = at
    }
    return since
  }
  const ruleAnswer = (rule: Rule & { broken: boolean }): unknown => {
    const every = (rule.every ?? 60) * 1000
    const evaluated = last(every)
    const alerts = all
      .filter(({ name }) => name === rule.series && !rule.broken)
      .flatMap((series) => {
        const since = heldSince(rule, series)
        if (since === null) return []
        const state = evaluated - since >= (rule.for ?? 0) * 1000 ? 'firing' : 'pending'
        return [
          {
            labels: { alertname: rule.alert, ...series.labels, ...rule.labels },
            annotations: {},
            state,
            activeAt: iso(since),
            value: '1e+00',
          },
        ]
      })
    return {
      state: alerts.some(({ state }) => state === 'firing') ? 'firing' : alerts.length > 0 ? 'pending' : 'inactive',
      ...{ name: rule.alert, query: `${rule.series} > ${rule.above}`, duration: rule.for ?? 0, keepFiringFor: 0 },
      ...{
        labels: rule.labels ?? {},
        annotations: {},
        alerts,
        health: rule.broken ? 'err' : 'ok',
        evaluationTime: 0.0002,
      },
      lastEvaluation: evaluated < startedAt ? '0001-01-01T00:00:00Z' : iso(evaluated),
      type: 'alerting',
    }
  }
  const answer = (path: string, query: URLSearchParams): { status: number; body: unknown } => {
    if (path.endsWith('/rules')) {
      const groups = rules.map((rule) => ({
        name: rule.alert,
        file: 'rules.yml',
        interval: rule.every ?? 60,
        limit: 0,
        rules: [ruleAnswer(rule)],
      }))
      return success({ groups })
    }
    const read = parse(query.get('query') ?? '')
    if (read === null)
      return {
        status: 400,
        body: { status: 'error', errorType: 'bad_data', error: 'invalid parameter "query": parse error' },
      }
    const result = all
      .filter(({ name, labels }) => read.matches({ ...labels, __name__: name }))
      .flatMap((series) => {
        const values = scraped(series, read.window)
        if (values.length === 0) return []
        const metric = read.of === null ? { __name__: series.name, ...series.labels } : series.labels
        return [{ metric, value: [clock.now() / 1000, text(over(read.of, values))] }]
      })
    return success({ resultType: 'vector', result })
  }
  const send: Send = async (address) => {
    asked.push(address)
    if (failing !== null) return FAILURES[failing]()
    const { pathname, searchParams } = new URL(address)
    return { ...answer(pathname, searchParams), retryAfter: 0 }
  }
  return {
    metrics: openPrometheus({ url: 'http://prometheus:9090', send, tries: 1 }),
    sets: (name, labels, value) => {
      const key = JSON.stringify(labels)
      const found = all.find((one) => one.name === name && JSON.stringify(one.labels) === key)
      const at = clock.now()
      if (found === undefined) all.push({ name, labels, values: [{ at, value }] })
      else found.values.push({ at, value })
    },
    has: (rule) => void rules.push({ ...rule, broken: false, since: clock.now() }),
    breaks: (alert, broken) => {
      for (const rule of rules) if (rule.alert === alert) rule.broken = broken
    },
    restarts: () => {
      startedAt = clock.now()
    },
    fails: (how) => {
      failing = how
    },
    asked,
  }
}

const iso = (at: number): string => new Date(at).toISOString()
const success = (data: unknown) => ({ status: 200, body: { status: 'success', data } })

const FAILURES: Record<Misbehaving, () => Awaited<ReturnType<Send>>> = {
  away: () => {
    throw new Error('connect ECONNREFUSED')
  },
  busy: () => ({
    status: 503,
    body: { status: 'error', errorType: 'timeout', error: 'query timed out' },
    retryAfter: 20,
  }),
  partial: () => ({
    status: 200,
    body: {
      status: 'success',
      data: { resultType: 'vector', result: [], groups: [] },
      warnings: ['store 10.0.0.7 is away'],
    },
    retryAfter: 0,
  }),
  'not-allowed': () => ({ status: 403, body: 'Forbidden', retryAfter: 0 }),
  'a-page': () => ({ status: 200, body: '<html>log in</html>', retryAfter: 0 }),
}

const text = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf'

const over = (of: string | null, values: number[]): number => {
  if (of === 'max') return Math.max(...values)
  if (of === 'count') return values.length
  return values[0] as number
}

/** The selectors that we ask by: `name{a="b",c=~"d|e"}`, over a window or now. */
const parse = (query: string): { of: string | null; window: number; matches(labels: Labels): boolean } | null => {
  const whole = /^(?:(max|count)_over_time\()?([a-zA-Z_:]*)(?:\{(.*)\})?(?:\[(\d+)s\]\))?$/.exec(query)
  if (whole === null) return null
  const [, of = null, name = '', inside = '', window = '0'] = whole
  const matchers = [...inside.matchAll(/(\w+)(=~|=)("(?:[^"\\]|\\.)*")/g)].map(
    ([, label = '', how = '', quoted = '""']) => {
      const value = JSON.parse(quoted) as string
      return (labels: Labels): boolean =>
        how === '=' ? (labels[label] ?? '') === value : new RegExp(`^(?:${value})$`).test(labels[label] ?? '')
    },
  )
  const matches = (labels: Labels): boolean =>
    (name === '' || labels['__name__'] === name) && matchers.every((fits) => fits(labels))
  return { of, window: Number(window) * 1000, matches }
}

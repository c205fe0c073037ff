import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Idle, idleAfter, idleQueries, WINDOW, workedIn } from '../../core/idle.ts'

let made = 0
/** Of a GPU of its own, unless it says of which. */
const series = (value: number, labels: Record<string, string> = {}) => ({
  value,
  labels: { UUID: `GPU-${made++}`, ...labels },
})
const NONE: ReturnType<typeof series>[] = []

describe('what DCGM says of a Job’s GPUs', () => {
  it('is idle only where each of them is known to have done nothing', () => {
    expect(workedIn({ engine: [series(0), series(0)], kernels: NONE }, 2)).toBe('idle')
    expect(workedIn({ engine: [series(0), series(0.01)], kernels: NONE }, 2)).toBe('busy')
    // What is missing is no 0, and neither is what is no number.
    expect(workedIn({ engine: [series(0)], kernels: NONE }, 2)).toBe('unknown')
    expect(workedIn({ engine: [series(0), series(Number.NaN)], kernels: NONE }, 2)).toBe('unknown')
    expect(workedIn({ engine: NONE, kernels: NONE }, 1)).toBe('unknown')
  })

  it('is of as many GPUs as they are, however many tell of them', () => {
    const of = (node: string, exporter: string, labels: string[]) =>
      Array.from({ length: 8 }, (_, gpu) => {
        const all = { UUID: `GPU-${node}-${gpu}`, Hostname: node, gpu: String(gpu), instance: exporter }
        return { value: 0, labels: Object.fromEntries(Object.entries(all).filter(([key]) => labels.includes(key))) }
      })
    for (const labels of [
      ['UUID', 'instance'],
      ['Hostname', 'gpu', 'instance'],
    ]) {
      const [a, again, b] = [of('a', 'x', labels), of('a', 'y', labels), of('b', 'x', labels)]
      expect(workedIn({ engine: [...a, ...again], kernels: NONE }, 16)).toBe('unknown')
      expect(workedIn({ engine: [...a, ...b], kernels: NONE }, 16)).toBe('idle')
    }
  })

  it('is by kernels where the exporter has no other, and never of a part of a GPU, of which they say 0', () => {
    expect(workedIn({ engine: NONE, kernels: [series(0)] }, 1)).toBe('idle')
    expect(workedIn({ engine: NONE, kernels: [series(40)] }, 1)).toBe('busy')
    expect(workedIn({ engine: NONE, kernels: [series(0, { GPU_I_ID: '3' })] }, 1)).toBe('unknown')
    // The engine counts where both are there: 100 % of the time a kernel may only wait.
    expect(workedIn({ engine: [series(0)], kernels: [series(100)] }, 1)).toBe('idle')
  })

  it('is asked of the Job’s own pods, by either name of the label', () => {
    const { engine, kernels } = idleQueries({ namespace: 'training', name: 'chats-01234567-g1a1-train' })
    expect(engine).toEqual([
      'max_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{namespace="training",pod=~"chats-01234567-g1a1-train-([0-9]+-)?[a-z0-9]{5}"}[300s])',
      'max_over_time(DCGM_FI_PROF_GR_ENGINE_ACTIVE{exported_namespace="training",exported_pod=~"chats-01234567-g1a1-train-([0-9]+-)?[a-z0-9]{5}"}[300s])',
    ])
    expect(kernels[0]).toContain('DCGM_FI_DEV_GPU_UTIL{')
  })
})

it('who was told and asked is not again where nobody knows for a while, and is once it has worked', () => {
  const known: Idle = { since: 1, at: 1_000_000, told: true, asked: true }
  const at = (worked: 'idle' | 'busy' | 'unknown', before: Idle | undefined) =>
    idleAfter(before, worked, { now: 1_000_000 + WINDOW, from: 0 })
  const unknown = at('unknown', known)
  expect(unknown).toEqual({ since: null, at: 1_000_000 + WINDOW, told: true, asked: true })
  expect(at('idle', unknown)).toMatchObject({ told: true, asked: true })
  expect(at('busy', known)).toEqual({ since: null, at: 1_000_000 + WINDOW })
})

it('lasts for as long as every look saw nothing at work, without a time of which nobody knows', () => {
  const look = fc.record({
    worked: fc.constantFrom('idle', 'busy', 'unknown'),
    after: fc.integer({ min: 1, max: 30 * 60_000 }),
  })
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 30 }), (looks) => {
      let known: Idle | undefined
      let now = 1_000_000_000
      let since: number | null = null
      for (const { worked, after } of looks) {
        now += after
        const goesOn: boolean = worked === 'idle' && since !== null && after <= 3 * WINDOW
        since = worked !== 'idle' ? null : goesOn ? since : now - WINDOW
        known = idleAfter(known, worked, { now, from: 0 })
        expect(known.since).toBe(since)
        expect(known.at).toBe(now)
      }
    }),
  )
})

import { describe, expect, it } from 'vitest'
import type { RollOutModelStep, Step, SwitchTrafficStep } from '../../../core/plan.ts'
import { nextSwitch, unseenBefore, whyNotLed } from '../../../core/steps/switch-traffic.ts'
import type { GenerationView, Traffic } from '../../../core/world.ts'

const step = (to: number | 'all', ready: number) => ({ kind: 'switch-traffic', to, ready }) as SwitchTrafficStep
const generations = (...ready: number[]) =>
  ready.map((count, n) => ({ generation: n + 1, ready: count }) as GenerationView)

describe('requests are led elsewhere', () => {
  it.each<[string, SwitchTrafficStep, Traffic, number[], string | null]>([
    ['where as many answer', step(2, 2), 1, [2, 2], null],
    ['where as many as were planned for answer, though more answer now', step(1, 1), 'all', [1, 2], null],
    ['where fewer were planned for and none answer now', step(2, 2), 1, [0, 1], null],
    ['not where none is ready', step(2, 1), 1, [1, 0], '0 of 1 ready where requests are to be led, and 1 answer now'],
    [
      'nor where fewer are than answer now',
      step(1, 2),
      2,
      [1, 2],
      '1 of 2 ready where requests are to be led, and 2 answer now',
    ],
    ['at once where the Service is gone', step(2, 2), null, [0, 0], null],
    ['to all', step('all', 3), 1, [2, 1], null],
    [
      'not where none is ready and some answer now, though none was planned for',
      step(1, 0),
      2,
      [0, 1],
      '0 of 0 ready where requests are to be led, and 1 answer now',
    ],
    ['where none is ready, and none answers', step(1, 0), 2, [0, 0], null],
  ])('%s', (_, to, traffic, ready, expected) => {
    expect(whyNotLed(to, { traffic, generations: generations(...ready) })).toBe(expected)
  })

  it('not away from what answers without its Deployment, to what does not', () => {
    const pod = (status: string) => ({ status: { conditions: [{ type: 'Ready', status }] } })
    const at = (generation: number, ready: number, ...all: string[]) =>
      whyNotLed(step(1, 2), {
        ...{ traffic: 2, generations: generations(ready) },
        strays: [
          { ref: { kind: 'ReplicaSet', namespace: 'serving', name: 'r' }, generation, pods: all.map(pod) },
        ] as never,
      })
    expect(at(2, 0, 'True', 'True')).toBe('0 of 2 ready where requests are to be led, and 2 answer now')
    expect([at(2, 2, 'True', 'True'), at(2, 0, 'False'), at(3, 0, 'True')]).toEqual([null, null, null])
  })

  it('to all where what answers without its Deployment is led to as well', () => {
    const pod = { status: { conditions: [{ type: 'Ready', status: 'True' }] } }
    const ref = { kind: 'ReplicaSet', namespace: 'serving', name: 'r' }
    const seen = { traffic: 1 as const, generations: generations(0, 1) }
    expect(
      whyNotLed(step('all', 3), { ...seen, strays: [{ ref, generation: 1, pods: [pod, pod] }] as never }),
    ).toBeNull()
    expect(whyNotLed(step('all', 3), { ...seen, generations: generations(2, 0) })).toBeNull()
  })

  it('to all only once what was to be gone before that is', () => {
    const to = { ...step('all', 2), name: 'back-traffic-1' }
    const move = (...replicas: number[]) =>
      ({
        kind: 'roll-out-model',
        name: 'back-1',
        replicas: replicas.map((count, n) => ({ generation: n + 1, replicas: count })),
      }) as RollOutModelStep
    const seen = generations(1, 1, 1).map((view) => ({ ...view, replicas: 1 }))
    const why = (way: Step[]) => whyNotLed(to, { traffic: 2, generations: seen, way })
    expect(why([move(1, 1, 0), to])).toBe('generation 3 stands still, and would be asked')
    expect([why([move(1, 1, 1), to]), why([to, move(1, 1, 0)]), why([])]).toEqual([null, null, null])
    expect(whyNotLed(to, { traffic: 2, generations: seen.slice(0, 2), way: [move(1, 1, 0), to] })).toBeNull()
    const one = { ...to, ...step(1, 1) }
    expect(whyNotLed(one, { traffic: 2, generations: seen, way: [move(1, 1, 0), one] })).toBeNull()
  })

  it('and forth not where nobody answers and nobody would: what the moves before it have brought up is promised to be ready', () => {
    const move = { kind: 'roll-out-model', name: 'move-1', replicas: [] as unknown } as RollOutModelStep
    const to = { ...step(2, 1), name: 'traffic-1' }
    const why = (way: Step[], promised: boolean, ready = [0, 0], traffic: Traffic = 1, one = to) =>
      whyNotLed(one, { traffic, generations: generations(...ready), way, promised })
    const none = '0 of 1 ready where requests are to be led, and 0 answer now'
    expect([why([move, to], true), why([move, to], true, [0, 0], null)]).toEqual([none, none])
    expect([why([move, to], true, [0, 1]), why([move, to], false), why([to, move], true)]).toEqual([null, null, null])
    // One of two is better than none; the run ends only once both are.
    expect(why([move, to], true, [0, 1], 1, { ...to, ready: 2 })).toBeNull()
  })

  it('and what somebody has deleted before is known by its absence: all of what the step leads to, or its gate asks', () => {
    const move = (name: string, brings: number | null, ...replicas: number[]) =>
      ({
        ...{ kind: 'roll-out-model', name, brings },
        replicas: replicas.map((count, n) => ({ generation: n + 1, replicas: count })),
      }) as RollOutModelStep
    const gate = { kind: 'check-gate', name: 'gate' } as Step
    const to = (led: number | 'all') => ({ ...step(led, 1), name: 'traffic' }) as SwitchTrafficStep
    const unseen = (one: Step, there: number[], ...strays: number[]) =>
      unseenBefore(one, {
        generations: there.map((generation) => ({ generation }) as GenerationView),
        strays: strays.map((generation) => ({ generation })) as never,
        way: [move('move-1', 2, 2, 1), move('move-2', null, 1, 1), gate, one, move('move-3', null, 0, 1)],
      }).map(({ generation }) => generation)
    expect([unseen(to(2), [1]), unseen(to(2), [2]), unseen(to(2), [1], 2), unseen(gate, [1])]).toEqual([
      [2],
      [],
      [],
      [2],
    ])
    expect([unseen(to('all'), [1]), unseen(to('all'), []), unseen(gate, [2]), unseen(to(3), [])]).toEqual([
      [],
      [1, 2],
      [],
      [],
    ])
  })

  it('and what answers with a template of before is not left for fewer, nor led to as if it were ready', () => {
    const [one, two] = generations(0, 1)
    const seen = (traffic: Traffic) => ({ traffic, generations: [{ ...one, answers: 2 }, two] as GenerationView[] })
    expect(whyNotLed(step(2, 2), seen(1))).toBe('1 of 2 ready where requests are to be led, and 2 answer now')
    expect(whyNotLed(step(1, 2), seen(2))).toContain('0 of 2 ready')
  })

  it('and is done once the Service leads there', () => {
    const at = (traffic: Traffic, now = 0) => nextSwitch(step(2, 1), { traffic, now, startedAt: 0, patience: 1000 })
    expect(at(2)).toMatchObject({ kind: 'done', note: 'requests are led to generation 2' })
    expect(at('all')).toMatchObject({ kind: 'wait', note: 'the Service leads to all that stands', until: 1001 })
    expect(at(1, 1001)).toMatchObject({ kind: 'failed', reason: 'conflict', note: 'the Service leads to generation 1' })
    expect(at(null, 1001)).toMatchObject({ kind: 'failed', reason: 'deleted' })
  })
})

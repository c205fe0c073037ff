import { expect, it } from 'vitest'
import { scaledStep, unscaledStep } from '../../../core/planning/scaled-steps.ts'
import { asScaled, standsAtEnd } from '../../../core/steps/moving.ts'
import type { GenerationView } from '../../../core/world.ts'

const autoscaler = { kind: 'ScaledObject', metadata: { name: 'x-g2' } } as never
const target = { ref: { kind: 'Deployment', namespace: 'serving', name: 'x-g2' }, generation: 2 } as const
const at = { target, point: { old: 0, new: 2 }, perHour: 20, loadMinutes: 15 }
const step = scaledStep({ name: 'move-3', called: 'v7', range: { min: 1, max: 3 } }, { autoscaler, ...at })
const view = (replicas: number, ready: number, upTo?: number) =>
  ({
    ref: { kind: 'Deployment', namespace: 'serving', name: 'x-g2' },
    generation: 2,
    replicas,
    ready,
    object: { metadata: {} },
    ...(upTo && { upTo }),
  }) as GenerationView

it('what scales it is applied by a step that brings nothing up', () => {
  expect(step).toMatchObject({
    title: 'Let KEDA scale v7 between 1 and 3 replicas',
    objects: [autoscaler],
    brings: null,
    scaled: { min: 1, max: 3 },
  })
})

it('from then on any number that its autoscaler has given it is as wanted, be they ready yet or not', () => {
  for (const [replicas, ready] of [
    [2, 2],
    [3, 2],
    [1, 1],
    [3, 0],
  ] as const) {
    expect(standsAtEnd([step], [view(replicas, ready, 3)])).toBe(true)
    expect(asScaled([step], [view(replicas, ready, 3)])[0]?.replicas[0]?.replicas).toBe(replicas)
  }
  // Nothing scales it, or the step moves.
  expect(standsAtEnd([step], [view(3, 3)])).toBe(false)
  const { scaled: _, ...moves } = step
  expect(asScaled([moves], [view(3, 3, 3)])).toEqual([moves])
})

it('what scales them goes by a step that leaves them as they are, and is none that is scaled', () => {
  const goes = unscaledStep([view(3, 2, 3)], { name: 'move-1', loadMinutes: 15 })
  expect(goes.replicas).toMatchObject([{ generation: 2, replicas: 3, replicasReady: 2 }])
  expect([goes.scaled, goes.objects, goes.title]).toEqual([undefined, [], 'Let nothing scale generation 2 any more'])
})

import type { KubeObject } from '../kube.ts'
import type { RollOutModelStep } from '../plan.ts'
import type { Point } from '../plan-point.ts'
import type { GenerationView } from '../world.ts'
import { refOf, replicaCount, titleOf } from './generations.ts'
import type { ScaledRange } from './scaled-range.ts'
import { risingTo } from './waiting.ts'

/** What scales it is made once it answers: a way takes whatever did away before it moves anything. */
export const scaledStep = (
  { name, called, range }: { name: string; called: string; range: ScaledRange },
  {
    autoscaler,
    target: { ref, generation },
    point,
    perHour,
    loadMinutes,
  }: {
    autoscaler: KubeObject | null
    target: Pick<GenerationView, 'ref' | 'generation'>
    point: Point
    perHour: number
    loadMinutes: number
  },
): RollOutModelStep => ({
  kind: 'roll-out-model',
  name,
  title: `Let KEDA scale ${called} between ${range.min} and ${replicaCount(range.max)}`,
  why: 'it stands, and nothing else moves',
  objects: autoscaler === null ? [] : [autoscaler],
  replicas: [risingTo({ ref, generation }, { ready: point.new, waits: null })],
  point,
  perHour,
  brings: null,
  loadMinutes,
  scaled: range,
})

/** What scales these goes though none of them moves: as any move it takes that away first. */
export const unscaledStep = (
  views: readonly GenerationView[],
  { name, loadMinutes }: { name: string; loadMinutes: number },
): RollOutModelStep => ({
  kind: 'roll-out-model',
  name,
  title: `Let nothing scale ${views.map(titleOf).join(' and ')} any more`,
  why: 'the policy says how many there are',
  objects: [],
  replicas: views.map((view) => ({
    ...{ ref: refOf(view), generation: view.generation },
    ...{ replicas: view.replicas, replicasReady: Math.min(view.replicas, view.ready) },
  })),
  point: { old: 0, new: views.reduce((sum, { replicas }) => sum + replicas, 0) },
  brings: null,
  loadMinutes,
})

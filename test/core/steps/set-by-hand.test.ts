import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { RollOutModelStep } from '../../../core/plan.ts'
import { fallenShort, setAgainText, setOtherwise } from '../../../core/steps/set-by-hand.ts'
import type { GenerationView } from '../../../core/world.ts'

const refOf = (generation: number) => ({ kind: 'Deployment' as const, namespace: 'serving', name: `m-g${generation}` })
const move = (name: string, old: number, risen: number): RollOutModelStep => ({
  kind: 'roll-out-model',
  name,
  title: '',
  why: '',
  objects: [],
  loadMinutes: 1,
  brings: null,
  point: { old, new: risen },
  replicas: [old, risen].map((replicas, index) => ({
    ref: refOf(index + 1),
    generation: index + 1,
    replicas,
    replicasReady: replicas,
  })),
})
const [FIRST, SECOND, LAST] = [move('move-1', 2, 1), move('move-2', 1, 2), move('move-3', 0, 2)]
const forth = [FIRST, SECOND, LAST]
const back = [move('back-1', 1, 1), move('back-2', 2, 0)]
const view = (generation: number, replicas: number, more: { fence?: string; by?: string; ready?: number } = {}) => {
  const { fence = '7', by = 'kubectl', ready = replicas } = more
  const set = { manager: by, subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }
  return {
    ref: refOf(generation),
    generation,
    replicas,
    ready,
    object: { metadata: { annotations: { [label('fence-scale')]: fence }, managedFields: [set] } },
  } as unknown as GenerationView
}
const otherwise = (generations: GenerationView[], step = SECOND, unavailable: number | null = 1): unknown =>
  setOtherwise({ step, way: unavailable === null ? back : forth, generations, unavailable }, 7).map(
    ({ generation, replicas }) => [generation, replicas],
  )

describe('replicas that somebody sets otherwise while a move is under way', () => {
  it('are set again as the move has them', () => {
    expect(otherwise([view(1, 1), view(2, 3)])).toEqual([[2, 2]])
    expect(otherwise([view(1, 1), view(2, 0)])).toEqual([[2, 2]])
    expect(otherwise([view(1, 3), view(2, 2)])).toEqual([[1, 1]])
    expect(otherwise([view(1, 1), view(2, 2)])).toEqual([])
  })

  it('only where the move has set them before: what a list still shows of before is nobody’s doing', () => {
    expect(otherwise([view(1, 2, { fence: '6' }), view(2, 1, { fence: '6' })])).toEqual([])
  })

  it('not where they are as far as a later move brings them', () => {
    expect(otherwise([view(1, 0, { ready: 1 }), view(2, 2)])).toEqual([])
    expect(otherwise([view(1, 2), view(2, 2)], FIRST)).toEqual([])
  })

  it('on a full pool, where the second waits for a GPU that nobody frees', () => {
    expect(otherwise([view(1, 2), view(2, 2, { ready: 1 })], FIRST)).toEqual([[2, 1]])
  })

  it('on a way back not below what is to stand in the end, and no more than that', () => {
    expect(otherwise([view(1, 2), view(2, 1)], back[0], null)).toEqual([])
    expect(otherwise([view(1, 3), view(2, 1)], back[0], null)).toEqual([[1, 2]])
  })

  it('and it is said who did', () => {
    const generations = [view(1, 1), view(2, 3)]
    expect(setAgainText([SECOND.replicas[1] as never], generations)).toBe(
      'kubectl has scaled generation 2 to 3 replicas: it is set to 2 again',
    )
  })
})

describe('replicas that somebody takes away between two moves', () => {
  const short = (generations: GenerationView[], step: RollOutModelStep) =>
    fallenShort({ step, way: forth, generations }).map(({ generation, replicas }) => [generation, replicas])

  it('are set again where they stay: nothing else would bring them back', () => {
    expect(short([view(1, 1), view(2, 1)], LAST)).toEqual([[2, 2]])
    expect(short([view(1, 1), view(2, 2)], LAST)).toEqual([])
    expect(short([view(1, 0), view(2, 2)], LAST)).toEqual([])
    expect(short([view(1, 2)], FIRST)).toEqual([])
  })
})

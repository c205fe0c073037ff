import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { label } from '../../../core/names.ts'
import type { RollOutModelStep, Step } from '../../../core/plan.ts'
import type { Point } from '../../../core/plan-point.ts'
import { choosePath, walkBackPath } from '../../../core/planning/paths.ts'
import { firstOf, madeBy, reached, risesBy, standsAtEnd, type Target, touched } from '../../../core/steps/moving.ts'
import type { GenerationView, Traffic } from '../../../core/world.ts'

const refOf = (generation: number) => ({ kind: 'Deployment' as const, namespace: 'serving', name: `m-g${generation}` })
const target = (generation: number, replicas: number): Target => ({
  ref: refOf(generation),
  generation,
  replicas,
  replicasReady: replicas,
})
/** A move to so many replicas of generation 1 and of generation 2. */
const move = (name: string, ...replicas: [number, number]): RollOutModelStep => ({
  kind: 'roll-out-model',
  name,
  title: '',
  why: '',
  objects: [],
  loadMinutes: 1,
  brings: null,
  point: { old: replicas[0], new: replicas[1] },
  replicas: replicas.map((count, index) => target(index + 1, count)),
})
const wayOf = (...points: [number, number][]): RollOutModelStep[] =>
  points.map((point, index) => move(`move-${index + 1}`, ...point))
const view = (generation: number, [replicas, ready]: readonly [number, number]): GenerationView => ({
  ref: refOf(generation),
  uid: 'u',
  generation,
  replicas,
  ready,
  gpusPerReplica: 1,
  pool: 'p',
  digest: 'd',
  ownedBy: null,
  scaledBy: null,
  object: {} as GenerationView['object'],
})

type Stand = readonly [number, number]
const at = (way: readonly Step[], index: number, stands: readonly [Stand, Stand]) => {
  const step = way[index] as RollOutModelStep
  return {
    step,
    way,
    approved: way,
    // As on a way back, where the second generation is gone in the end.
    unavailable: ((way.at(-1) as RollOutModelStep).replicas[1]?.replicas === 0 ? null : 9) as number | null,
    traffic: 'all' as Traffic,
    judged: true,
    generations: stands.map((stand, n) => view(n + 1, stand)),
  }
}
const begun = (way: readonly Step[], index: number, ...stands: [Stand, Stand]): string | Record<number, number> => {
  const look = at(way, index, stands)
  const moved = touched(look.step.replicas, look)
  return typeof moved === 'string'
    ? moved
    : Object.fromEntries(moved.map(({ generation, replicas }) => [generation, replicas]))
}

describe('a move of a rollout begins', () => {
  const forth = wayOf([2, 1], [1, 1], [1, 2], [0, 2])
  const back = wayOf([1, 2], [1, 1], [2, 1], [2, 0])

  it('with what is not so yet', () => {
    expect(begun(forth, 1, [2, 2], [1, 1])).toEqual({ 1: 1, 2: 1 })
  })

  it('and what is as far as a later move brings it is not taken back: a ledger was restored, or somebody has done it', () => {
    expect([0, 1, 2, 3].map((index) => begun(forth, index, [0, 0], [2, 2]))).toEqual([{}, {}, { 2: 2 }, { 1: 0, 2: 2 }])
    expect(begun(forth, 0, [1, 1], [1, 1])).toEqual({ 2: 1 })
    // As many, and not ready: it is not there yet.
    expect(begun(forth, 1, [0, 0], [2, 1])).toEqual({ 2: 1 })
    // More than any move asks for, or fewer than from here on: brought to where it shall be.
    expect(begun(forth, 3, [1, 1], [3, 3])).toEqual({ 1: 0, 2: 2 })
    const ahead = (index: number) => reached(target(1, 2), at(forth, index, [[1, 1], [1, 1]])) // biome-ignore format: one world
    expect([ahead(0), ahead(2)?.replicas, ahead(3)]).toEqual([target(1, 1), undefined, undefined])
  })

  it('and nothing ready goes where what takes its place is not ready, on the way forth or back', () => {
    expect(begun(forth, 1, [2, 2], [1, 0])).toBe('none of generation 2 is ready: generation 1 stays as it is')
    expect(begun(back, 1, [1, 0], [2, 2])).toBe('none of generation 1 is ready: generation 2 stays as it is')
    expect(begun(back, 3, [0, 0], [1, 1])).toBe('none of generation 1 is ready: generation 2 stays as it is')
    // What is not ready may go, and so may what is, where something of the baseline answers.
    expect(begun(back, 3, [0, 0], [1, 0])).toEqual({ 1: 2, 2: 0 })
    expect(begun(back, 3, [2, 1], [1, 1])).toEqual({ 1: 2, 2: 0 })
  })

  it('and says so where it is ready, and requests are led elsewhere', () => {
    const look = { ...at(forth, 1, [[2, 2], [1, 1]]), traffic: 1 as Traffic } // biome-ignore format: one world
    expect(touched(look.step.replicas, look)).toBe('nobody is led to generation 2: generation 1 stays as it is')
  })

  it('and the last that is ready goes only where the plan names an outage, or nothing is to stand', () => {
    const away = wayOf([0, 0], [1, 0])
    const last = at(away, 0, [[0, 0], [1, 1]]) // biome-ignore format: one world
    expect(touched(last.step.replicas, { ...last, approved: forth })).toBe(
      'nothing else is ready: generation 2 stays as it is',
    )
    expect(touched(last.step.replicas, last)).toEqual([target(1, 0), target(2, 0)])
    expect(begun(wayOf([0, 0]), 0, [0, 0], [1, 1])).toEqual({ 1: 0, 2: 0 })
  })

  it('and what answers with a template of before stays while nothing takes its place, and counts for nothing of what stays', () => {
    const answering = (which: number, way: readonly Step[], index: number, ...stands: [Stand, Stand]) => {
      const look = at(way, index, stands)
      const generations = look.generations.map((one) => (one.generation === which ? { ...one, answers: 2 } : one))
      const moved = touched(look.step.replicas, { ...look, generations })
      return typeof moved === 'string' ? moved : 'begins'
    }
    // Somebody has changed what leaves: its pods of before answer on.
    expect(answering(1, forth, 1, [2, 0], [1, 0])).toBe('none of generation 2 is ready: generation 1 stays as it is')
    expect(answering(1, forth, 1, [2, 0], [1, 1])).toBe('begins')
    // What stays is ready only with what it is asked for now.
    expect(answering(2, forth, 3, [1, 1], [2, 0])).toBe('none of generation 2 is ready: generation 1 stays as it is')
    const left = at(forth, 3, [[0, 0], [2, 2]]) // biome-ignore format: one world
    const ending = left.generations.map((one) => (one.generation === 1 ? { ...one, answers: 1 } : one))
    expect(reached(target(1, 0), { ...left, generations: ending })).toBeUndefined()
    expect(reached(target(1, 0), left)).toEqual(target(1, 0))
  })

  it('what nobody asks may go, but where nothing that is asked is ready: then what was judged is what is left', () => {
    const way = wayOf([1, 2], [0, 2])
    const move = (traffic: Traffic, judged: boolean, ...stands: [Stand, Stand]) => {
      const look = at(way, 1, stands)
      return typeof touched(look.step.replicas, { ...look, traffic, judged }) === 'string' ? 'waits' : 'goes'
    }
    expect(move(2, true, [1, 1], [2, 2])).toBe('goes')
    expect(move(2, true, [1, 1], [2, 1])).toBe('goes')
    expect(move(2, true, [1, 1], [2, 0])).toBe('waits')
    // What failed its gate answers nobody, ready or not.
    expect(move(2, false, [1, 1], [2, 0])).toBe('goes')
    expect(move(1, true, [1, 1], [2, 0])).toBe('waits')
  })

  it('and no more go on the way forth than may be away, of what is asked for now', () => {
    const way = wayOf([3, 1], [2, 1], [2, 2], [1, 2], [1, 3], [0, 3])
    const forthAt = (index: number, unavailable: number, ...stands: [Stand, Stand]) => {
      const moved = touched(at(way, index, stands).step.replicas, { ...at(way, index, stands), unavailable })
      return typeof moved === 'string' ? moved : 'begins'
    }
    expect(forthAt(5, 1, [1, 1], [3, 1])).toBe('1 ready would be left, and it takes 2: generation 1 stays as it is')
    expect(forthAt(5, 1, [1, 1], [3, 2])).toBe('begins')
    expect(forthAt(5, 0, [1, 1], [3, 2])).toContain('2 ready would be left, and it takes 3')
    // What is not asked for yet is not missed.
    expect(forthAt(1, 0, [3, 3], [1, 1])).toBe('begins')
  })

  it('and where all that is asked for is ready, no move is kept from beginning', () => {
    const kept: unknown[] = []
    for (const [way, approved, unavailable] of everyWay())
      for (const index of way.keys()) {
        if (index === 0 || way !== approved) continue
        const { point } = way[index - 1] as RollOutModelStep
        const look = at(way, index, [[point.old, point.old], [point.new, point.new]]) // biome-ignore format: one world
        const moved = touched(look.step.replicas, { ...look, unavailable })
        if (typeof moved === 'string') kept.push({ way, index, moved })
      }
    expect(kept).toEqual([])
  })

  it('and wherever it stands, whoever scaled or broke what: no move leaves nothing ready where something is', () => {
    const stands = [0, 1, 2, 3].flatMap((replicas) =>
      Array.from({ length: replicas + 1 }, (_, ready): Stand => [replicas, ready]),
    )
    let looked = 0
    const outages: unknown[] = []
    for (const [way, approved] of everyWay())
      for (const index of way.keys())
        for (const old of stands)
          for (const risen of stands) {
            const look = { ...at(way, index, [old, risen]), approved }
            const moved = touched(look.step.replicas, look)
            if (typeof moved === 'string') continue
            const to = (generation: number, [replicas]: Stand): number =>
              moved.find((one) => one.generation === generation)?.replicas ?? replicas
            const left = Math.min(old[1], to(1, old)) + Math.min(risen[1], to(2, risen))
            if (left > 0 !== old[1] + risen[1] > 0) outages.push({ way, index, old, risen })
            looked += 1
          }
    expect(outages).toEqual([])
    expect(looked).toBeGreaterThan(1000)
  })
})

/** The ways of small rollouts that no outage is approved for, and back from each of their points; each with what was approved. */
function* everyWay(): Generator<[way: Step[], approved: Step[], unavailable: number]> {
  for (const [want, free, maxUnavailable] of [
    [1, 1, 0],
    [2, 1, 0],
    [2, 0, 1],
    [3, 3, 0],
    [3, 1, 1],
    [3, 0, 2],
  ] as const) {
    const old = Array.from({ length: want }, () => ({ gpus: 1, ready: true }))
    const rest = { freeGpus: free, maxUnavailable, baselineReplicas: want, gpusPerReplica: 1 }
    const chosen = choosePath({ ...rest, old, present: { asked: 0, ready: 0 }, want })
    if (chosen.kind !== 'path') throw new Error('each of them can be walked')
    const { path } = chosen.strategy
    const moves = (points: readonly Point[]) =>
      wayOf(...points.slice(1).map((one): [number, number] => [one.old, one.new]))
    const forth = moves(path)
    yield [forth, forth, maxUnavailable]
    for (const point of path) yield [moves(walkBackPath(point, want)), forth, maxUnavailable]
  }
}

describe('a move for which others wait', () => {
  const waiting = (generation: number, replicas: number, replicasReady: number): Target => ({
    ...target(generation, replicas),
    replicasReady,
    waits: true,
  })
  const leaves = { ...move('move-1', 0, 1), replicas: [target(1, 0), waiting(2, 1, 0)] }
  const brings = { ...move('move-2', 0, 1), brings: 2 }
  const way = [leaves, brings]
  const made = (generation: number, stand: Stand, updatedReplicas: number): GenerationView => ({
    ...view(generation, stand),
    object: { metadata: {}, status: { updatedReplicas } } as unknown as GenerationView['object'],
  })

  it('begins with these, until their pods are made', () => {
    expect(firstOf(leaves.replicas, [view(1, [1, 1])])).toEqual([leaves.replicas[1]])
    expect(firstOf(leaves.replicas, [view(1, [1, 1]), made(2, [1, 0], 0)])).toEqual([leaves.replicas[1]])
    expect(firstOf(leaves.replicas, [view(1, [1, 1]), made(2, [1, 0], 1)])).toEqual([])
    expect(firstOf(brings.replicas, [view(1, [0, 0])])).toEqual([])
  })

  it('begins with all where a quota refuses these that what leaves gives room in, and with no less', () => {
    const refused = (message: string) => {
      const one = made(2, [1, 0], 0)
      const conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }]
      return { ...one, object: { ...one.object, status: { conditions } } as unknown as GenerationView['object'] }
    }
    const resources = { limits: { 'nvidia.com/gpu': '4' }, requests: { 'nvidia.com/gpu': '4' } }
    const podOf = (generation: number, phase = 'Running') =>
      ({
        metadata: { labels: { [label('generation')]: String(generation) } },
        spec: { containers: [{ resources }] },
        status: { phase },
      }) as unknown as V1Pod
    const quota = (limited: number) =>
      `pods "m-g2-" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=4, used: requests.nvidia.com/gpu=4, limited: requests.nvidia.com/gpu=${limited}`
    const first = (message: string, pods: V1Pod[]) =>
      firstOf(leaves.replicas, [view(1, [1, 1]), refused(message)], pods).length
    expect([first(quota(4), [podOf(1)]), first(quota(2), [podOf(1)])]).toEqual([0, 1])
    // What has ended, what stays, and more than leaves give nothing back.
    expect([first(quota(4), [podOf(1, 'Failed')]), first(quota(4), [podOf(2)]), first(quota(4), [])]).toEqual([1, 1, 1])
    expect(first(quota(2), [podOf(1), podOf(1)])).toBe(1)
    expect(first('pods "m-g2-" is forbidden: denied', [podOf(1)])).toBe(1)
  })

  it('takes away what stands only where an outage was approved, and waits for none of them to be ready', () => {
    expect(begun(way, 0, [1, 1], [1, 0])).toEqual({ 1: 0, 2: 1 })
    const kept = [{ ...leaves, replicas: [target(1, 1), waiting(2, 1, 0)] }, brings]
    const look = {
      ...at(way, 0, [
        [1, 1],
        [1, 0],
      ]),
      approved: kept,
    }
    expect(touched(leaves.replicas, look)).toBe('nothing else is ready: generation 1 stays as it is')
  })

  it('takes nothing away while those that had to be ready are not', () => {
    const later = [{ ...leaves, replicas: [target(1, 0), waiting(2, 2, 1)] }, move('move-2', 0, 2)]
    expect(begun(later, 0, [1, 1], [1, 0])).toBe('none of generation 2 is ready: generation 1 stays as it is')
    expect(begun(later, 0, [1, 1], [1, 1])).toEqual({ 1: 0, 2: 2 })
  })

  it('has made the pods that the next one brings, and none of another generation', () => {
    expect(madeBy(brings, way)).toBe('move-1')
    expect(madeBy({ ...brings, brings: 1 }, way)).toBeUndefined()
    expect(madeBy(leaves, way)).toBeUndefined()
    expect(madeBy(brings, [{ ...leaves, replicas: [target(1, 0)] }, brings])).toBeUndefined()
  })
})

describe('at the end of a way', () => {
  const way = wayOf([1, 0], [0, 2])
  it.each<[string, readonly GenerationView[], boolean]>([
    ['all of it stands', [view(1, [0, 0]), view(2, [2, 2])], true],
    ['what was to be gone has left altogether', [view(2, [2, 2])], true],
    ['one is not ready', [view(1, [0, 0]), view(2, [2, 1])], false],
    ['one was scaled away', [view(1, [0, 0]), view(2, [1, 1])], false],
    ['all were', [view(1, [0, 0]), view(2, [0, 0])], false],
    ['it is gone', [view(1, [0, 0])], false],
    ['what was to be gone is back', [view(1, [1, 0]), view(2, [2, 2])], false],
    ['or answers still', [view(1, [0, 1]), view(2, [2, 2])], false],
  ])('%s', (_, generations, expected) => {
    expect(standsAtEnd(way, generations)).toBe(expected)
  })

  it('of a way without moves nothing is asked', () => {
    expect(standsAtEnd([], [view(1, [1, 0])])).toBe(true)
  })
})

describe('what a way has brought up by a step of it', () => {
  const brings = (name: string, generation: number | null) => ({ ...move(name, 1, 1), brings: generation })
  const led = { kind: 'switch-traffic', name: 'traffic' } as Step
  const way = [led, brings('a', 2), brings('b', null), brings('c', 3)]

  it.each<[number, number | null]>([
    [0, null],
    [1, 2],
    [2, 2],
    [3, 3],
  ])('at step %d', (index, rises) => expect(risesBy(way[index] as Step, way)).toBe(rises))
})

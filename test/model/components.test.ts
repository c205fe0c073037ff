import { expect, it } from 'vitest'
import { bottomsOf, type Edges, heaviestOf, partsOf } from './components.ts'

const graph = (edges: [number, number][][]): Edges[] =>
  edges.map((all) => ({ to: all.map(([to]) => to), weights: all.map(([, weight]) => weight) }))

it('finds what goes round, where it ends, and the heaviest way there', () => {
  // 0 → 1 ⇄ 2 → 3, and 0 → 4, which goes round by itself.
  const nodes = graph([
    [
      [1, 1],
      [4, 0],
    ],
    [[2, 0]],
    [
      [1, 0],
      [3, 2],
    ],
    [],
    [[4, 0]],
  ])
  const parts = partsOf(nodes)
  expect(parts.part[1]).toBe(parts.part[2])
  expect(parts.parts).toBe(4)
  expect([...bottomsOf(nodes, parts)].sort()).toEqual([parts.part[3], parts.part[4]].sort())
  expect(heaviestOf(nodes, parts)[parts.part[0] as number]).toBe(3)
})

it('has no heaviest way where going round weighs something', () => {
  const nodes = graph([[[1, 1]], [[0, 0]]])
  const parts = partsOf(nodes)
  expect(heaviestOf(nodes, parts)[parts.part[0] as number]).toBe(Number.POSITIVE_INFINITY)
})

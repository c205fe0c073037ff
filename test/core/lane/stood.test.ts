import { describe, expect, it } from 'vitest'
import type { LaneDocument } from '../../../core/lane/document.ts'
import type { Ended } from '../../../core/lane/ended.ts'
import { sinceSetRight, stoodAt } from '../../../core/lane/stood.ts'
import type { Strategy } from '../../../core/strategy.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, NOW, SERVICE, served, viewOf } from './fixture.ts'

it('of a question about replicas it is known of how many: as many as its plan said, or as stand by now', () => {
  const baseline = { generation: 1, desired: served('7'), replicas: 3 }
  const of = (name: Strategy['name'], replicas: number, version = '7') =>
    stoodAt(
      viewOf({
        doc: docOf({ lane: SERVICE, desired: { ...served(version) }, baseline }),
        world: emptyWorld({ generations: [standing(1, replicas)] }),
      }),
      { strategy: { name, why: '', path: [{ old: 0, new: 2 }], rejected: [] } },
    )
  expect([of('scale', 0), of('scale', 3), of('surge', 1)]).toEqual([{ stood: 2 }, { stood: 3 }, {}])
})

describe('of what serves, while that is kept as it was judged', () => {
  const baseline = { generation: 1, desired: served('7'), replicas: 3 }
  const kept = { kind: 'kept', model: 'support-llama' } as const
  const viewAt = (replicas: number | null, over: Partial<LaneDocument> = {}) => ({
    ...viewOf({ doc: docOf({ lane: SERVICE, desired: kept, baseline, ...over }) }),
    world: replicas === null ? null : emptyWorld({ generations: [standing(1, replicas)] }),
  })

  it('it is known of how many a question was: as many as its plan saw, though nobody looks as they answer', () => {
    const of = (replicas: number | null, stood?: number) =>
      stoodAt(viewAt(replicas), { strategy: null, ...(stood === undefined ? {} : { stood }) })
    expect([of(null, 1), of(2, 1), of(0, 1), of(null)]).toEqual([{ stood: 1 }, { stood: 2 }, { stood: 1 }, {}])
  })

  it('and of what an earlier release was told as many as are seen first', () => {
    const said = (stood?: number): Ended => ({
      ...{ kind: 'rejected', reason: null, detail: '', generation: 1, attempt: 1, at: NOW, against: null, stages: [] },
      ...(stood === undefined ? {} : { stood }),
    })
    const since = (replicas: number | null, outcome: Ended, desired: LaneDocument['desired'] = kept) => {
      const view = viewAt(replicas, { outcome, desired })
      return sinceSetRight(view, view.doc)?.stood
    }
    expect([since(2, said()), since(0, said(1)), since(null, said()), since(2, said(), served('8'))]).toEqual([
      2,
      1,
      undefined,
      undefined,
    ])
  })
})

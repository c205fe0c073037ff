import { expect, it } from 'vitest'
import { stoodAt } from '../../../core/lane/stood.ts'
import type { Strategy } from '../../../core/strategy.ts'
import { emptyWorld, standing } from '../training-fixture.ts'
import { docOf, SERVICE, served, viewOf } from './fixture.ts'

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

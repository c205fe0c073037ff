import { expect, it } from 'vitest'
import type { TrainDesired } from '../../../core/desired.ts'
import { leaving } from '../../../core/lane/leaving.ts'
import { pipeline } from '../../../core/lane-kinds/pipeline.ts'
import { desired } from '../training-fixture.ts'
import { policy, wanted } from './fixture.ts'

const kind = pipeline as never
const other = (day: string): TrainDesired => ({ ...desired, version: day, key: `support-chats/${day}/manifest.json` })
const outcome = wanted().outcome

it('is remembered of each that is wanted no more, the last one first, beside what was known', () => {
  const doc = { ...wanted(), earlier: [{ bucket: 'acme-datasets', key: 'z' }] }
  const left = leaving(
    { doc, kind, policy },
    other('c'),
    { desired: other('a'), outcome },
    { desired: other('b'), outcome },
  )
  expect(left.earlier?.map(({ key }) => key)).toEqual([other('b').key, other('a').key, 'z'])
})

it('is nothing of a kind that wants none again', () => {
  const { leaves: _, ...standing } = pipeline
  expect(leaving({ doc: wanted(), kind: standing as never, policy }, other('b'), { desired, outcome })).toEqual({})
})
